/* What is wrong with an object, for programs that ask without a server. */
#include "base/mem.h"
#include "base/str.h"
#include "sim/api/api.h"
#include "sim/api/custom.h"
#include "sim/api/failure.h"
#include "sim/api/meta.h"
#include "sim/api/write.h"

/* A server puts five characters behind a generateName before it looks at the name. */
static void generate_name(struct doc *doc)
{
    struct node *metadata = node_ensure_object(doc, doc_root(doc), "metadata");
    const char *stem = node_str(node_get(metadata, "generateName"));
    if (str_empty(stem) || !str_empty(node_str(node_get(metadata, "name")))) {
        return;
    }
    char *name = str_format("%.58sxxxxx", stem);
    node_set_str(doc, metadata, "name", name);
    mem_free(name);
}

static void add_undecoded(struct doc *causes, const struct failure *f)
{
    struct node *cause = node_new_object(causes);
    node_set_str(causes, cause, "reason", f->reason);
    node_set_str(causes, cause, "message", f->message);
    node_set_str(causes, cause, "field", "metadata"); /* of a custom kind nothing else has a type of Go's */
    node_push(doc_root(causes), cause);
}

struct doc *api_find_faults(const struct kind *kind, const struct node *object, struct str_list *unknown)
{
    struct write write = {.kind = kind};
    struct failure f = {0};
    struct doc *causes = causes_new(), *doc = write_decode(&write, object, &f);
    if (doc == NULL) {
        add_undecoded(causes, &f);
    } else {
        generate_name(doc);
        if (kind->has_status) {
            node_remove(doc_root(doc), "status"); /* a new object begins without one */
        }
        meta_validate(kind, doc_root(doc), causes);
        custom_validate(kind, NULL, doc_root(doc), NULL, causes);
    }
    for (size_t i = 0; i < write.unknown.count; i++) {
        str_list_push(unknown, write.unknown.items[i]);
    }
    doc_free(doc);
    write_fini(&write);
    failure_fini(&f);
    return causes;
}
