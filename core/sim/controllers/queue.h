/* The queue of the objects that are to be looked at. A timer without delay empties it. What is queued meanwhile waits
 * for the next turn, so that clients see a change before its consequences. */
#pragma once

#include "sim/controllers/graph.h"

struct controllers;

/* On a later turn. */
void controller_wake(struct controllers *c, struct item *item);
/* After `delay_ms`; a look starts with no timer, so each says anew what it waits for. The earlier of two wishes
 * counts. */
void controller_wake_later(struct controllers *c, struct item *item, int64_t delay_ms);
/* Those of one kind that depend on it. */
void controller_wake_dependents(struct controllers *c, struct item *item, enum item_kind kind);
void controller_unqueue(struct controllers *c, struct item *item);
