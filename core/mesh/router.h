/* The router port: how a mesh is told which side gets which share of the traffic. A mesh is one row of verbs: three
 * planners (kube/write.h), and one verb for the causes that no plan can cure. It is one file (mesh/istio.c); its row
 * stands in canary/kinds.h.
 *
 * The routing object is the truth about weights: they are read back from it, and repair of drift keeps them. */
#pragma once

#include "base/str.h"
#include "canary/names.h"
#include "kube/stores.h"
#include "kube/write.h"

struct routes {
    int primary_pct, canary_pct;
    bool mirrored; /* a copy of the primary's requests goes to the canary */
};

struct router {
    const struct router_ops *ops;
    const struct stores *stores; /* those of ops->stores, and the Services */
    bool owned;                  /* set owner references: false when the mesh's API server is another cluster */
    void *memory;                /* what the mesh keeps between looks; NULL: nothing */
};

struct router_ops {
    const char *provider; /* as spec.provider and -mesh-provider have it */
    /* The resources that are watched on the mesh's API server. */
    const struct store_plan *stores;
    size_t store_count;
    /* Makes and frees router->memory. Without it the verbs work, and `warnings` says nothing. */
    void (*open)(struct router *router);
    void (*close)(struct router *router);

    /* The number of routing objects of a Canary, and the write that brings one of them in line. They are counted
     * from 0 in the order in which they are made. Weights and mirror stay as they are live. They are planned one at
     * a time, so that an object which cannot be repaired hides no other. */
    size_t objects;
    enum plan (*reconcile)(const struct router *router, const struct canary_names *names, const struct node *canary,
                           size_t object, struct kube_write *write, struct err *err);
    /* The live weights. False when the object is missing or names neither side, with Flagger's words, and when it is
     * not this Canary's (canary/ownership.h). */
    bool (*get_routes)(const struct router *router, const struct canary_names *names, const struct node *canary,
                       struct routes *routes, struct err *err);
    /* The write that gives each side its share; PLAN_DONE when the live object already says exactly that. */
    enum plan (*set_routes)(const struct router *router, const struct canary_names *names, const struct node *canary,
                            const struct routes *want, struct kube_write *write, struct err *err);
    /* Pushes one sentence for each cause that makes the mesh ignore the weights although the routing objects are in
     * line. `objects` (NULL: not wanted) gets the names of objects in the Canary's namespace whose change may end a
     * cause. */
    void (*warnings)(const struct router *router, const struct canary_names *names, const struct node *canary,
                     struct str_list *texts, struct str_list *objects);
};

/* True when the object holds exactly these weights and mirror. */
bool routes_equal(const struct routes *a, const struct routes *b);

/* The mesh of this provider, by its row in canary/kinds.h; NULL: none. */
const struct router_ops *router_of(const char *provider);
