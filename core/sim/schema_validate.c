/* Values against rules, in the order and with the words of k8s.io/kube-openapi's validator.
 *
 * What is peculiar there is so here: every keyword is asked of every value it can apply to, whatever the type said; a string in a place with a format passes for any type
 * that is no number; of anyOf and oneOf the alternative that got farthest is reported along. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "sim/format.h"
#include "sim/schema.h"
#include "sim/schema_list.h"
#include "sim/schema_outcome.h"
#include "sim/schema_rule.h"

#define TYPE_REASON "FieldValueTypeInvalid"
#define INVALID_REASON "FieldValueInvalid"

/* A value, what it was before (NULL: not known) and where it is. */
struct subject {
    const struct node *value, *old;
    const struct place *place;
};

static void check(struct outcome *out, const struct rule *rule, const struct subject *s);

/* --- types --- */

static unsigned type_bit(const struct node *n)
{
    int64_t ignored;
    switch (node_type(n)) {
    case NODE_OBJECT:
        return RULE_OBJECT;
    case NODE_ARRAY:
        return RULE_ARRAY;
    case NODE_STRING:
        return RULE_STRING;
    case NODE_BOOL:
        return RULE_BOOLEAN;
    case NODE_INT: /* beyond int64 a number is a float in Go */
        return node_int(n, &ignored) ? RULE_INTEGER : RULE_NUMBER;
    default:
        return RULE_NUMBER;
    }
}

static const char *type_name(unsigned bit)
{
    switch (bit) {
    case RULE_OBJECT:
        return "object";
    case RULE_ARRAY:
        return "array";
    case RULE_STRING:
        return "string";
    case RULE_BOOLEAN:
        return "boolean";
    case RULE_INTEGER:
        return "integer";
    default:
        return "number";
    }
}

static void wrong_type(struct outcome *out, const struct subject *s, const char *want, const char *got)
{
    char *text = quoted(got);
    outcome_invalid(out, s->place, TYPE_REASON, str_dup(text), " in body must be of type %s: %s", want, text);
    mem_free(text);
}

static bool is_whole(double value)
{
    return fabs(value) <= 9007199254740991.0 && value == trunc(value);
}

static void check_type(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    unsigned got = type_bit(s->value);
    double real = 0.5;
    node_real(s->value, &real);
    bool fits = (rule->types & got) || (got == RULE_NUMBER && (rule->types & RULE_INTEGER) && is_whole(real)) ||
                (got == RULE_INTEGER && (rule->types & RULE_NUMBER));
    bool textual = got == RULE_STRING || got == RULE_ARRAY;
    bool numeric = rule->types & (RULE_NUMBER | RULE_INTEGER);
    if (!textual && rule->format != NULL && !fits)
        wrong_type(out, s, rule->format, got == RULE_INTEGER ? "int64" : got == RULE_NUMBER ? "float64" : "");
    else if (!fits && (numeric || rule->format == NULL || !textual))
        wrong_type(out, s, rule->type_text == NULL ? "" : rule->type_text, type_name(got));
    else
        out->matches++;
}

/* --- texts --- */

static size_t characters(const char *s)
{
    size_t count = 0;
    for (; *s != '\0'; s++)
        count += ((unsigned char)*s & 0xC0) != 0x80;
    return count;
}

static void too_many(struct outcome *out, const struct subject *s, const char *what, size_t actual, int64_t most)
{
    char *text = str_format(" in body should have at most %lld %s", (long long)most, what);
    outcome_add(
        out, s->place, "FieldValueTooMany", text,
        str_format("Too many: %zu: must have at most %lld item%s", actual, (long long)most, most == 1 ? "" : "s"));
    mem_free(text);
}

