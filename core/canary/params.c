#include "canary/params.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/utf8.h"

enum {
    LIST_MAX = 100,
    KEY_SHOWN_MAX = 100,
    NAME_MAX_LEN = 63,
    DOC_MAX = 1000,
    DECLARED_MAX = 64 * 1024 /* a status has all of it, and a Release the defaults */
};

/* --- values of one type --- */

/* NULL for what is none, and for one with a NUL in it, of which C would see the beginning and the script the rest. */
static const char *text_of(const struct node *value)
{
    size_t len;
    const char *text = node_str_n(value, &len);
    return text != NULL && strlen(text) == len ? text : NULL;
}

/* "5%" and "5 %" count as 5; "0x5%" and "5e0%" do not, whatever C reads in them. */
static bool read_percent(const struct node *value, double *out)
{
    const char *text = text_of(value);
    if (node_type(value) != NODE_STRING) {
        return node_real(value, out);
    }
    size_t digits = text != NULL ? strspn(text, "0123456789.") : 0;
    if (digits == 0) {
        return false;
    }
    char *end;
    *out = strtod(text, &end);
    return end == text + digits && strcmp(end + strspn(end, " "), "%") == 0;
}

static bool read_weight(const struct node *value, double *out)
{
    return read_percent(value, out) && floor(*out) == *out;
}

static bool read_duration(const struct node *value, double *out)
{
    int64_t ns;
    struct err ignored;
    bool ok = text_of(value) != NULL && duration_parse(text_of(value), &ns, &ignored) && ns >= 0;
    *out = ok ? (double)ns : 0;
    return ok;
}

static bool read_integer(const struct node *value, double *out)
{
    const double exact_max = 9007199254740992.0; /* 2^53: beyond that, a script would not see the number as it is */
    return node_real(value, out) && floor(*out) == *out && fabs(*out) <= exact_max;
}

/* A number that orders the values of the type. False for a value of another type. */
typedef bool read_fn(const struct node *value, double *out);

static bool read_string(const struct node *value, double *out)
{
    *out = 0;
    return text_of(value) != NULL;
}

static bool read_boolean(const struct node *value, double *out)
{
    *out = 0;
    return node_type(value) == NODE_BOOL;
}

static const struct type {
    const char *name;
    read_fn *read;
    const char *wanted;
    bool is_ordered;          /* it may have `min` and `max` */
    const char *least, *most; /* JSON: what `min` and `max` are where the declaration says nothing; NULL: no bounds */
} types[] = {
    {"number", node_real, "a number", true, NULL, NULL},
    {"integer", read_integer, "a whole number", true, NULL, NULL},
    {"percent", read_percent, "a number from 0 to 100, or a text like \"5%\"", true, "0", "100"},
    {"weight", read_weight, "a whole number from 0 to 100, or a text like \"5%\"", true, "0", "100"},
    {"duration", read_duration, "a duration like \"1m30s\"", true, "\"1s\"", "\"720h\""},
    {"string", read_string, "a text", false, NULL, NULL},
    {"choice", read_string, "a text", false, NULL, NULL},
    {"boolean", read_boolean, "true or false", false, NULL, NULL},
};

static const struct type *type_of(const struct node *declared)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (node_is(node_get(declared, "type"), types[i].name)) {
            return &types[i];
        }
    }
    return NULL;
}

static bool is_list(const struct node *declared)
{
    return node_is(node_get(declared, "type"), "list");
}

/* --- does a value fit? --- */

/* How much of a text from outside is shown. */
static int shown_len(const char *text, size_t max)
{
    size_t len = strlen(text);
    return (int)(len > max ? utf8_floor(text, max) : len);
}

static char *shown_text(const struct node *value)
{
    enum { SHOWN_MAX = 60 };
    char *text = value != NULL ? node_to_text(value) : str_dup("nothing");
    int shown = shown_len(text, SHOWN_MAX);
    char *out = str_format("%.*s%s", shown, text, text[shown] != '\0' ? "…" : "");
    str_free(&text);
    return out;
}

