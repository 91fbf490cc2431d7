/* Garbage collection by owner references. */
#pragma once

#include "base/doc.h"
#include "sim/controllers/graph.h"

struct controllers;

/* Of any object: have its owners gone, does it wait for its dependents? False: the object is on its way out, so that nothing else needs to be done about it. */
bool garbage_look(struct controllers *c, struct item *item);
/* What a change means for others, from inside the listener: only notes. `object` is the object as it is now or was last. */
void garbage_note(struct controllers *c, struct item *item, const struct node *object);
void garbage_note_gone(struct controllers *c, struct item *item);
