/* Calls all webhooks of one type, one after the other, until the first failure (rollback hooks: until the first
 * success). */
#pragma once

#include "notify/hook.h"

struct hook_run_options {
    struct http *http;
    struct clock *clock;
    const struct canary *canary; /* borrowed until hook_run_start returns */
    const char *type, *phase;
    bool stop_at_success;
    const char *key_prefix; /* keys are "<prefix>/<hook name>", the second of that name "…/2"; NULL: no keys */
};

struct hook_run;
/* `results`: an array of {name, ok, error, status, took_ms, mute}; borrowed. */
typedef void hook_run_done_fn(void *ctx, const struct doc *results);
struct hook_run *hook_run_start(const struct hook_run_options *options, hook_run_done_fn *done, void *ctx);
void hook_run_cancel(struct hook_run *run);

/* True when the Canary has a hook of this type. */
bool hook_run_is_needed(const struct canary *canary, const char *type);
