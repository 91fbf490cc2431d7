/* A Deployment's size, and how its ReplicaSets share it. */
#pragma once

#include "sim/controllers/deployment/deployment.h"

int64_t scale_total(const struct deployment *d);
/* How many Pods the newest set may have now; `set` NULL: it is not made yet. */
int64_t scale_of_newest(const struct deployment *d, const struct replica_set *set);
/* False: it had that size. */
bool scale_set(struct deployment *d, struct replica_set *set, int64_t size);
/* desired-replicas and max-replicas; false: they were so. */
bool scale_annotate(const struct deployment *d, struct doc *set);
/* Did the Deployment's size change since its sets were scaled last? */
bool scale_has_changed(const struct deployment *d);
/* Brings its sets to its size, all in proportion while it is being rolled out. */
void scale_to_size(struct deployment *d);
