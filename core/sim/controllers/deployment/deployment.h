/* A Deployment and its ReplicaSets while one look lasts. */
#pragma once

#include "sim/controllers/controller.h"

#define REVISION "deployment.kubernetes.io/revision"
#define REVISION_HISTORY "deployment.kubernetes.io/revision-history"
#define DESIRED "deployment.kubernetes.io/desired-replicas"
#define MAX_REPLICAS "deployment.kubernetes.io/max-replicas"
#define TEMPLATE_HASH "pod-template-hash"

struct replica_set {
    struct doc *doc;
    char *name;
    int64_t replicas, actual, ready, available, ending, revision;
};

struct deployment {
    struct controllers *c;
    struct item *item;
    struct doc *doc;
    struct replica_set **sets; /* by creation, the oldest first */
    size_t count;
    struct replica_set *newest; /* the one of the template as it is now, one of `sets`; NULL: not made yet */
    int64_t replicas, surge, unavailable;
    bool is_rolling, has_deadline;
    int64_t deadline_s;
};

/* After the Deployment's or a set's doc was written. */
void deployment_reread(struct deployment *d);
void replica_set_reread(struct replica_set *set);
