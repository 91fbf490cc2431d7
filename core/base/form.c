#include "base/form.h"

#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/mem.h"
#include "base/str.h"

enum { TEXT_MAX = 4096, NANOSECONDS_PER_MS = 1000000 };

/* --- where --- */

/* Writes the path that leads from `from` to `value` (".acts[2].after"); false: it does not lead there. */
static bool write_path(const struct node *from, const struct node *value, struct buf *path)
{
    if (from == value) {
        return true;
    }
    struct node_iter it = node_iterate(from);
    while (node_next(&it)) {
        size_t len = path->len;
        if (it.key != NULL) {
            buf_printf(path, "%s%s", len > 0 ? "." : "", it.key);
        } else {
            buf_printf(path, "[%zu]", it.index);
        }
        if (write_path(it.value, value, path)) {
            return true;
        }
        if (path->data != NULL) { /* cut back to where it was */
            path->len = len;
            path->data[len] = '\0';
        }
    }
    return false;
}

static char *place_text(const struct form *form, const struct node *value, bool wants_key)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    const struct yaml_place *place = yaml_places_find(form->places, value);
    write_path(form->root, value, &text);
    size_t line = place != NULL ? place->line : 1, column = place != NULL ? place->column : 1;
    if (place != NULL && wants_key && place->key_line > 0) {
        line = place->key_line;
        column = place->key_column;
    }
    const char *path = buf_str(&text);
    char *result = str_format("%s:%zu:%zu%s%s", form->file, line, column, *path != '\0' ? ": " : "", path);
    buf_fini(&text);
    return result;
}

char *form_place(const struct form *form, const struct node *value)
{
    return place_text(form, value, false);
}

static const struct node *step(const struct node *from, const char *part, size_t len)
{
    char *key = str_dup_n(part, len);
    const struct node *to =
        node_type(from) == NODE_ARRAY ? node_item(from, strtoul(key, NULL, 10)) : node_get(from, key);
    mem_free(key);
    return to;
}

const struct node *form_nearest(const struct node *root, const char *path)
{
    while (*path != '\0') {
        size_t len = strcspn(path, ".[]");
        const struct node *next = len > 0 ? step(root, path, len) : root;
        if (next == NULL) {
            return root;
        }
        root = next;
        path += len;
        path += strspn(path, ".[]");
    }
    return root;
}

static bool refuse(const struct form *form, const struct node *value, bool wants_key, const char *format, va_list args)
{
    char *problem = str_format_v(format, args);
    char *place = place_text(form, value, wants_key);
    err_set(form->err, ERR_INVALID, "%s: %s", place, problem);
    mem_free(place);
    mem_free(problem);
    return false;
}

bool form_refuse(const struct form *form, const struct node *value, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    refuse(form, value, false, format, args);
    va_end(args);
    return false;
}

bool form_refuse_field(const struct form *form, const struct node *object, const char *key, const char *format, ...)
{
    const struct node *value = node_get(object, key);
    va_list args;
    va_start(args, format);
    refuse(form, value != NULL ? value : object, false, format, args);
    va_end(args);
    return false;
}

static bool refuse_key(const struct form *form, const struct node *value, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    refuse(form, value, true, format, args);
    va_end(args);
    return false;
}

/* --- what --- */

/* `What came` in a person's words; mem_free. */
static char *describe(const struct node *value)
{
    switch (node_type(value)) {
    case NODE_OBJECT:
        return str_dup("a mapping");
    case NODE_ARRAY:
        return str_dup("a list");
    case NODE_ABSENT:
    case NODE_NULL:
        return str_dup("nothing");
    default:
        return node_to_text(value);
    }
}

static bool refuse_type(const struct form *form, const struct node *value, const char *wanted)
{
    char *came = describe(value);
    form_refuse(form, value, "%s, wanted %s", came, wanted);
    mem_free(came);
    return false;
}

/* "a, b and c" */
static char *list_words(const char *const *words, const char *last)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    for (size_t i = 0; words[i] != NULL; i++) {
        buf_printf(&text, "%s%s", i == 0 ? "" : words[i + 1] != NULL ? ", " : last, words[i]);
    }
    return buf_take(&text);
}

static bool is_one_of(const char *word, const char *const *words, int *index)
{
    for (*index = 0; words[*index] != NULL; ++*index) {
        if (str_equal(words[*index], word)) {
            return true;
        }
    }
    return false;
}

