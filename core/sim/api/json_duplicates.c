#include "sim/api/json_duplicates.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

struct scan {
    const char *at, *end;
    struct buf path;
    struct str_list *found;
};

static void skip_space(struct scan *s)
{
    while (s->at < s->end && strchr(" \t\r\n", *s->at) != NULL) {
        s->at++;
    }
}

/* The string at the cursor, as it is written; only a key with escapes could be the same in other letters. */
static char *take_string(struct scan *s)
{
    const char *start = ++s->at;
    while (s->at < s->end && *s->at != '"') {
        s->at += *s->at == '\\' ? 2 : 1;
    }
    char *text = str_dup_n(start, s->at < s->end ? (size_t)(s->at - start) : 0);
    s->at++;
    return text;
}

static void cut_path(struct scan *s, size_t len)
{
    s->path.len = len;
    if (s->path.data != NULL) {
        s->path.data[len] = '\0';
    }
}

static void scan_value(struct scan *s);

static void scan_object(struct scan *s)
{
    struct str_list keys = {0};
    size_t len = s->path.len;
    s->at++;
    for (skip_space(s); s->at < s->end && *s->at != '}'; skip_space(s)) {
        if (*s->at == ',') {
            s->at++;
            continue;
        }
        char *key = take_string(s);
        if (len > 0) {
            buf_append_char(&s->path, '.');
        }
        buf_append_str(&s->path, key);
        if (str_list_has(&keys, key)) {
            char *text = str_format("duplicate field \"%s\"", buf_str(&s->path));
            if (!str_list_has(s->found, text)) {
                str_list_push(s->found, text);
            }
            mem_free(text);
        }
        str_list_push(&keys, key);
        mem_free(key);
        skip_space(s);
        s->at++; /* the colon */
        scan_value(s);
        cut_path(s, len);
    }
    s->at++;
    str_list_fini(&keys);
}

static void scan_array(struct scan *s)
{
    size_t len = s->path.len, index = 0;
    s->at++;
    for (skip_space(s); s->at < s->end && *s->at != ']'; skip_space(s)) {
        if (*s->at == ',') {
            s->at++;
            continue;
        }
        buf_printf(&s->path, "[%zu]", index++);
        scan_value(s);
        cut_path(s, len);
    }
    s->at++;
}

static void scan_value(struct scan *s)
{
    skip_space(s);
    if (s->at >= s->end) {
        return;
    }
    if (*s->at == '{') {
        scan_object(s);
    } else if (*s->at == '[') {
        scan_array(s);
    } else if (*s->at == '"') {
        mem_free(take_string(s));
    } else {
        while (s->at < s->end && strchr(",]} \t\r\n", *s->at) == NULL) {
            s->at++;
        }
    }
}

void json_duplicates(const char *text, size_t len, struct str_list *found)
{
    struct scan s = {.at = text, .end = text + len, .found = found};
    buf_init(&s.path, 64 * 1024);
    scan_value(&s);
    buf_fini(&s.path);
}
