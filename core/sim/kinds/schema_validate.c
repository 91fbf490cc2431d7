/* Values against rules, in the order and with the words of k8s.io/kube-openapi's validator.
 *
 * What is peculiar there is so here: every keyword is asked of every value it can apply to, whatever the type said; a
 * string in a place with a format passes for any type that is no number; of anyOf and oneOf the alternative that got
 * farthest is reported along. */
#include "base/mem.h"
#include "sim/kinds/format.h"
#include "sim/kinds/schema.h"
#include "sim/kinds/schema_check.h"
#include "sim/kinds/schema_list.h"

static void check(struct outcome *out, const struct rule *rule, const struct subject *s);

/* --- lists and objects --- */

static void too_many(struct outcome *out, const struct subject *s, const char *what, size_t actual, int64_t most)
{
    char *text = str_format(" in body should have at most %lld %s", (long long)most, what);
    outcome_add(
        out, s->place, "FieldValueTooMany", text,
        str_format("Too many: %zu: must have at most %lld item%s", actual, (long long)most, most == 1 ? "" : "s"));
    mem_free(text);
}

/* A part of the value. What is wrong but as it was before is let through. */
static void check_part(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    struct outcome part = {0};
    check(&part, rule, s);
    if (part.count > 0 && s->old != NULL && schema_list_unchanged(rule, s->value, s->old)) {
        outcome_pardon(&part);
    }
    outcome_merge(out, &part);
}

static bool has_duplicates(const struct node *array)
{
    struct node_iter a = node_iterate(array);
    while (node_next(&a)) {
        struct node_iter b = node_iterate(array);
        while (node_next(&b) && b.index < a.index) {
            if (node_equal(a.value, b.value)) {
                return true;
            }
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
        check_part(out, rule->items,
                   &(struct subject){it.value, schema_list_counterpart(rule, s->old, it.value), &place});
    }
    if (rule->items_min >= 0 && (int64_t)size < rule->items_min) {
        outcome_invalid(out, s->place, INVALID_REASON, str_format("%zu", size),
                        " in body should have at least %lld items", (long long)rule->items_min);
    }
    if (rule->items_max >= 0 && (int64_t)size > rule->items_max) {
        too_many(out, s, "items", size, rule->items_max);
    }
    if (rule->unique_items && has_duplicates(s->value)) {
        outcome_invalid(out, s->place, INVALID_REASON, str_dup("\"\""), " in body shouldn't contain duplicates");
    }
    out->matches++;
}

static void check_size(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    size_t size = node_count(s->value);
    if (rule->properties_min >= 0 && (int64_t)size < rule->properties_min) {
        outcome_invalid(out, s->place, INVALID_REASON, str_format("%zu", size),
                        " in body should have at least %lld properties", (long long)rule->properties_min);
    }
    if (rule->properties_max >= 0 && (int64_t)size > rule->properties_max) {
        too_many(out, s, "properties", size, rule->properties_max);
    }
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
        if (rule_property(rule, it.key) != NULL) {
            continue;
        }
        char *name = outcome_quoted(it.key);
        if (!rule->allows_additional) {
            outcome_invalid(out, s->place, INVALID_REASON, str_dup(name), ".%s in body is a forbidden property",
                            it.key);
        } else if (rule->additional != NULL) {
            check_member(out, rule->additional, s, it.key, it.value);
        }
        mem_free(name);
    }
}

static void check_object(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    check_size(out, rule, s);
    if (rule->has_additional) {
        check_additional(out, rule, s);
    }
    for (size_t i = 0; i < rule->property_count; i++) {
        const struct node *value = node_get(s->value, rule->properties[i].name);
        if (value != NULL) {
            check_member(out, rule->properties[i].rule, s, rule->properties[i].name, value);
        }
    }
    struct node_iter it = node_iterate(rule->required);
    while (node_next(&it)) {
        const char *key = node_str(it.value);
        if (key == NULL || node_get(s->value, key) != NULL) {
            continue;
        }
        struct place place = {s->place, key, 0};
        outcome_add(out, &place, "FieldValueRequired", " in body is required", str_dup("Required value"));
    }
}

