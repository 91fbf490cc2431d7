#include "sim/traffic/workload_name.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static const struct node *controller_of(const struct node *object)
{
    struct node_iter it = node_iterate(node_at(object, "metadata", "ownerReferences"));
    while (node_next(&it)) {
        if (node_bool_or(node_get(it.value, "controller"), false)) {
            return it.value;
        }
    }
    return NULL;
}

static char *without_hash(const char *replica_set)
{
    const char *dash = strrchr(replica_set, '-');
    return dash != NULL ? str_dup_n(replica_set, (size_t)(dash - replica_set)) : str_dup(replica_set);
}

char *workload_name(const struct objects *objects, const struct node *pod)
{
    const struct node *metadata = node_get(pod, "metadata"), *owner = controller_of(pod);
    const char *name = node_str_or(node_get(owner, "name"), node_str_or(node_get(metadata, "name"), ""));
    if (!node_is(node_get(owner, "kind"), "ReplicaSet")) {
        return str_dup(name);
    }
    struct doc *replica_set =
        objects_read(objects, "apps/replicasets", node_str(node_get(metadata, "namespace")), name);
    const char *deployment = node_str(node_get(controller_of(doc_root(replica_set)), "name"));
    char *workload = deployment != NULL ? str_dup(deployment) : without_hash(name);
    doc_free(replica_set);
    return workload;
}
