/* The actor of one Canary: woken by name, it looks at the world and brings it one step closer to what the Canary says.
 *
 *                    ┌────────────── wake (a store changed, a write ended, a release settled) ◄─────────────┐
 *                    ▼                                                                                      │
 *   gone? refused? suspended? ─► open Release? ─► adopt ─► objects (reconcile.h) ─► initialised? ─► new revision?
 *
 * One thing at a time is under way; when it ends, the actor looks again from the top. At rest it holds no timer, no
 * request and no VM. */
#pragma once

#include "context/context.h"

struct actor;

struct actor_events {
    /* The Canary is gone, or another one has its name. The actor must be freed, and may be freed within this call. */
    void (*gone)(void *ctx);
    /* From now on the actor wants to be woken when one of these objects of the namespace changes, and by no others. */
    void (*watches)(void *ctx, const char *namespace, const struct str_list *objects);
};

struct actor *actor_new(struct context *context, const char *namespace, const char *name,
                        const struct actor_events *events, void *ctx);
/* Drops whatever is under way. */
void actor_free(struct actor *actor);

/* Look again on a later turn; many wakes make one look. */
void actor_wake(struct actor *actor);
/* A Release with this number exists, and is the Canary's. */
void actor_note_release(struct actor *actor, int64_t number);

/* True while a release is under way. */
bool actor_has_release(const struct actor *actor);

const char *actor_namespace(const struct actor *actor);
const char *actor_name(const struct actor *actor);
