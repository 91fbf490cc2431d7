#include "sim/kinds/schema.h"

#include "base/mem.h"
#include "sim/kinds/rule.h"

static bool has_validations(const struct node *n)
{
    if (node_count(node_get(n, "x-kubernetes-validations")) > 0) {
        return true;
    }
    struct node_iter it = node_iterate(n);
    while (node_next(&it)) {
        if (has_validations(it.value)) {
            return true;
        }
    }
    return false;
}

/* --- schemas that were parsed already ---
 *
 * A definition is checked and then served, and each cluster of a process defines the same kinds. The schemas that were
 * parsed last are kept until the process ends, whichever clusters do; schema_free gives up a share. */

enum { KEPT_MAX = 32 };

static struct schema *kept[KEPT_MAX];
static size_t next_kept;

static struct schema *find_kept(const struct node *openapi)
{
    for (size_t i = 0; i < KEPT_MAX; i++) {
        if (kept[i] != NULL && node_equal(doc_root(kept[i]->doc), openapi)) {
            kept[i]->owners++;
            return kept[i];
        }
    }
    return NULL;
}

static void keep(struct schema *schema)
{
    schema_free(kept[next_kept]);
    kept[next_kept] = schema;
    schema->owners++;
    next_kept = (next_kept + 1) % KEPT_MAX;
}

/* --- life --- */

struct schema *schema_parse(const struct node *openapi, struct err *err)
{
    struct schema *schema = find_kept(openapi);
    if (schema != NULL) {
        return schema;
    }
    schema = mem_new(struct schema);
    schema->owners = 1;
    schema->doc = doc_copy(openapi);
    schema->root = rule_parse(doc_root(schema->doc), err);
    schema->has_validations = has_validations(doc_root(schema->doc));
    if (schema->root == NULL) {
        schema_free(schema);
        return NULL;
    }
    schema->root->embedded = true; /* as any object of a kind */
    keep(schema);
    return schema;
}

void schema_free(struct schema *schema)
{
    if (schema == NULL || --schema->owners > 0) {
        return;
    }
    rule_free(schema->root);
    doc_free(schema->doc);
    mem_free(schema);
}

const struct node *schema_openapi(const struct schema *schema)
{
    return doc_root(schema->doc);
}
