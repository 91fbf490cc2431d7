#include "sim/api/custom.h"

#include "base/mem.h"
#include "base/str.h"
#include "sim/kinds/schema.h"

void custom_prune(const struct kind *kind, struct doc *object, struct str_list *unknown)
{
    struct str_list paths = {0};
    if (kind->schema == NULL) {
        return;
    }
    schema_prune(kind->schema, object, &paths);
    schema_default(kind->schema, object);
    for (size_t i = 0; unknown != NULL && i < paths.count; i++) {
        char *text = str_format("unknown field \"%s\"", paths.items[i]);
        str_list_push(unknown, text);
        mem_free(text);
    }
    str_list_fini(&paths);
}

void custom_default(const struct kind *kind, struct doc *object)
{
    if (kind->schema != NULL) {
        schema_default(kind->schema, object);
    }
}

void custom_validate(const struct kind *kind, const char *subresource, const struct node *object,
                     const struct node *existing, struct doc *causes)
{
    if (kind->schema == NULL) {
        return;
    }
    struct doc *found = existing != NULL ? schema_validate_update(kind->schema, object, existing, subresource)
                                         : schema_validate(kind->schema, object);
    struct node_iter it = node_iterate(doc_root(found));
    while (node_next(&it)) {
        node_push(doc_root(causes), node_copy(causes, it.value));
    }
    doc_free(found);
}