/* The first that is wrong. */
static void check_text(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    const char *text = node_str(s->value);
    int64_t length = (int64_t)characters(text);
    if (rule->length_max >= 0 && length > rule->length_max) {
        outcome_add(out, s->place, "FieldValueTooLong", "too long",
                    str_format("Too long: may not be more than %lld byte%s", (long long)rule->length_max,
                               rule->length_max == 1 ? "" : "s"));
    } else if (rule->length_min >= 0 && length < rule->length_min) {
        outcome_invalid(out, s->place, INVALID_REASON, quoted(text), " in body should be at least %lld chars long",
                        (long long)rule->length_min);
    } else if (rule->pattern != NULL && !pattern_matches(rule->pattern, text)) {
        outcome_invalid(out, s->place, INVALID_REASON, quoted(text), " in body should match '%s'", rule->pattern_text);
    }
}

static void check_format(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    const char *text = node_str(s->value);
    if (format_matches(rule->format, text))
        return;
    char *shown_text = quoted(text);
    outcome_invalid(out, s->place, TYPE_REASON, str_dup(shown_text), " in body must be of type %s: %s", rule->format,
                    shown_text);
    mem_free(shown_text);
}

/* --- numbers --- */

/* Whether a number is one of the declared type and format; `what` is "Checked" or the name of the bound. */
static void check_range(struct outcome *out, const struct rule *rule, const struct subject *s, double value,
                        const char *what)
{
    bool fits = true;
    if (rule->types == RULE_INTEGER && str_equal(rule->format, "int32"))
        fits = is_whole(value) && value >= INT32_MIN && value <= INT32_MAX;
    else if (rule->types == RULE_INTEGER)
        fits = value == trunc(value) && fabs(value) < 9223372036854775808.0;
    else if (rule->types == RULE_NUMBER && str_equal(rule->format, "float"))
        fits = fabs(value) <= 3.4028234663852886e38;
    if (fits)
        return;
    char *place = place_text(s->place);
    const char *type = type_name(rule->types);
    if (rule->format != NULL)
        outcome_general(
            out, str_format("%s value must be of type %s with format %s in %s", what, type, rule->format, place));
    else
        outcome_general(out, str_format("%s value must be of type %s (default format) in %s", what, type, place));
    mem_free(place);
}

/* A bound of an integer is an integer too: what is behind its point is dropped. */
static double bound_value(const struct rule_bound *bound, bool of_integer)
{
    return of_integer ? trunc(bound->value) : bound->value;
}

static void bound_text(double value, bool of_integer, char out[static 32])
{
    if (of_integer && fabs(value) < 1e18) {
        char *text = str_format("%lld", (long long)value);
        str_copy(out, 32, text);
        mem_free(text);
    } else {
        number_write(value, out);
    }
}

static void check_bound(struct outcome *out, const struct subject *s, const struct rule_bound *bound, double value,
                        int sign)
{
    bool of_integer = type_bit(s->value) == RULE_INTEGER;
    double limit = bound_value(bound, of_integer), over = (value - limit) * sign;
    if (!bound->is_set || !(bound->exclusive ? over >= 0 : over > 0))
        return;
    char text[32];
    bound_text(limit, of_integer, text);
    outcome_invalid(out, s->place, INVALID_REASON, shown(s->value), " in body should be %s than %s%s",
                    sign > 0 ? "less" : "greater", bound->exclusive ? "" : "or equal to ", text);
}

static void check_multiple(struct outcome *out, const struct rule *rule, const struct subject *s, double value)
{
    bool of_integer = type_bit(s->value) == RULE_INTEGER;
    double factor = bound_value(&rule->multiple_of, of_integer);
    if (!rule->multiple_of.is_set)
        return;
    char text[32];
    bound_text(factor, of_integer, text);
    double times = factor > 0 && factor < 1 ? 1 / factor * value : value / factor;
    if (factor <= 0)
        outcome_invalid(out, s->place, INVALID_REASON, str_dup(text), " must be positive: %s", text);
    else if (!is_whole(times))
        outcome_invalid(out, s->place, INVALID_REASON, shown(s->value), " in body should be a multiple of %s", text);
}

