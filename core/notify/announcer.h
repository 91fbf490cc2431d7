/* Messages about a Canary to people: each is a log line, a Kubernetes event and a call of the event hooks, one
 * message after the other. */
#pragma once

#include "notify/notify.h"

struct announcer;

struct announcer *announcer_new(const struct notify *notify, const char *namespace, const char *name);
/* Drops the messages that were not sent yet. */
void announcer_free(struct announcer *announcer);

struct announcement {
    const char *type;  /* Normal or Warning */
    const char *phase; /* what event hooks are told; NULL: the Canary's own */
    const char *text;
    const char *key;            /* the same key is the same message, sent again; NULL: none */
    struct event_moment moment; /* with a key (see kube/event.h) */
    bool asked;                 /* it is about what a person has asked for (the same) */
};

/* The announcement is copied. `done` may be NULL; its err says that the API server did not take the event. */
typedef void announcer_done_fn(void *ctx, const struct err *err);
void announce(struct announcer *announcer, const struct announcement *announcement, announcer_done_fn *done, void *ctx);
/* Sends a text without a key and without done. */
void announce_text(struct announcer *announcer, const char *type, const char *text);
/* No done with this ctx comes any more; the messages are still sent. */
void announcer_disown(struct announcer *announcer, const void *ctx);
