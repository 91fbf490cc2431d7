#include "base/contract.h"

#include <string.h>

#include "base/str.h"

enum { WANTED_MAX = 512, PLACE_MAX = 200 };

/* Where a value stands: a member of what stands at `outer`, or one of its items. As text only when it is refused. */
struct place {
    const struct place *outer; /* NULL: the outermost one */
    const char *name;          /* NULL: an item */
    size_t number;             /* of the item, as Lua counts */
};

static const char *const types[] = {
    [CONTRACT_OBJECT] = "table",    [CONTRACT_ANY] = "value",       [CONTRACT_LIST] = "list",
    [CONTRACT_STRING] = "string",   [CONTRACT_INTEGER] = "integer", [CONTRACT_NUMBER] = "number",
    [CONTRACT_BOOLEAN] = "boolean",
};

static bool is_ranged(const struct contract_field *field)
{
    return field->type == CONTRACT_INTEGER && (field->min != 0 || field->max != 0);
}

/* --- checking --- */

static void write_words(const char *const *words, const char *between, const char *before_last, struct buf *out)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        bool last = words[i + 1] == NULL;
        buf_printf(out, "%s'%s'", i == 0 ? "" : last ? before_last : between, words[i]);
    }
}

static void write_wanted(const struct contract_field *field, struct buf *out)
{
    if (field->words != NULL) {
        write_words(field->words, ", ", " or ", out);
    } else if (is_ranged(field)) {
        buf_printf(out, "an integer from %lld to %lld", (long long)field->min, (long long)field->max);
    } else {
        buf_printf(out, "%s %s", field->type == CONTRACT_INTEGER ? "an" : "a", types[field->type]);
    }
}

static void write_place(const struct place *place, struct buf *out)
{
    if (place->outer != NULL) {
        write_place(place->outer, out);
    }
    if (place->name == NULL) {
        buf_printf(out, "[%zu]", place->number);
    } else {
        buf_printf(out, "%s%s", place->outer != NULL ? "." : "", place->name);
    }
}

static bool refuse(const struct contract_field *field, const struct place *place, const struct node *value,
                   struct err *err)
{
    struct buf at, wanted;
    buf_init(&at, PLACE_MAX);
    write_place(place, &at);
    buf_init(&wanted, WANTED_MAX);
    write_wanted(field, &wanted);
    char *got = value == NULL ? str_dup("nothing") : node_to_text(value);
    err_set(err, ERR_SCRIPT, "%s: %s is wanted, got %.100s", buf_str(&at), buf_str(&wanted), got);
    str_free(&got);
    buf_fini(&wanted);
    buf_fini(&at);
    return false;
}

static bool is_word(const struct contract_field *field, const struct node *value)
{
    for (size_t i = 0; field->words[i] != NULL; i++) {
        if (node_is(value, field->words[i])) {
            return true;
        }
    }
    return false;
}

static bool is_integer(const struct contract_field *field, const struct node *value)
{
    int64_t whole;
    return node_int(value, &whole) && (!is_ranged(field) || (whole >= field->min && whole <= field->max));
}

static bool has_type(const struct contract_field *field, const struct node *value)
{
    double number;
    switch (field->type) {
    case CONTRACT_OBJECT:
        return node_type(value) == NODE_OBJECT;
    case CONTRACT_ANY:
        return value != NULL;
    case CONTRACT_LIST:
        return node_type(value) == NODE_ARRAY;
    case CONTRACT_STRING:
        return field->words != NULL ? is_word(field, value) : node_str(value) != NULL;
    case CONTRACT_INTEGER:
        return is_integer(field, value);
    case CONTRACT_NUMBER:
        return node_real(value, &number);
    case CONTRACT_BOOLEAN:
        return node_type(value) == NODE_BOOL;
    }
    return false;
}

static const struct contract_field *find(const struct contract_field *fields, const char *name)
{
    while (fields->name != NULL && strcmp(fields->name, name) != 0) {
        fields++;
    }
    return fields->name != NULL ? fields : NULL;
}

static bool check_known(const struct contract_field *fields, const struct place *place, const struct node *object,
                        struct err *err)
{
    struct node_iter it = node_iterate(object);
    while (node_next(&it)) {
        if (find(fields, it.key) == NULL) {
            struct buf at;
            buf_init(&at, PLACE_MAX);
            write_place(place, &at);
            err_set(err, ERR_SCRIPT, "%s.%.60s: there is no such field", buf_str(&at), it.key);
            buf_fini(&at);
            return false;
        }
    }
    return true;
}

static bool check(const struct contract_field *field, const struct place *place, const struct node *value,
                  struct err *err);

static bool check_fields(const struct contract_field *fields, const struct place *place, const struct node *object,
                         struct err *err)
{
    bool ok = check_known(fields, place, object, err);
    for (const struct contract_field *field = fields; ok && field->name != NULL; field++) {
        const struct node *value = node_get(object, field->name);
        bool is_absent = value == NULL || node_type(value) == NODE_NULL;
        if (!is_absent || !field->optional) {
            ok = check(field, &(struct place){.outer = place, .name = field->name}, value, err);
        }
    }
    return ok;
}

static bool check_items(const struct contract_field *field, const struct place *place, const struct node *list,
                        struct err *err)
{
    const struct contract_field each = {.type = CONTRACT_OBJECT, .fields = field->fields};
    bool ok = true;
    struct node_iter it = node_iterate(list);
    while (ok && node_next(&it)) {
        ok = check(&each, &(struct place){.outer = place, .number = it.index + 1}, it.value, err);
    }
    return ok;
}

static bool check(const struct contract_field *field, const struct place *place, const struct node *value,
                  struct err *err)
{
    if (!has_type(field, value)) {
        return refuse(field, place, value, err);
    } else if (field->type == CONTRACT_LIST) {
        return check_items(field, place, value, err);
    }
    return field->fields == NULL || check_fields(field->fields, place, value, err);
}

bool contract_check(const struct contract_field *field, const char *place, const struct node *value, struct err *err)
{
    return check(field, &(struct place){.name = place}, value, err);
}

/* --- showing --- */

static void write_fields(const struct contract_field *fields, struct buf *out)
{
    buf_append_str(out, fields->name == NULL ? "{" : "{ ");
    for (const struct contract_field *field = fields; field->name != NULL; field++) {
        buf_printf(out, "%s%s: ", field == fields ? "" : ", ", field->name);
        contract_write(field, out);
        buf_append_str(out, field->optional ? "?" : "");
    }
    buf_append_str(out, fields->name == NULL ? "}" : " }");
}

void contract_write(const struct contract_field *field, struct buf *out)
{
    if (field->words != NULL) {
        write_words(field->words, "|", "|", out);
    } else if (is_ranged(field)) {
        buf_printf(out, "%lld..%lld", (long long)field->min, (long long)field->max);
    } else if (field->fields != NULL) {
        write_fields(field->fields, out);
        buf_append_str(out, field->type == CONTRACT_LIST ? "[]" : "");
    } else {
        buf_append_str(out, field->type == CONTRACT_LIST  ? "table[]"
                            : field->type == CONTRACT_ANY ? "any"
                                                          : types[field->type]);
    }
}