static void check_number(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    double value = 0;
    node_real(s->value, &value);
    check_range(out, rule, s, value, "Checked");
    if (rule->multiple_of.is_set)
        check_range(out, rule, s, rule->multiple_of.value, "MultipleOf");
    check_multiple(out, rule, s, value);
    if (rule->minimum.is_set)
        check_range(out, rule, s, rule->minimum.value, "Minimum boundary");
    check_bound(out, s, &rule->minimum, value, -1);
    if (rule->maximum.is_set)
        check_range(out, rule, s, rule->maximum.value, "Maximum boundary");
    check_bound(out, s, &rule->maximum, value, 1);
    out->matches++;
}

/* --- lists and objects --- */

/* A part of the value. What is wrong but as it was before is let through. */
static void check_part(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    struct outcome part = {0};
    check(&part, rule, s);
    if (part.count > 0 && s->old != NULL && node_equal(s->old, s->value))
        outcome_pardon(&part);
    outcome_merge(out, &part);
}

static bool has_duplicates(const struct node *array)
{
    struct node_iter a = node_iterate(array);
    while (node_next(&a)) {
        struct node_iter b = node_iterate(array);
        while (node_next(&b) && b.index < a.index) {
            if (node_equal(a.value, b.value))
                return true;
        }
    }
    return false;
}

static void check_array(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    size_t size = node_count(s->value);
    struct node_iter it = node_iterate(s->value);
    while (rule->items != NULL && node_next(&it)) {
        struct place place = {s->place, NULL, it.index};
        check_part(out, rule->items, &(struct subject){it.value, list_counterpart(rule, s->old, it.value), &place});
    }
    if (rule->items_min >= 0 && (int64_t)size < rule->items_min)
        outcome_invalid(out, s->place, INVALID_REASON, str_format("%zu", size),
                        " in body should have at least %lld items", (long long)rule->items_min);
    if (rule->items_max >= 0 && (int64_t)size > rule->items_max)
        too_many(out, s, "items", size, rule->items_max);
    if (rule->unique_items && has_duplicates(s->value))
        outcome_invalid(out, s->place, INVALID_REASON, str_dup("\"\""), " in body shouldn't contain duplicates");
    out->matches++;
}

static void check_size(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    size_t size = node_count(s->value);
    if (rule->properties_min >= 0 && (int64_t)size < rule->properties_min)
        outcome_invalid(out, s->place, INVALID_REASON, str_format("%zu", size),
                        " in body should have at least %lld properties", (long long)rule->properties_min);
    if (rule->properties_max >= 0 && (int64_t)size > rule->properties_max)
        too_many(out, s, "properties", size, rule->properties_max);
}

static bool is_root(const struct place *place)
{
    return place->above == NULL;
}

static void check_member(struct outcome *out, const struct rule *rule, const struct subject *s, const char *key,
                         const struct node *value)
{
    bool is_type = is_root(s->place) && (str_equal(key, "kind") || str_equal(key, "apiVersion"));
    struct place place = {s->place, key, 0};
    check_part(out, rule, &(struct subject){value, is_type ? NULL : node_get(s->old, key), &place});
}

static void check_additional(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    struct node_iter it = node_iterate(s->value);
    while (node_next(&it)) {
        if (rule_property(rule, it.key) != NULL)
            continue;
        char *name = quoted(it.key);
        if (!rule->allows_additional)
            outcome_invalid(out, s->place, INVALID_REASON, str_dup(name), ".%s in body is a forbidden property",
                            it.key);
        else if (rule->additional != NULL)
            check_member(out, rule->additional, s, it.key, it.value);
        mem_free(name);
    }
}

static void check_object(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    check_size(out, rule, s);
    if (rule->has_additional)
        check_additional(out, rule, s);
    for (size_t i = 0; i < rule->property_count; i++) {
        const struct node *value = node_get(s->value, rule->properties[i].name);
        if (value != NULL)
            check_member(out, rule->properties[i].rule, s, rule->properties[i].name, value);
    }
    struct node_iter it = node_iterate(rule->required);
    while (node_next(&it)) {
        const char *key = node_str(it.value);
        if (key == NULL || node_get(s->value, key) != NULL)
            continue;
        struct place place = {s->place, key, 0};
        outcome_add(out, &place, "FieldValueRequired", " in body is required", str_dup("Required value"));
    }
}

