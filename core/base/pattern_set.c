#include "base/pattern_set.h"

#include <ctype.h>
#include <string.h>

void pattern_set_range(struct pattern_set *set, int from, int to)
{
    for (int c = from; c <= to; c++) {
        set->has[c] = true;
    }
}

void pattern_set_fold(struct pattern_set *set)
{
    for (int c = 'a'; c <= 'z'; c++) {
        set->has[c] = set->has[toupper(c)] = set->has[c] || set->has[toupper(c)];
    }
}

static void set_word(struct pattern_set *set)
{
    pattern_set_range(set, '0', '9');
    pattern_set_range(set, 'A', 'Z');
    pattern_set_range(set, 'a', 'z');
    set->has['_'] = true;
}

bool pattern_set_perl(struct pattern_set *set, char letter)
{
    switch (letter) {
    case 'd':
        pattern_set_range(set, '0', '9');
        return true;
    case 'w':
        set_word(set);
        return true;
    case 's':
        for (const char *c = "\t\n\f\r "; *c != '\0'; c++) {
            set->has[(int)*c] = true;
        }
        return true;
    default:
        return false;
    }
}

bool pattern_set_named(struct pattern_set *set, const char **at)
{
    static const struct {
        const char *name;
        int (*is)(int);
    } names[] = {
        {"[:alpha:]", isalpha}, {"[:digit:]", isdigit}, {"[:alnum:]", isalnum}, {"[:upper:]", isupper},
        {"[:lower:]", islower}, {"[:punct:]", ispunct}, {"[:space:]", isspace}, {"[:xdigit:]", isxdigit},
        {"[:print:]", isprint}, {"[:graph:]", isgraph}, {"[:cntrl:]", iscntrl}, {"[:blank:]", isblank},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t len = strlen(names[i].name);
        if (strncmp(*at, names[i].name, len) != 0) {
            continue;
        }
        for (int c = 0; c < 128; c++) {
            set->has[c] = set->has[c] || names[i].is(c) != 0;
        }
        *at += len;
        return true;
    }
    if (strncmp(*at, "[:word:]", 8) != 0) {
        return false;
    }
    set_word(set);
    *at += 8;
    return true;
}

static int hex_digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10 : -1;
}

int pattern_escaped(const char **at)
{
    static const char letters[] = "afnrtv", values[] = "\a\f\n\r\t\v";
    char c = **at;
    const char *found = c == '\0' ? NULL : strchr(letters, c);
    if (found != NULL) {
        ++*at;
        return values[found - letters];
    }
    if (c == 'x' && hex_digit((*at)[1]) >= 0 && hex_digit((*at)[2]) >= 0) {
        int value = hex_digit((*at)[1]) * 16 + hex_digit((*at)[2]);
        *at += 3;
        return value > 0 && value < 128 ? value : -1;
    }
    if (ispunct((unsigned char)c)) {
        ++*at;
        return c;
    }
    return -1;
}

/* In POSIX a backslash in a class is a backslash, so the order of members does what escapes do: ] first, ^ not first, [
 * and - last. */
static void put_members(struct buf *out, const struct pattern_set *set)
{
    if (set->has[']']) {
        buf_append_char(out, ']');
    }
    for (int c = 1; c < 128; c++) {
        if (set->has[c] && strchr("]^[-", c) == NULL) {
            buf_append_char(out, (char)c);
        }
    }
    for (const char *c = "^[-"; *c != '\0'; c++) {
        if (set->has[(int)*c]) {
            buf_append_char(out, *c);
        }
    }
}

size_t pattern_set_count(const struct pattern_set *set)
{
    size_t count = 0;
    for (int c = 1; c < 128; c++) {
        count += set->has[c];
    }
    return count;
}

void pattern_put_class(struct buf *out, struct pattern_set *set, bool negated)
{
    if (negated) {
        for (int c = 1; c < 128; c++) {
            set->has[c] = !set->has[c];
        }
        buf_append_str(out, "(");
    }
    if (pattern_set_count(set) == 1 && set->has['^']) {
        buf_append_str(out, "\\^");
    } else if (pattern_set_count(set) > 0) {
        buf_append_char(out, '[');
        put_members(out, set);
        buf_append_char(out, ']');
    }
    if (negated) {
        buf_append_str(out, pattern_set_count(set) > 0 ? "|[\xC2-\xF4][\x80-\xBF]+)" : "[\xC2-\xF4][\x80-\xBF]+)");
    }
}
