/* Garbage collection by owner references. */
#pragma once

#include "base/doc.h"
#include "sim/controllers/graph.h"

struct controllers;

/* Deletes the object when its owners have gone, and lets it wait for its dependents. False: the object is being
 * deleted, and no other controller needs to look at it. */
bool garbage_look(struct controllers *c, struct item *item);
/* What a change means for others, from inside the listener: only notes. `object` is the object as it is now or was
 * last. */
void garbage_note(struct controllers *c, struct item *item, const struct node *object);
void garbage_note_gone(struct controllers *c, struct item *item);