static void put_allowed(struct buf *b, const struct node *values)
{
    struct node_iter it = node_iterate(values);
    while (node_next(&it)) {
        char *text = node_type(it.value) == NODE_STRING ? str_dup(node_str(it.value)) : shown(it.value);
        char *name = quoted(text);
        buf_printf(b, "%s%s", it.index > 0 ? ", " : "", name);
        mem_free(text);
        mem_free(name);
    }
}

static void check_values(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    struct node_iter it = node_iterate(rule->values);
    while (node_type(s->value) != NODE_NULL && node_next(&it)) {
        if (node_equal(it.value, s->value))
            return;
    }
    struct buf message;
    char *value = shown(s->value);
    buf_init(&message, 64 * 1024);
    buf_printf(&message, "Unsupported value: %s: supported values: ", value);
    put_allowed(&message, rule->values);
    outcome_add(out, s->place, "FieldValueNotSupported", " in body should be one of these", buf_take(&message));
    mem_free(value);
}

/* --- allOf, anyOf, oneOf, not --- */

static void general(struct outcome *out, const struct subject *s, const char *text)
{
    char *place = place_text(s->place), *name = quoted(place);
    outcome_general(out, str_format("%s %s", name, text));
    mem_free(place);
    mem_free(name);
}

/* The alternatives one after the other: how many fit, and of those that fit the first, of the others the one with the most matches. */
struct choice {
    struct outcome first, best;
    bool has_best;
    size_t valid;
};

static struct choice choose(const struct rule_list *list, const struct subject *s, bool one_is_enough)
{
    struct choice choice = {0};
    for (size_t i = 0; i < list->count && !(one_is_enough && choice.valid > 0); i++) {
        struct outcome outcome = {0};
        check(&outcome, list->items[i], s);
        if (outcome.count == 0) {
            choice.first = choice.valid++ == 0 ? outcome : choice.first;
            outcome_fini(&choice.best);
            choice.has_best = false;
        } else if (choice.valid == 0 && (!choice.has_best || outcome.matches > choice.best.matches)) {
            outcome_fini(&choice.best);
            choice.best = outcome;
            choice.has_best = true;
        } else {
            outcome_fini(&outcome);
        }
    }
    return choice;
}

static void check_any_of(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    if (rule->any_of.count == 0)
        return;
    struct choice choice = choose(&rule->any_of, s, true);
    if (choice.valid == 0)
        general(out, s, "must validate at least one schema (anyOf)");
    outcome_merge(out, choice.valid > 0 ? &choice.first : &choice.best);
}

static void check_one_of(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    if (rule->one_of.count == 0)
        return;
    struct choice choice = choose(&rule->one_of, s, false);
    if (choice.valid == 1) {
        outcome_merge(out, &choice.first);
        return;
    }
    if (choice.valid == 0) {
        general(out, s, "must validate one and only one schema (oneOf). Found none valid");
    } else {
        char *text =
            str_format("must validate one and only one schema (oneOf). Found %zu valid alternatives", choice.valid);
        general(out, s, text);
        mem_free(text);
    }
    outcome_merge(out, &choice.best);
}

static void check_all_of(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    size_t valid = 0;
    for (size_t i = 0; i < rule->all_of.count; i++) {
        struct outcome outcome = {0};
        check(&outcome, rule->all_of.items[i], s);
        valid += outcome.count == 0;
        outcome_merge(out, &outcome);
    }
    if (valid < rule->all_of.count)
        general(out, s,
                valid == 0 ? "must validate all the schemas (allOf). None validated"
                           : "must validate all the schemas (allOf)");
}

static void check_logic(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    check_any_of(out, rule, s);
    check_one_of(out, rule, s);
    check_all_of(out, rule, s);
    if (rule->not != NULL) {
        struct outcome outcome = {0};
        check(&outcome, rule->not, s);
        if (outcome.count == 0)
            general(out, s, "must not validate the schema (not)");
        outcome_fini(&outcome);
    }
    out->matches++;
}

