#include "canary/limits.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"

enum { NS_OF_MS = 1000 * 1000, TEXT_SIZE = 40, SHOWN_MAX = 60 };

static const struct kind {
    const char *field, *flag, *fallback;
    enum limit_unit unit;
    int64_t least, most;
} kinds[LIMIT_COUNT] = {
#define ROW(id, field, flag, value, fallback, unit, least, most, help)                                                 \
    [LIMIT_##id] = {field, flag, fallback, unit, least, most},
    LIMITS(ROW)
#undef ROW
};

/* --- values --- */

static const struct {
    const char *suffix;
    int64_t bytes;
} sizes[] = {{"Mi", 1024 * 1024}, {"Ki", 1024}, {"", 1}};

static bool read_size(const char *text, int64_t *value)
{
    char *end;
    if (!isdigit((unsigned char)text[0]) || strlen(text) > 12) {
        return false;
    }
    int64_t number = strtoll(text, &end, 10);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (strcmp(end, sizes[i].suffix) == 0) {
            *value = number * sizes[i].bytes;
            return true;
        }
    }
    return false;
}

static bool read_number(const char *text, int64_t *value)
{
    size_t digits = strspn(text, "0123456789");
    *value = strtoll(text, NULL, 10);
    return digits > 0 && digits < 12 && text[digits] == '\0';
}

/* A part of a millisecond counts as a whole one. */
static bool read_ms(const char *text, int64_t *value)
{
    int64_t ns;
    struct err ignored;
    bool ok = duration_parse(text, &ns, &ignored) && ns >= 0 && ns < INT64_MAX - NS_OF_MS;
    *value = ok ? (ns + NS_OF_MS - 1) / NS_OF_MS : 0;
    return ok;
}

static bool read_text(enum limit_unit unit, const char *text, int64_t *value)
{
    switch (unit) {
    case LIMIT_BYTES:
        return read_size(text, value);
    case LIMIT_MS:
        return read_ms(text, value);
    case LIMIT_NUMBER:
        break;
    }
    return read_number(text, value);
}

static void write_text(enum limit_unit unit, int64_t value, char out[static TEXT_SIZE])
{
    char *text = NULL;
    if (unit == LIMIT_MS) {
        duration_write(value * NS_OF_MS, out);
        return;
    }
    for (size_t i = 0; unit == LIMIT_BYTES && text == NULL; i++) {
        if (value % sizes[i].bytes == 0) {
            text = str_format("%" PRId64 "%s", value / sizes[i].bytes, sizes[i].suffix);
        }
    }
    text = text != NULL ? text : str_format("%" PRId64, value);
    str_copy(out, TEXT_SIZE, text);
    str_free(&text);
}

/* "a size like 4Mi, from 1Mi to 256Mi" */
static char *wanted_text(const struct kind *kind)
{
    static const char *const names[] = {
        [LIMIT_BYTES] = "a size like 4Mi", [LIMIT_MS] = "a duration like 20ms", [LIMIT_NUMBER] = "a whole number"};
    char least[TEXT_SIZE], most[TEXT_SIZE];
    write_text(kind->unit, kind->least, least);
    write_text(kind->unit, kind->most, most);
    return str_format("%s, from %s to %s", names[kind->unit], least, most);
}

static bool fits(const struct kind *kind, int64_t value)
{
    return value >= kind->least && value <= kind->most;
}

bool limits_parse(enum limit limit, const char *text, int64_t *value, struct err *err)
{
    const struct kind *kind = &kinds[limit];
    if (read_text(kind->unit, text, value) && fits(kind, *value)) {
        return true;
    }
    char *wanted = wanted_text(kind);
    err_set(err, ERR_INVALID, "-%s: \"%.*s\" is not %s", kind->flag, SHOWN_MAX, text, wanted);
    str_free(&wanted);
    return false;
}

struct limits limits_default(void)
{
    struct limits limits = {0};
    struct err err = {0};
    for (enum limit limit = 0; limit < LIMIT_COUNT; limit++) {
        bool ok = limits_parse(limit, kinds[limit].fallback, &limits.of[limit], &err);
        assert(ok);
        (void)ok;
    }
    return limits;
}

