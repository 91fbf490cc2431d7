/* The operations behind host.call (lua/stdlib/_meta/operations.lua is their contract). */
#pragma once

#include "rollout/run.h"

struct operation {
    const char *name;
    bool recorded; /* the journal notes what it answered */
    /* True: *answer is set (may happen on any call); false: run_answer comes later, or the release ends. `run->intent` is set when a record of it exists whose
     * effect may or may not have happened. */
    bool (*start)(struct run *run, struct doc **answer);
    /* Something changed while it waits; NULL: does not care. */
    void (*poke)(struct run *run);
};

/* NULL for an unknown name. */
const struct operation *operation_find(const char *name);
/* Stops what the operation under way waits for. */
void operation_cancel(struct run *run);
