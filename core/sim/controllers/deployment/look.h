/* One look at a Deployment, as the Deployment controller of Kubernetes takes it. */
#pragma once

#include "sim/controllers/graph.h"

struct controllers;

void deployment_look(struct controllers *c, struct item *item);