static void refuse(const char *field, const struct node *value, const char *wanted, struct str_list *reasons)
{
    char *text = shown_text(value);
    str_list_push_format(reasons, "%s: %s is not %s", field, text, wanted);
    str_free(&text);
}

static void check_bound(const struct node *declared, const char *key, const struct node *given, const char *field,
                        struct str_list *reasons)
{
    const struct type *type = type_of(declared);
    bool is_least = strcmp(key, "min") == 0;
    const char *own = is_least ? type->least : type->most;
    const struct node *bound = node_get(declared, key);
    struct err ignored;
    struct doc *parsed = bound == NULL && own != NULL ? doc_parse(own, strlen(own), &ignored) : NULL;
    bound = parsed != NULL ? doc_root(parsed) : bound;
    double value, limit;
    /* A bound that cannot be read is a fault of the declaration, and told. */
    if (bound != NULL && type->read(bound, &limit) && type->read(given, &value) &&
        (is_least ? value < limit : value > limit)) {
        char *wanted = node_to_text(bound), *came = shown_text(given);
        str_list_push_format(reasons, "%s: at %s %s is wanted, got %s", field, is_least ? "least" : "most", wanted,
                             came);
        str_free(&came);
        str_free(&wanted);
    }
    doc_free(parsed);
}

static void check_choice(const struct node *declared, const struct node *value, const char *field,
                         struct str_list *reasons)
{
    struct str_list known = {0};
    struct node_iter it = node_iterate(node_get(declared, "values"));
    while (node_next(&it)) {
        str_list_push(&known, node_str_or(it.value, ""));
    }
    if (!str_list_has(&known, node_str(value))) {
        char *list = str_list_join(&known, ", ");
        char *wanted = str_format("one of %s", list);
        refuse(field, value, wanted, reasons);
        str_free(&wanted);
        str_free(&list);
    }
    str_list_fini(&known);
}

/* Of a value that is nearly of the type. */
static const char *wanted_of(const struct type *type, const struct node *value)
{
    double number;
    if (type->read == read_string && node_str(value) != NULL) {
        return "a text without a NUL";
    }
    bool is_whole = node_real(value, &number) && floor(number) == number;
    return type->read == read_integer && is_whole ? "a whole number that is at most 2^53 from 0" : type->wanted;
}

static void check_single(const struct node *declared, const struct node *value, const char *field,
                         struct str_list *reasons)
{
    const struct type *type = type_of(declared);
    double ignored;
    if (!type->read(value, &ignored)) {
        refuse(field, value, wanted_of(type, value), reasons);
    } else if (type->is_ordered) {
        check_bound(declared, "min", value, field, reasons);
        check_bound(declared, "max", value, field, reasons);
    } else if (strcmp(type->name, "choice") == 0) {
        check_choice(declared, value, field, reasons);
    }
}

static void check_value(const struct node *declared, const struct node *value, const char *field,
                        struct str_list *reasons)
{
    if (!is_list(declared)) {
        check_single(declared, value, field, reasons);
        return;
    }
    int64_t least = node_int_or(node_get(declared, "min"), 0);
    int64_t most = node_int_or(node_get(declared, "max"), LIST_MAX);
    int64_t count = (int64_t)node_count(value);
    if (node_type(value) != NODE_ARRAY) {
        refuse(field, value, "a list", reasons);
        return;
    }
    if (count < least || count > most) {
        str_list_push_format(reasons, "%s: a list of %lld to %lld elements is wanted, got %lld", field,
                             (long long)least, (long long)most, (long long)count);
        return;
    }
    struct node_iter it = node_iterate(value);
    while (node_next(&it)) {
        char *element = str_format("%s[%zu]", field, it.index);
        check_single(node_get(declared, "of"), it.value, element, reasons);
        str_free(&element);
    }
}