/* --- allOf, anyOf, oneOf, not --- */

static void general(struct outcome *out, const struct subject *s, const char *text)
{
    char *place = outcome_place(s->place), *name = outcome_quoted(place);
    outcome_general(out, str_format("%s %s", name, text));
    mem_free(place);
    mem_free(name);
}

/* The alternatives one after the other: how many fit, and of those that fit the first, of the others the one with the
 * most matches. */
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
    if (rule->any_of.count == 0) {
        return;
    }
    struct choice choice = choose(&rule->any_of, s, true);
    if (choice.valid == 0) {
        general(out, s, "must validate at least one schema (anyOf)");
    }
    outcome_merge(out, choice.valid > 0 ? &choice.first : &choice.best);
}

static void check_one_of(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    if (rule->one_of.count == 0) {
        return;
    }
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
    if (valid < rule->all_of.count) {
        general(out, s,
                valid == 0 ? "must validate all the schemas (allOf). None validated"
                           : "must validate all the schemas (allOf)");
    }
}

static void check_logic(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    check_any_of(out, rule, s);
    check_one_of(out, rule, s);
    check_all_of(out, rule, s);
    if (rule->not != NULL) {
        struct outcome outcome = {0};
        check(&outcome, rule->not, s);
        if (outcome.count == 0) {
            general(out, s, "must not validate the schema (not)");
        }
        outcome_fini(&outcome);
    }
    out->matches++;
}

/* --- all of it --- */

static void check_null(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    schema_check_null_type(out, rule, s);
    if (rule->values != NULL) {
        schema_check_values(out, rule, s);
    }
}

static void check(struct outcome *out, const struct rule *rule, const struct subject *s)
{
    enum node_type type = node_type(s->value);
    if (type == NODE_NULL) {
        check_null(out, rule, s);
        return;
    }
    if (rule->types != 0 || rule->format != NULL) {
        schema_check_type(out, rule, s);
        out->matches++;
    }
    check_logic(out, rule, s);
    out->matches++;
    if (type == NODE_STRING) {
        schema_check_text(out, rule, s);
        out->matches++;
    }
    if (type == NODE_STRING && rule->format != NULL && format_is_known(rule->format)) {
        schema_check_format(out, rule, s);
        out->matches++;
    }
    if (type == NODE_INT || type == NODE_REAL) {
        schema_check_number(out, rule, s);
        out->matches++;
    }
    if (type == NODE_ARRAY) {
        check_array(out, rule, s);
        out->matches++;
    }
    if (rule->values != NULL) {
        schema_check_values(out, rule, s);
    }
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
        for (size_t i = 0; i < sizeof blocking / sizeof *blocking; i++) {
            blocks |= node_is(node_get(it.value, "reason"), blocking[i]);
        }
    }
    if (!blocks) {
        return;
    }
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

/* Objects in the object are not looked at when only the status is written. */
static void check_lists(const struct schema *schema, const struct node *object, const struct node *old, bool of_status,
                        struct doc *doc, struct node *causes)
{
    struct outcome lists = {0};
    if (!of_status) {
        schema_list_objects(&lists, schema->root, object);
    }
    if (old == NULL || schema_list_keys(NULL, schema->root, old)) {
        schema_list_keys(&lists, schema->root, object);
    }
    struct node *more = outcome_causes(&lists, doc, NULL);
    struct node_iter it = node_iterate(more);
    while (node_next(&it)) {
        node_push(causes, node_copy(doc, it.value));
    }
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
    if (rule != NULL && subject.value != NULL) {
        check_part(&outcome, rule, &subject);
    }
    struct node *causes = outcome_causes(&outcome, doc, of_status ? "status" : NULL);
    doc_set_root(doc, causes);
    outcome_fini(&outcome);
    check_lists(schema, object, old, of_status, doc, causes);
    if (schema->has_validations) {
        add_unchecked(doc, causes);
    }
    return doc;
}
