#include "sim/traffic/canary_share.h"

#include <string.h>

#include "base/str.h"

static const char ROUTES[] = "networking.istio.io/virtualservices";

/* The last route that names a canary counts. */
static int share_of(const struct node *virtual_service)
{
    int share = -1;
    struct node_iter route = node_iterate(node_at(virtual_service, "spec", "http"));
    while (node_next(&route)) {
        struct node_iter it = node_iterate(node_get(route.value, "route"));
        while (node_next(&it)) {
            if (str_has_suffix(node_str_or(node_at(it.value, "destination", "host"), ""), "-canary")) {
                share = (int)node_int_or(node_get(it.value, "weight"), 0);
            }
        }
    }
    return share;
}

bool canary_share(const struct objects *objects, const char *namespace, const char *apex, int *share)
{
    struct doc *route = objects_read(objects, ROUTES, namespace, apex);
    bool found = route != NULL;
    if (found) {
        *share = share_of(doc_root(route));
    }
    doc_free(route);
    return found;
}

bool canary_share_changed(const struct objects_event *event, int *share)
{
    bool is_route = strcmp(event->storage, ROUTES) == 0;
    if (is_route) {
        *share = share_of(event->object);
    }
    return is_route;
}