struct limits limits_most(void)
{
    struct limits limits;
    for (enum limit limit = 0; limit < LIMIT_COUNT; limit++) {
        limits.of[limit] = kinds[limit].most;
    }
    return limits;
}

void limit_lower(int64_t *limit, int64_t other)
{
    *limit = other != 0 && (*limit == 0 || other < *limit) ? other : *limit;
}

void limits_lower(struct limits *limits, const struct limits *others)
{
    for (enum limit limit = 0; limit < LIMIT_COUNT; limit++) {
        limit_lower(&limits->of[limit], others->of[limit]);
    }
}

/* --- what a Strategy or a Check asks for --- */

static bool read_value(const struct kind *kind, const struct node *given, int64_t *value)
{
    bool is_read = kind->unit == LIMIT_NUMBER
                       ? node_int(given, value)
                       : node_str(given) != NULL && read_text(kind->unit, node_str(given), value);
    return is_read && fits(kind, *value);
}

/* 0, and a reason, when it is no value, or above `most`. */
static int64_t read_asked(const struct kind *kind, const struct node *given, int64_t most, struct str_list *reasons)
{
    int64_t value = 0;
    char *shown = node_to_text(given);
    if (!read_value(kind, given, &value)) {
        char *wanted = wanted_text(kind);
        str_list_push_format(reasons, "spec.limits.%s: %s is wanted, got %.*s", kind->field, wanted, SHOWN_MAX, shown);
        str_free(&wanted);
        value = 0;
    } else if (value > most) {
        char text[TEXT_SIZE];
        write_text(kind->unit, most, text);
        str_list_push_format(reasons,
                             "spec.limits.%s: %.*s is more than %s, the most that the engine's flag -%s allows",
                             kind->field, SHOWN_MAX, shown, text, kind->flag);
        value = 0;
    }
    str_free(&shown);
    return value;
}

static enum limit find(const char *field)
{
    enum limit limit = 0;
    while (limit < LIMIT_COUNT && strcmp(kinds[limit].field, field) != 0) {
        limit++;
    }
    return limit;
}

static void note_unknown(const char *field, struct str_list *reasons)
{
    struct str_list known = {0};
    for (enum limit limit = 0; limit < LIMIT_COUNT; limit++) {
        str_list_push(&known, kinds[limit].field);
    }
    char *names = str_list_join(&known, ", ");
    str_list_push_format(reasons, "spec.limits: there is no limit \"%.*s\", known are %s", SHOWN_MAX, field, names);
    str_free(&names);
    str_list_fini(&known);
}

struct limits limits_read(const struct node *given, const struct limits *most, struct str_list *reasons)
{
    struct limits limits = {0};
    if (given != NULL && node_type(given) != NODE_OBJECT && node_type(given) != NODE_NULL) {
        str_list_push(reasons, "spec.limits: an object is wanted");
    }
    struct node_iter it = node_iterate(node_type(given) == NODE_OBJECT ? given : NULL);
    while (node_next(&it)) {
        enum limit limit = find(it.key);
        if (limit == LIMIT_COUNT) {
            note_unknown(it.key, reasons);
        } else {
            limits.of[limit] = read_asked(&kinds[limit], it.value, most->of[limit], reasons);
        }
    }
    return limits;
}

/* --- the record of a Release --- */

struct node *limits_write(const struct limits *limits, struct doc *doc)
{
    struct node *record = node_new_object(doc);
    for (enum limit limit = 0; limit < LIMIT_COUNT; limit++) {
        const struct kind *kind = &kinds[limit];
        int64_t value = limits->of[limit];
        if (value != 0 && kind->unit == LIMIT_NUMBER) {
            node_set_int(doc, record, kind->field, value);
        } else if (value != 0) {
            char text[TEXT_SIZE];
            write_text(kind->unit, value, text);
            node_set_str(doc, record, kind->field, text);
        }
    }
    return record;
}

struct limits limits_of_record(const struct node *record)
{
    struct limits limits = {0};
    for (enum limit limit = 0; limit < LIMIT_COUNT; limit++) {
        int64_t value;
        bool is_said = read_value(&kinds[limit], node_get(record, kinds[limit].field), &value);
        limits.of[limit] = is_said ? value : 0;
    }
    return limits;
}
