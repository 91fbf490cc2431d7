/* The controllers that a rollout needs, over the API server's write path: Deployment, ReplicaSet, Pods that become
 * Ready, HorizontalPodAutoscaler, garbage collection by owner references, Namespace. They are woken by changes
 * (objects_listen), never poll, and act on later turns of the clock, so that a change is seen by clients before its
 * consequences. */
#pragma once

#include "sim/api/api.h"
#include "sim/ground/behaviour.h"

struct controllers;

struct controllers *controllers_new(struct api *api, struct clock *clock, const struct behaviours *behaviours);
void controllers_free(struct controllers *controllers);
/* While the node is full, a Pod that is not bound to it stays Pending. */
void controllers_set_full(struct controllers *controllers, bool full);
