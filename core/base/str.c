#include "base/str.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

char *str_dup(const char *s)
{
    return s != NULL ? str_dup_n(s, strlen(s)) : NULL;
}

char *str_dup_n(const char *s, size_t len)
{
    char *copy = mem_alloc(len + 1);
    if (len) {
        memcpy(copy, s, len);
    }
    return copy;
}

char *str_format(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *s = str_format_v(format, args);
    va_end(args);
    return s;
}

/* Most texts fit at once; a longer one is written again when its length is known. */
char *str_format_v(const char *format, va_list args)
{
    char first[256];
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(first, sizeof first, format, args);
    assert(len >= 0);
    size_t size = (size_t)len + 1;
    char *s = mem_alloc(size);
    if (size <= sizeof first) {
        memcpy(s, first, size);
    } else {
        vsnprintf(s, size, format, again);
    }
    va_end(again);
    return s;
}

void str_free(char **s)
{
    mem_free(*s);
    *s = NULL;
}

bool str_equal(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return strcmp(a, b) == 0;
}

bool str_has_prefix(const char *s, const char *prefix)
{
    return s != NULL && strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_has_suffix(const char *s, const char *suffix)
{
    if (s == NULL) {
        return false;
    }
    size_t len = strlen(s);
    size_t tail = strlen(suffix);
    return len >= tail && memcmp(s + len - tail, suffix, tail) == 0;
}

bool str_empty(const char *s)
{
    return s == NULL || !*s;
}

bool str_copy(char *to, size_t size, const char *s)
{
    assert(size > 0);
    size_t len = s != NULL ? strlen(s) : 0;
    size_t kept = len < size ? len : size - 1;
    if (kept) {
        memcpy(to, s, kept);
    }
    to[kept] = '\0';
    return kept == len;
}

static void push_owned(struct str_list *list, char *s)
{
    /* The capacity is the power of two not below count, so it need not be stored. */
    if ((list->count & (list->count - 1)) == 0) {
        list->items = mem_resize(list->items, (list->count ? list->count * 2 : 1) * sizeof(char *));
    }
    list->items[list->count++] = s;
}

bool str_read_bool(const char *text, bool *value)
{
    static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True"};
    static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False"};
    for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *value = strcmp(text, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

void str_list_push(struct str_list *list, const char *s)
{
    push_owned(list, str_dup(s));
}

void str_list_push_format(struct str_list *list, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = str_format_v(format, args);
    va_end(args);
    str_list_push(list, text);
    str_free(&text);
}

bool str_list_has(const struct str_list *list, const char *s)
{
    for (size_t i = 0; i < list->count; i++) {
        if (str_equal(list->items[i], s)) {
            return true;
        }
    }
    return false;
}

void str_list_split(struct str_list *list, const char *s, char separator)
{
    for (;;) {
        const char *end = strchr(s, separator);
        if (end == NULL || separator == '\0') {
            break;
        }
        push_owned(list, str_dup_n(s, (size_t)(end - s)));
        s = end + 1;
    }
    str_list_push(list, s);
}

void str_list_read(struct str_list *list, const char *s)
{
    for (const char *end = s; *end != '\0'; s = end + 1) {
        end = s + strcspn(s, ",");
        const char *begin = s + strspn(s, " \t");
        size_t len = begin < end ? (size_t)(end - begin) : 0;
        while (len > 0 && strchr(" \t", begin[len - 1]) != NULL) {
            len--;
        }
        char *part = str_dup_n(begin, len);
        if (len > 0 && !str_list_has(list, part)) {
            push_owned(list, part);
        } else {
            mem_free(part);
        }
    }
}

char *str_list_join(const struct str_list *list, const char *separator)
{
    struct buf joined;
    buf_init(&joined, SIZE_MAX);
    for (size_t i = 0; i < list->count; i++) {
        buf_append_str(&joined, i > 0 ? separator : "");
        buf_append_str(&joined, list->items[i]);
    }
    return buf_take(&joined);
}

void str_list_fini(struct str_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        mem_free(list->items[i]);
    }
    mem_free(list->items);
    *list = (struct str_list){0};
}
