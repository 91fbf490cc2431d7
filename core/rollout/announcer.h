/* What a canary tells people: each message is a log line, a Kubernetes event and a call of its event hooks, one message after the other. */
#pragma once

#include "rollout/engine.h"

struct announcer;

struct announcer *announcer_new(struct house *house, const char *namespace, const char *name);
/* Drops what was not sent yet. */
void announcer_free(struct announcer *announcer);

/* `type`: Normal or Warning. `phase`: what event hooks are told; NULL: the Canary's own. `key`: NULL, or what makes a repetition harmless (see
 * kube/event.h). `done` may be NULL; its err says that the API server did not take the event. */
typedef void announcer_done_fn(void *ctx, const struct err *err);
void announce(struct announcer *announcer, const char *type, const char *phase, const char *message, const char *key,
              announcer_done_fn *done, void *ctx);
/* No done with this ctx comes any more; the messages are still sent. */
void announcer_disown(struct announcer *announcer, const void *ctx);
bool announcer_is_idle(const struct announcer *announcer);
