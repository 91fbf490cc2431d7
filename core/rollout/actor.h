/* The actor of one Canary: woken by name, it looks at the world and brings it one step closer to what the Canary says.
 *
 *                    ┌────────────── wake (a store changed, a write ended, a release settled) ◄─────────────┐
 *                    ▼                                                                                      │
 *   gone? refused? suspended? ─► open Release? ─► adopt ─► objects (reconcile.h) ─► initialised? ─► new revision? ─► Release
 *
 * One thing at a time is under way; when it ends the actor looks again from the top. At rest it holds no timer, no request and no VM. */
#pragma once

#include "rollout/engine.h"

struct actor *actor_new(struct house *house, const char *namespace, const char *name);
/* Drops whatever is under way. */
void actor_free(struct actor *actor);

/* Look again on a later turn; many wakes make one look. */
void actor_wake(struct actor *actor);
/* A Release with this number exists. */
void actor_note_release(struct actor *actor, int64_t number);

const char *actor_namespace(const struct actor *actor);
const char *actor_name(const struct actor *actor);
