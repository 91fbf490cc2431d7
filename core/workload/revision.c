#include "workload/revision.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "workload/affinity.h"
#include "workload/config_reference.h"

#define FORMAT "s1-"
enum { DIGITS = 16 };

static struct node *normal(struct doc *doc, const struct node *value);

/* An empty labelSelector or namespaceSelector selects everything, an absent one nothing or the own namespace. */
static bool means_all_when_empty(const char *key, const struct node *value)
{
    return node_type(value) == NODE_OBJECT &&
           (strcmp(key, "labelSelector") == 0 || strcmp(key, "namespaceSelector") == 0);
}

static bool says_nothing(const struct node *value)
{
    switch (node_type(value)) {
    case NODE_ABSENT:
    case NODE_NULL:
        return true;
    case NODE_STRING:
        return node_str(value)[0] == '\0';
    case NODE_ARRAY:
    case NODE_OBJECT:
        return node_count(value) == 0;
    case NODE_BOOL:
    case NODE_INT:
    case NODE_REAL:
        return false;
    }
    return false;
}

static struct node *normal_object(struct doc *doc, const struct node *value)
{
    struct node *out = node_new_object(doc);
    struct node_iter it = node_iterate(value);
    while (node_next(&it)) {
        struct node *member = normal(doc, it.value);
        if (!says_nothing(member) || means_all_when_empty(it.key, member)) {
            node_set(doc, out, it.key, member);
        }
    }
    return out;
}

/* Empty elements stay: the places in a list count. */
static struct node *normal_array(struct doc *doc, const struct node *value)
{
    struct node *out = node_new_array(doc);
    struct node_iter it = node_iterate(value);
    while (node_next(&it)) {
        node_push(out, normal(doc, it.value));
    }
    return out;
}

static struct node *normal(struct doc *doc, const struct node *value)
{
    switch (node_type(value)) {
    case NODE_OBJECT:
        return normal_object(doc, value);
    case NODE_ARRAY:
        return normal_array(doc, value);
    default:
        return node_copy(doc, value);
    }
}

/* The template's normal form as a node of `doc`. */
static struct node *normal_template(struct doc *doc, const struct node *pod_template)
{
    doc_set_root(doc, node_copy(doc, pod_template));
    node_remove(node_at(doc_root(doc), "metadata", "annotations"), "flagger-id");
    return normal(doc, doc_root(doc));
}

bool revision_same_template(const struct node *a, const struct node *b)
{
    struct doc *left = doc_new(), *right = doc_new();
    bool same = node_equal(normal_template(left, a), normal_template(right, b));
    doc_free(left);
    doc_free(right);
    return same;
}

void revision_of_template(const struct node *pod_template, char out[static REVISION_SIZE])
{
    struct doc *doc = doc_new();
    struct buf text;
    buf_init(&text, SIZE_MAX);
    node_write_sorted(normal_template(doc, pod_template), &text);
    char digest[65];
    hash_sha256(buf_str(&text), text.len, digest);
    snprintf(out, REVISION_SIZE, FORMAT "%.*s", DIGITS, digest);
    buf_fini(&text);
    doc_free(doc);
}

/* "x-primary" → "x" under `key`. */
static void strip_suffix(struct doc *doc, struct node *object, const char *key)
{
    const char *name = node_str(node_get(object, key));
    if (name != NULL && str_has_suffix(name, "-primary")) {
        char *plain = str_dup_n(name, strlen(name) - strlen("-primary"));
        node_set_str(doc, object, key, plain);
        str_free(&plain);
    }
}

static void on_config(void *doc, const struct config_reference *reference)
{
    strip_suffix(doc, reference->holder, reference->key);
}

bool revision_of_primary_template(const struct node *pod_template, const char *target,
                                  const struct node *selector_match_labels, char out[static REVISION_SIZE])
{
    struct doc *doc = doc_copy(pod_template);
    struct node *root = doc_root(doc);
    struct node_iter it = node_iterate(selector_match_labels);
    while (node_next(&it)) {
        strip_suffix(doc, node_at(root, "metadata", "labels"), it.key);
    }
    config_reference_each(node_get(root, "spec"), on_config, doc);
    char *primary = str_format("%s-primary", target);
    affinity_rename(doc, node_get(root, "spec"), NULL, primary, target);
    str_free(&primary);
    revision_of_template(root, out);
    bool certain = node_equal(node_get(root, "spec"), node_get(pod_template, "spec"));
    doc_free(doc);
    return certain;
}

bool revision_is_ours(const char *text)
{
    size_t prefix = strlen(FORMAT);
    return str_has_prefix(text, FORMAT) && strlen(text) == prefix + DIGITS &&
           strspn(text + prefix, "0123456789abcdef") == DIGITS;
}
