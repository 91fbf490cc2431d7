/* Kubernetes events as client-go's recorder sends them: an equal message again is a PATCH of count and
 * lastTimestamp; from the tenth different message of the same object, type and reason on (with no pause of 10
 * minutes between two) all become one event, "(combined from similar events): …"; a token bucket per object and type
 * (burst 25, one more every 300 s) drops what is left. What people ask for has a bucket of its own and is not combined,
 * so nothing that the engine says by itself can drown it. */
#pragma once

#include "kube/client.h"

struct event_recorder;

/* `component`: source of the events ("flagger"). */
struct event_recorder *event_recorder_new(struct kube_client *client, struct clock *clock, const char *component);
/* Cancels what is under way. */
void event_recorder_free(struct event_recorder *recorder);

/* A millisecond of the wall clock, and the number of events before it in that millisecond. kubectl lists the events
 * of one second by name, and names sort by this: events that are told together, or faster than the clock ticks, keep
 * their order. */
struct event_moment {
    int64_t ms;
    size_t index;
};
/* The moment of the next event, told now or recorded to be told. */
struct event_moment event_moment_next(struct event_recorder *recorder);

struct event {
    const char *api_version, *kind, *namespace, *name, *uid, *resource_version; /* the involved object */
    const char *type;                                                           /* Normal, Warning */
    const char *reason;
    const char *message; /* cut at 1024 bytes, as the API server demands */
    /* NULL, or what the event's name is derived from: the same key again is the same event. AlreadyExists is done. */
    const char *key;
    struct event_moment moment; /* with a key: when it was first to be told */
    bool asked;                 /* it is about what a person has asked for */
};

/* `err` is set when the API server did not take the event, also after repetitions where these could help. An event
 * that the token bucket dropped is no error. */
typedef void event_done_fn(void *ctx, const struct err *err);
struct event_call;
/* `done` may be NULL: failures are logged. Events are sent at once; a caller that wants them in order waits for
 * `done`. */
struct event_call *event_start(struct event_recorder *recorder, const struct event *event, event_done_fn *done,
                               void *ctx);
/* Drops the caller's interest; the event itself may still be sent. */
void event_cancel(struct event_call *call);
/* Events not sent yet. */
size_t event_recorder_pending(const struct event_recorder *recorder);