/* --- all of it --- */

static void check_null(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    if (rule->types != 0 && !rule->nullable)
        wrong_type(out, s, rule->type_text, "null");
    else
        out->matches++;
    if (rule->values != NULL)
        check_values(out, rule, s);
}

static void check(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    enum node_type type = node_type(s->value);
    if (type == NODE_NULL) {
        check_null(out, rule, s);
        return;
    }
    if (rule->types != 0 || rule->format != NULL) {
        check_type(out, rule, s);
        out->matches++;
    }
    check_logic(out, rule, s);
    out->matches++;
    if (type == NODE_STRING) {
        check_text(out, rule, s);
        out->matches++;
    }
    if (type == NODE_STRING && rule->format != NULL && format_is_known(rule->format)) {
        check_format(out, rule, s);
        out->matches++;
    }
    if (type == NODE_INT || type == NODE_REAL) {
        check_number(out, rule, s);
        out->matches++;
    }
    if (type == NODE_ARRAY) {
        check_array(out, rule, s);
        out->matches++;
    }
    if (rule->values != NULL)
        check_values(out, rule, s);
    out->matches++;
    if (type == NODE_OBJECT) {
        check_object(out, rule, s);
        out->matches++;
    }
    out->matches++;
}

/* Rules in CEL are not evaluated here; but that a server did not get as far is part of its answer. */
static void add_unchecked(struct doc *doc, struct node *causes)
{
    static const char *const blocking[] = {"FieldValueNotSupported", "FieldValueRequired", "FieldValueTooLong",
                                           "FieldValueTooMany", TYPE_REASON};
    bool blocks = false;
    struct node_iter it = node_iterate(causes);
    while (node_next(&it)) {
        for (size_t i = 0; i < sizeof blocking / sizeof *blocking; i++)
            blocks |= node_is(node_get(it.value, "reason"), blocking[i]);
    }
    if (!blocks)
        return;
    struct node *cause = node_new_object(doc);
    node_set_str(doc, cause, "reason", INVALID_REASON);
    node_set_str(doc, cause, "message",
                 "Invalid value: null: some validation rules were not checked because the object was invalid; correct "
                 "the existing errors to complete validation");
    node_set_str(doc, cause, "field", "<nil>");
    node_push(causes, cause);
}

struct doc *schema_validate(const struct schema *schema, const struct node *object)
{
    return schema_validate_update(schema, object, NULL, NULL);
}

static void check_lists(const struct schema *schema, const struct node *object, const struct node *old, struct doc *doc,
                        struct node *causes)
{
    struct outcome lists = {0};
    list_check_objects(&lists, schema->root, object);
    if (old == NULL || list_check_keys(NULL, schema->root, old))
        list_check_keys(&lists, schema->root, object);
    struct node *more = outcome_causes(&lists, doc, NULL);
    struct node_iter it = node_iterate(more);
    while (node_next(&it))
        node_push(causes, node_copy(doc, it.value));
    outcome_fini(&lists);
}

struct doc *schema_validate_update(const struct schema *schema, const struct node *object, const struct node *old,
                                   const char *subresource)
{
    struct doc *doc = doc_new();
    struct outcome outcome = {0};
    struct place root = {NULL, NULL, 0};
    bool of_status = str_equal(subresource, "status");
    const struct rule *rule = of_status ? rule_property(schema->root, "status") : schema->root;
    struct subject subject = {of_status ? node_get(object, "status") : object,
                              of_status ? node_get(old, "status") : old, &root};
    if (rule != NULL && subject.value != NULL)
        check_part(&outcome, rule, &subject);
    struct node *causes = outcome_causes(&outcome, doc, of_status ? "status" : NULL);
    doc_set_root(doc, causes);
    outcome_fini(&outcome);
    check_lists(schema, object, old, doc, causes);
    if (schema->has_validations)
        add_unchecked(doc, causes);
    return doc;
}
