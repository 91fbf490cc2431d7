// room: sim/kinds
/* libFuzzer: {"schema": …, "object": …, "old": …}. What must hold: a schema is read or refused with a reason; pruning
 * and defaulting twice is the same as once; every cause has its three parts. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/str.h"
#include "sim/kinds/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_causes(struct doc *causes)
{
    struct node_iter it = node_iterate(doc_root(causes));
    while (node_next(&it)) {
        must(!str_empty(node_str(node_get(it.value, "field"))) && !str_empty(node_str(node_get(it.value, "reason"))) &&
             !str_empty(node_str(node_get(it.value, "message"))));
    }
    doc_free(causes);
}

static void use(const struct schema *schema, const struct node *object, const struct node *old)
{
    struct str_list unknown = {0};
    struct doc *once = doc_copy(object);
    schema_prune(schema, once, NULL);
    struct doc *twice = doc_copy(doc_root(once));
    schema_prune(schema, twice, &unknown);
    must(unknown.count == 0 && node_equal(doc_root(once), doc_root(twice)));
    str_list_fini(&unknown);
    schema_default(schema, once);
    doc_free(twice);
    twice = doc_copy(doc_root(once));
    schema_default(schema, twice);
    must(node_equal(doc_root(once), doc_root(twice)));
    check_causes(schema_validate(schema, object));
    check_causes(schema_validate_update(schema, doc_root(once), old, NULL));
    check_causes(schema_validate_update(schema, object, doc_root(once), "status"));
    doc_free(once);
    doc_free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    struct doc *doc = doc_parse((const char *)data, size, &err);
    if (doc == NULL)
        return 0;
    const struct node *object = node_get(doc_root(doc), "object");
    struct schema *schema = schema_parse(node_get(doc_root(doc), "schema"), &err);
    if (schema == NULL)
        must(!str_empty(err.text));
    else if (node_type(object) == NODE_OBJECT)
        use(schema, object, node_get(doc_root(doc), "old"));
    schema_free(schema);
    doc_free(doc);
    return 0;
}