bool form_fields(const struct form *form, const struct node *object, const char *const *names)
{
    int index;
    struct node_iter it = node_iterate(object);
    if (node_type(object) != NODE_OBJECT) {
        return refuse_type(form, object, "a mapping");
    }
    while (node_next(&it)) {
        if (is_one_of(it.key, names, &index)) {
            continue;
        }
        char *known = list_words(names, " and ");
        refuse_key(form, it.value, "unknown field, known are %s", known);
        mem_free(known);
        return false;
    }
    return true;
}

/* NULL for what is absent or null. */
static const struct node *find(const struct node *object, const char *key)
{
    const struct node *value = node_get(object, key);
    return node_type(value) == NODE_NULL ? NULL : value;
}

bool form_has(const struct node *object, const char *key)
{
    return find(object, key) != NULL;
}

bool form_need(const struct form *form, const struct node *object, const char *key)
{
    return form_has(object, key) || form_refuse_field(form, object, key, "the field %s is missing", key);
}

bool form_str(const struct form *form, const struct node *object, const char *key, const char **out)
{
    const struct node *value = find(object, key);
    if (value != NULL && str_empty(node_str(value))) {
        return refuse_type(form, value, "a text");
    }
    if (value != NULL) {
        *out = node_str(value);
    }
    return true;
}

bool form_bool(const struct form *form, const struct node *object, const char *key, bool *out)
{
    const struct node *value = find(object, key);
    if (value != NULL && node_type(value) != NODE_BOOL) {
        return refuse_type(form, value, "true or false");
    }
    *out = node_bool_or(value, *out);
    return true;
}

bool form_int(const struct form *form, const struct node *object, const char *key, int64_t min, int64_t max,
              int64_t *out)
{
    const struct node *value = find(object, key);
    int64_t number = *out;
    if (value != NULL && (!node_int(value, &number) || number < min || number > max)) {
        char *wanted = str_format("a whole number from %lld to %lld", (long long)min, (long long)max);
        refuse_type(form, value, wanted);
        mem_free(wanted);
        return false;
    }
    *out = number;
    return true;
}

bool form_amount(const struct form *form, const struct node *object, const char *key, double *out)
{
    const struct node *value = find(object, key);
    double number = *out;
    if (value != NULL && (!node_real(value, &number) || number < 0)) {
        return refuse_type(form, value, "a number that is not negative");
    }
    *out = number;
    return true;
}

bool form_duration(const struct form *form, const struct node *object, const char *key, int64_t *ms)
{
    const struct node *value = find(object, key);
    struct err err;
    int64_t ns = 0;
    if (value == NULL) {
        return true;
    }
    if (node_str(value) == NULL || !duration_parse(node_str(value), &ns, &err)) {
        return refuse_type(form, value, "a duration such as 90s or 1m30s");
    }
    if (ns < 0) {
        return refuse_type(form, value, "a duration that is not negative");
    }
    *ms = ns / NANOSECONDS_PER_MS;
    return true;
}

bool form_share(const struct form *form, const struct node *object, const char *key, double *out)
{
    const struct node *value = find(object, key);
    const char *text = node_str_or(value, "");
    char *end;
    double percent = strtod(text, &end);
    if (value == NULL) {
        return true;
    }
    if (end == text || strcmp(end, "%") != 0 || strspn(text, "0123456789.") != (size_t)(end - text) || percent > 100) {
        return refuse_type(form, value, "a share from 0% to 100%");
    }
    *out = percent / 100;
    return true;
}

bool form_word(const struct form *form, const struct node *object, const char *key, const char *const *words, int *out)
{
    const struct node *value = find(object, key);
    int index;
    if (value == NULL) {
        return true;
    }
    if (!is_one_of(node_str(value), words, &index)) {
        char *wanted = list_words(words, " or ");
        refuse_type(form, value, wanted);
        mem_free(wanted);
        return false;
    }
    *out = index;
    return true;
}

bool form_list(const struct form *form, const struct node *object, const char *key, const struct node **out)
{
    const struct node *value = find(object, key);
    if (value != NULL && node_type(value) != NODE_ARRAY) {
        return refuse_type(form, value, "a list");
    }
    *out = value != NULL ? value : *out;
    return true;
}

bool form_mapping(const struct form *form, const struct node *object, const char *key, const struct node **out)
{
    const struct node *value = find(object, key);
    if (value != NULL && node_type(value) != NODE_OBJECT) {
        return refuse_type(form, value, "a mapping");
    }
    *out = value != NULL ? value : *out;
    return true;
}
