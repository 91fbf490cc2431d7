/* Heap strings and lists of them. The caller frees what is returned with mem_free. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Copy of `s`; NULL stays NULL. */
char *str_dup(const char *s);

/* Copy of the first `len` bytes, terminated. */
char *str_dup_n(const char *s, size_t len);

/* printf into a new string. */
char *str_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *str_format_v(const char *format, va_list args);

/* Frees *s and sets it to NULL. */
void str_free(char **s);

/* NULL-safe: two NULLs are equal, NULL and "" are not. */
bool str_equal(const char *a, const char *b);

bool str_has_prefix(const char *s, const char *prefix);
bool str_has_suffix(const char *s, const char *suffix);

/* True for NULL and "". */
bool str_empty(const char *s);

/* Copies into a fixed array, always terminated; false when `s` was cut. */
bool str_copy(char *to, size_t size, const char *s);

/* What Go's strconv.ParseBool takes: 1, t, T, true, True, TRUE, and the same of false. False: it is neither. */
bool str_read_bool(const char *text, bool *value);

/* A growing list of owned strings. */
struct str_list {
    char **items;
    size_t count;
};

void str_list_push(struct str_list *list, const char *s);
void str_list_push_format(struct str_list *list, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool str_list_has(const struct str_list *list, const char *s);
/* Splits at `separator`, keeping empty parts, without trimming (as Flagger splits its flags); "" gives one empty
 * part. */
void str_list_split(struct str_list *list, const char *s, char separator);
/* The parts of what a person has written as a list, as in "a, b": without blanks around them and without empty ones,
 * each once. */
void str_list_read(struct str_list *list, const char *s);
/* All of them, with `separator` in between. */
char *str_list_join(const struct str_list *list, const char *separator);
void str_list_fini(struct str_list *list);
