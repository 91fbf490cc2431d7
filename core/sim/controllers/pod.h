/* Pods: what a kubelet and a scheduler do. */
#pragma once

#include "base/doc.h"
#include "sim/controllers/graph.h"

struct controllers;

#define POD_NODE "node-1"

/* Its containers have ended for good: it counts for nobody. */
bool pod_is_over(const struct node *pod);
bool pod_is_ready(const struct node *pod);
/* Until it will have been Ready for `min_ready_s`: 0: it is available; negative: it is not Ready. */
int64_t pod_wait_ms(const struct controllers *c, const struct node *pod, int64_t min_ready_s);
/* One of the owner's template. */
struct doc *pod_new(const struct node *owner);

void pod_look(struct controllers *c, struct item *item);