/* --- declarations --- */

static bool check_values(const char *name, const struct node *values, struct str_list *reasons)
{
    size_t before = reasons->count;
    if (node_type(values) != NODE_ARRAY || node_count(values) == 0) {
        str_list_push_format(reasons, "%s: a choice without values", name);
    }
    struct node_iter it = node_iterate(values);
    while (node_next(&it)) {
        char *field = str_format("%s.values[%zu]", name, it.index);
        if (node_str(it.value) == NULL) {
            refuse(field, it.value, "a text", reasons);
        }
        str_free(&field);
    }
    return reasons->count == before;
}

/* False: no field can have this name in what is told. */
static bool check_name(const char *name, struct str_list *reasons)
{
    if (strlen(name) > NAME_MAX_LEN) {
        str_list_push_format(reasons, "%.*s…: a name of at most %d bytes is wanted, got %zu", NAME_MAX_LEN, name,
                             NAME_MAX_LEN, strlen(name));
    }
    return strlen(name) <= NAME_MAX_LEN;
}

static void check_doc(const char *name, const struct node *declared, struct str_list *reasons)
{
    const struct node *doc = node_get(declared, "doc");
    const char *text = node_str_or(doc, "");
    if (doc != NULL && node_str(doc) == NULL) {
        char *field = str_format("%s.doc", name);
        refuse(field, doc, "a text", reasons);
        str_free(&field);
    } else if (strlen(text) > DOC_MAX) {
        str_list_push_format(reasons, "%s.doc: a text of at most %d bytes is wanted, got %zu", name, DOC_MAX,
                             strlen(text));
    }
}

static bool check_type(const char *name, const struct node *declared, struct str_list *reasons)
{
    const struct node *element = is_list(declared) ? node_get(declared, "of") : declared;
    if (type_of(element) == NULL) {
        str_list_push_format(reasons, "%s: %s is not a type of a parameter", name,
                             node_str_or(node_get(element, "type"), "nothing"));
        return false;
    }
    return !node_is(node_get(element, "type"), "choice") || check_values(name, node_get(element, "values"), reasons);
}

static void check_bounds_of(const char *name, const struct node *declared, struct str_list *reasons)
{
    static const char *const keys[] = {"min", "max"};
    const struct type *type = type_of(declared);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const struct node *bound = node_get(declared, keys[i]);
        double ignored;
        if (bound == NULL) {
            continue;
        }
        char *field = str_format("%s.%s", name, keys[i]);
        if (is_list(declared) && !read_integer(bound, &ignored)) {
            refuse(field, bound, "a whole number", reasons);
        } else if (type != NULL && !type->is_ordered) {
            str_list_push_format(reasons, "%s: a %s has no bounds", field, type->name);
        } else if (type != NULL && !type->read(bound, &ignored)) {
            refuse(field, bound, type->wanted, reasons);
        }
        str_free(&field);
    }
}

/* Bounds that no value fits between. */
static void check_order(const char *name, const struct node *declared, struct str_list *reasons)
{
    const struct node *min = node_get(declared, "min"), *max = node_get(declared, "max");
    read_fn *read = is_list(declared) ? read_integer : type_of(declared)->read;
    double least, most;
    if (min != NULL && max != NULL && read(min, &least) && read(max, &most) && least > most) {
        char *from = shown_text(min), *to = shown_text(max);
        str_list_push_format(reasons, "%s.min: %s is above max, %s: nothing fits", name, from, to);
        str_free(&to);
        str_free(&from);
    }
}

/* What a declaration takes of the status, with those before it. */
static void check_size(const char *name, const struct node *declared, size_t *size, struct str_list *reasons)
{
    char *text = node_to_text(declared);
    size_t before = *size;
    *size += strlen(text);
    if (before <= DECLARED_MAX && *size > DECLARED_MAX) {
        str_list_push_format(reasons, "%s: with those before it, at most %d bytes of JSON are wanted, got %zu", name,
                             DECLARED_MAX, *size);
    }
    str_free(&text);
}

