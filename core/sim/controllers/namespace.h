/* Namespaces that end. */
#pragma once

#include "base/doc.h"
#include "sim/controllers/graph.h"

struct controllers;

void namespace_look(struct controllers *c, struct item *item);
void namespace_note(struct controllers *c, struct item *item);
void namespace_count(struct controllers *c, const char *namespace, int change);
