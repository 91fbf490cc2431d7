/* DaemonSets: one Pod on the node. */
#pragma once

#include "base/doc.h"
#include "sim/controllers/graph.h"

struct controllers;

void daemon_set_look(struct controllers *c, struct item *item);
