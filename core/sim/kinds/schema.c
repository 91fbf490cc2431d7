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

struct schema *schema_parse(const struct node *openapi, struct err *err)
{
    struct schema *schema = mem_new(struct schema);
    schema->doc = doc_copy(openapi);
    schema->root = rule_parse(doc_root(schema->doc), err);
    schema->has_validations = has_validations(doc_root(schema->doc));
    if (schema->root == NULL) {
        schema_free(schema);
        return NULL;
    }
    schema->root->embedded = true; /* as any object of a kind */
    return schema;
}

void schema_free(struct schema *schema)
{
    if (schema == NULL) {
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