bool params_are_sound(const struct node *declared, struct str_list *reasons)
{
    size_t before = reasons->count, size = 0;
    if (node_type(declared) == NODE_ARRAY) { /* its elements have no names */
        str_list_push(reasons, "[]: declarations by their names are wanted, got a list");
        return false;
    }
    struct node_iter it = node_iterate(declared);
    while (node_next(&it)) {
        if (!check_name(it.key, reasons) || !check_type(it.key, it.value, reasons)) {
            continue;
        }
        check_size(it.key, it.value, &size, reasons);
        check_doc(it.key, it.value, reasons);
        check_bounds_of(it.key, it.value, reasons);
        check_order(it.key, it.value, reasons);
        const struct node *fallback = node_get(it.value, "default");
        if (fallback != NULL) {
            char *field = str_format("%s.default", it.key);
            check_value(it.value, fallback, field, reasons);
            str_free(&field);
        }
    }
    return reasons->count == before;
}

/* --- what a Canary gives --- */

static void refuse_unknown(const struct node *declared, const char *field, struct str_list *reasons)
{
    struct str_list known = {0};
    struct node_iter it = node_iterate(declared);
    while (node_next(&it)) {
        str_list_push(&known, it.key);
    }
    char *list = str_list_join(&known, ", ");
    str_list_push_format(reasons, "%s: there is no such parameter, %s%s", field,
                         known.count > 0 ? "known are " : "the script has none", list);
    str_free(&list);
    str_list_fini(&known);
}

bool params_fit(const struct node *declared, const struct node *given, const char *at, struct str_list *reasons)
{
    size_t before = reasons->count;
    bool is_absent = given == NULL || node_type(given) == NODE_NULL;
    if (!is_absent && node_type(given) != NODE_OBJECT) {
        refuse(at, given, "an object", reasons);
        return false;
    }
    struct node_iter it = node_iterate(given);
    while (node_next(&it)) {
        char *field = str_format("%s.%.*s", at, shown_len(it.key, KEY_SHOWN_MAX), it.key);
        const struct node *one = node_get(declared, it.key);
        if (one == NULL) {
            refuse_unknown(declared, field, reasons);
        } else {
            check_value(one, it.value, field, reasons);
        }
        str_free(&field);
    }
    it = node_iterate(declared);
    while (node_next(&it)) {
        if (node_get(given, it.key) == NULL && node_get(it.value, "default") == NULL) {
            str_list_push_format(reasons, "%s.%s is missing: the script declares it without a default", at, it.key);
        }
    }
    return reasons->count == before;
}

static struct node *fill_value(struct doc *doc, const struct node *declared, const struct node *value)
{
    double number;
    const struct type *type = type_of(declared);
    bool is_share = type != NULL && (type->read == read_percent || type->read == read_weight);
    if (is_share && node_str(value) != NULL && read_percent(value, &number)) {
        return node_new_real(doc, number);
    }
    if (!is_list(declared)) {
        return node_copy(doc, value);
    }
    struct node *list = node_new_array(doc);
    struct node_iter it = node_iterate(value);
    while (node_next(&it)) {
        node_push(list, fill_value(doc, node_get(declared, "of"), it.value));
    }
    return list;
}

struct node *params_fill(struct doc *doc, const struct node *declared, const struct node *given)
{
    struct node *filled = node_new_object(doc);
    struct node_iter it = node_iterate(declared);
    while (node_next(&it)) {
        const struct node *value = node_get(given, it.key);
        value = value != NULL ? value : node_get(it.value, "default");
        if (value != NULL) {
            node_set(doc, filled, it.key, fill_value(doc, it.value, value));
        }
    }
    return filled;
}
