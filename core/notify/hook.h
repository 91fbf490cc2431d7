/* Webhooks of a Canary (docs/flagger.md, "Hooks"): one call with its retries, and what is sent. */
#pragma once

#include "canary/canary.h"
#include "io/clock.h"
#include "io/http.h"

/* True when a hook belongs to this type; a hook without a type is a "rollout" hook. */
bool hook_is_type(const struct node *hook, const char *type);

/* {"name","namespace","phase","checksum","metadata"}: the body of an ordinary hook. */
char *hook_payload(const struct canary *canary, const struct node *hook, const char *phase);
/* The body of an event hook: `hook` may be NULL for the global event webhook. */
char *hook_event_payload(const struct canary *canary, const struct node *hook, const char *phase, const char *type,
                         const char *message, int64_t now_wall_ms);
/* The checksum that hooks carry (docs/flagger.md, "Hook checksum"). */
void hook_checksum(const struct canary *canary, char out[static 16]);

struct hook_options {
    struct http *http;
    struct clock *clock;
    const struct node *hook; /* url, timeout, retries, disableTLS; borrowed until hook_start returns */
    const char *body;
    const char *key; /* header Sluice-Key: the same for every repetition of the same delivery; NULL: none */
    /* What a hook that passed has answered, before `done`; NULL: nobody wants to know. */
    void (*heard)(void *ctx, const char *body, size_t len);
};

struct hook_call;
struct hook_outcome {
    const char *error; /* NULL when it passed (status up to 202) */
    int status;        /* of the last answer; 0: there was none */
    int64_t took_ms;   /* with all attempts, and what lies between them */
};
typedef void hook_done_fn(void *ctx, const struct hook_outcome *outcome);
struct hook_call *hook_start(const struct hook_options *options, hook_done_fn *done, void *ctx);
void hook_cancel(struct hook_call *call);

/* Adds what people want to know of it besides: status, if there was an answer, and took_ms. */
void hook_tell(struct doc *doc, struct node *object, const struct hook_outcome *outcome);
