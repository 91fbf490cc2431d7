/* One question to an adapter that a Check brings (spec.adapters).
 *
 *     the text that the release has pinned ──┐
 *     the Check (store): its URLs, as of now ├──> the adapter, in a VM of its own ──> what it says
 *     its Secret, read now ──────────────────┘
 *
 * The text is of one version with the script that asks. Whom it may ask, and with which Secret, is what the Check says
 * at that moment, so that it can be taken back from a release that is under way; and never what a Release says. */
#pragma once

#include "context/context.h"
#include "release/release.h"

struct check_adapter_question {
    const char *module;   /* of the Check's script, as metrics have it (canary/check_ref.h) */
    const char *adapter;  /* its name in spec.adapters */
    const char *interval; /* of the metric, as written */
    const char *query;    /* filled in */
};

struct check_adapter_answer {
    const char *lacking;     /* there is no such adapter, and what there is instead; NULL: there is one */
    const struct node *said; /* by the adapter (lua/stdlib/provider.lua); NULL: nothing */
    const char *error;       /* why not; NULL: none */
};

struct check_adapter_call;
/* `answer` is borrowed. */
typedef void check_adapter_done_fn(void *ctx, const struct check_adapter_answer *answer);
/* Copies the question. `done` comes once, on a later turn, unless it is cancelled. */
struct check_adapter_call *check_adapter_ask(struct context *context, const struct release *release,
                                             const struct canary *canary, const struct check_adapter_question *question,
                                             check_adapter_done_fn *done, void *ctx);
void check_adapter_cancel(struct check_adapter_call *call);

/* What is wrong with spec.adapters of a Check (mem_free); NULL: nothing. `sources`: its texts, {module: text}. */
char *check_adapters_fault(const struct context *context, const char *module, const struct node *sources,
                           const struct node *adapters);

/* The module of an adapter's text (mem_free): "checks.shop.queue-depth.adapters.queue". */
char *check_adapter_module(const char *module, const char *adapter);
