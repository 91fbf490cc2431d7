#include "app/shadow_scope.h"

#include <stdio.h>

/* Who may not read it is not told so: that is no need of the command's. */
static bool is_missing(struct session *session, const char *namespace)
{
    static const struct kube_resource namespaces = {"", "v1", "namespaces", "Namespace"};
    struct kube_request request = {.verb = KUBE_GET, .resource = &namespaces, .name = namespace};
    struct err err = {0};
    doc_free(session_ask(session, &request, &err));
    return err.code == ERR_NOT_FOUND;
}

bool shadow_scope_tell(struct session *session, const struct store *canaries, const struct str_list *names,
                       const char *namespace, struct err *err)
{
    for (size_t i = 0; i < names->count; i++) {
        if (!store_has(canaries, namespace, names->items[i])) {
            return err_set(err, ERR_NOT_FOUND, "there is no Canary %s in the namespace %s", names->items[i], namespace);
        }
    }
    size_t count = names->count > 0 ? names->count : store_count(canaries);
    fprintf(stderr, "sluice shadow: watches %zu Canar%s of ", count, count == 1 ? "y" : "ies");
    if (namespace == NULL) {
        fprintf(stderr, "all namespaces\n");
    } else {
        bool missing = count == 0 && is_missing(session, namespace);
        fprintf(stderr, "namespace %s%s\n", namespace, missing ? ", which does not exist so far" : "");
    }
    return true;
}
