/* ReplicaSets: they make and delete Pods. */
#pragma once

#include "base/doc.h"
#include "sim/controllers/graph.h"

struct controllers;

void replica_set_look(struct controllers *c, struct item *item);
