#include "sim/kinds/schema_list.h"

#include "base/mem.h"

/* The part of an element by which it is known: an object of its keys, or the value itself in a set. */
static struct doc *identity(const struct rule *rule, const struct node *item)
{
    if (rule->list_type == RULE_LIST_SET) {
        return doc_copy(item);
    }
    struct doc *doc = doc_new();
    struct node *keys = node_new_object(doc);
    struct node_iter it = node_iterate(rule->list_keys);
    while (node_next(&it)) {
        const char *key = node_str_or(it.value, "");
        node_set(doc, keys, key, node_copy(doc, node_get(item, key)));
    }
    doc_set_root(doc, keys);
    return doc;
}

static bool has_all_keys(const struct rule *rule, const struct node *item)
{
    struct node_iter it = node_iterate(rule->list_keys);
    while (node_next(&it)) {
        const struct node *value = node_get(item, node_str_or(it.value, ""));
        if (value == NULL || node_type(value) == NODE_NULL || node_count(value) > 0) {
            return false;
        }
    }
    return true;
}

const struct node *schema_list_counterpart(const struct rule *rule, const struct node *old, const struct node *item)
{
    if (rule->list_type != RULE_LIST_MAP || old == NULL || node_count(rule->list_keys) == 0 ||
        !has_all_keys(rule, item)) {
        return NULL;
    }
    struct doc *wanted = identity(rule, item);
    const struct node *found = NULL;
    struct node_iter it = node_iterate(old);
    while (found == NULL && node_next(&it)) {
        struct doc *one = identity(rule, it.value);
        if (node_equal(doc_root(one), doc_root(wanted))) {
            found = it.value;
        }
        doc_free(one);
    }
    doc_free(wanted);
    return found;
}

static bool elements_unchanged(const struct rule *rule, const struct node *value, const struct node *old)
{
    struct node_iter it = node_iterate(value);
    while (node_next(&it)) {
        const struct node *was = schema_list_counterpart(rule, old, it.value);
        if (was == NULL || !schema_list_unchanged(rule->items, it.value, was)) {
            return false;
        }
    }
    return true;
}

static bool members_unchanged(const struct rule *rule, const struct node *value, const struct node *old)
{
    struct node_iter it = node_iterate(value);
    while (node_next(&it)) {
        const struct rule *member = rule_member(rule, it.key);
        const struct node *was = node_get(old, it.key);
        if (member == NULL || was == NULL || !schema_list_unchanged(member, it.value, was)) {
            return false;
        }
    }
    return true;
}

bool schema_list_unchanged(const struct rule *rule, const struct node *value, const struct node *old)
{
    enum node_type type = node_type(value);
    if (rule == NULL) {
        return node_equal(value, old);
    }
    if (type != node_type(old) || node_count(value) != node_count(old)) {
        return node_count(value) == 0 && node_count(old) == 0 && node_equal(value, old);
    }
    if (type == NODE_ARRAY && rule->list_type == RULE_LIST_MAP) {
        return elements_unchanged(rule, value, old);
    }
    return type == NODE_OBJECT ? members_unchanged(rule, value, old) : node_equal(value, old);
}

/* How many elements before `index` are the same; the first repetition is reported only, as the server does. */
static size_t earlier(const struct node *identities, size_t index)
{
    size_t count = 0;
    struct node_iter it = node_iterate(identities);
    while (node_next(&it) && it.index < index) {
        count += node_equal(it.value, node_item(identities, index));
    }
    return count;
}

/* In a list that is a map there are objects, and nulls, which have no keys. */
static bool check_are_objects(struct outcome *out, const struct node *list, const struct place *place)
{
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        if (node_type(it.value) == NODE_OBJECT || node_type(it.value) == NODE_NULL) {
            continue;
        }
        char *value = outcome_shown(it.value);
        char *message = str_format("Invalid value: %s: must be an object for an array of list-type map", value);
        if (out != NULL) {
            outcome_add(out, &(struct place){place, NULL, it.index}, "FieldValueInvalid", "no object", message);
        } else {
            mem_free(message);
        }
        mem_free(value);
        return false;
    }
    return true;
}

static bool check_list(struct outcome *out, const struct rule *rule, const struct node *list, const struct place *place)
{
    if (rule->list_type == RULE_LIST_MAP && !check_are_objects(out, list, place)) {
        return false;
    }
    struct doc *doc = doc_new();
    struct node *identities = node_new_array(doc);
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        struct doc *one = identity(rule, it.value);
        node_push(identities, node_copy(doc, doc_root(one)));
        doc_free(one);
    }
    bool unique = true;
    it = node_iterate(identities);
    while (node_next(&it)) {
        if (earlier(identities, it.index) != 1) {
            continue;
        }
        unique = false;
        if (out == NULL) {
            continue;
        }
        char *value = outcome_shown(it.value);
        outcome_add(out, &(struct place){place, NULL, it.index}, "FieldValueDuplicate", "duplicate",
                    str_format("Duplicate value: %s", value));
        mem_free(value);
    }
    doc_free(doc);
    return unique;
}

static bool check_keys(struct outcome *out, const struct rule *rule, const struct node *n, const struct place *place)
{
    if (rule == NULL) {
        return true;
    }
    bool unique = true;
    if (node_type(n) == NODE_ARRAY && rule->list_type != RULE_LIST_ATOMIC) {
        unique = check_list(out, rule, n, place);
    }
    struct node_iter it = node_iterate(n);
    while (node_next(&it)) {
        struct place inner = {place, it.key, it.index};
        unique &= check_keys(out, it.key == NULL ? rule->items : rule_member(rule, it.key), it.value, &inner);
    }
    return unique;
}

bool schema_list_keys(struct outcome *out, const struct rule *root, const struct node *object)
{
    return check_keys(out, root, object, &(struct place){NULL, NULL, 0});
}

static void check_embedded(struct outcome *out, const struct node *n, const struct place *place)
{
    static const char *const keys[] = {"apiVersion", "kind"};
    for (size_t i = 0; i < 2; i++) {
        const struct node *value = node_get(n, keys[i]);
        struct place inner = {place, keys[i], 0};
        if (value == NULL) {
            outcome_add(out, &inner, "FieldValueRequired", "required", str_dup("Required value"));
        } else if (node_type(value) != NODE_STRING || str_empty(node_str(value))) {
            char *text = outcome_shown(value);
            outcome_add(out, &inner, "FieldValueInvalid", "no name",
                        str_format("Invalid value: %s: must %s", text,
                                   node_type(value) == NODE_STRING ? "not be empty" : "be a string"));
            mem_free(text);
        }
    }
}

static void check_objects(struct outcome *out, const struct rule *rule, const struct node *n, const struct place *place)
{
    if (rule == NULL) {
        return;
    }
    if (rule->embedded && node_type(n) == NODE_OBJECT && place->above != NULL) {
        check_embedded(out, n, place);
    }
    struct node_iter it = node_iterate(n);
    while (node_next(&it)) {
        struct place inner = {place, it.key, it.index};
        check_objects(out, it.key == NULL ? rule->items : rule_member(rule, it.key), it.value, &inner);
    }
}

void schema_list_objects(struct outcome *out, const struct rule *root, const struct node *object)
{
    check_objects(out, root, object, &(struct place){NULL, NULL, 0});
}
