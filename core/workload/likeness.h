/* One operation: would a primary that is made from the current target equal the live one?
 *
 *   GET target ─ GET primary ─ equal templates?
 *   if not: PATCH primary (dry run) with what a promotion would write ─ equal templates?
 *   if not: PATCH primary (dry run) with its own template ─ equal to what came of the promotion?
 *
 * This compares forwards, because how a primary is made cannot be undone: a config or an affinity term called
 * "x-primary" may be a copy's name or the target's own, and keys of Flux's are gone. Both templates come from the
 * same API server, so both carry its defaults; the dry run adds whatever admission policies make of a template under
 * the primary's name. What they make of it may depend on the operation or on the writer (a stamp CREATE or UPDATE, a
 * name of a user), so in the end both templates are tried in the same way. */
#pragma once

#include "kube/client.h"
#include "kube/store.h"
#include "workload/primary.h"

struct likeness_options {
    struct kube_client *client;
    struct store *workloads;                                 /* takes in what is read */
    const struct node *canary;                               /* copied */
    const struct node *checksums;                            /* the target's tracked configs; copied */
    const struct str_list *selector_labels, *label_prefixes; /* outlive the operation */
};

/* Names the compared pair: the generations of target and primary, and the names of the tracked configs. Takes whole
 * or pruned objects; the caller frees the text (str_free). */
char *likeness_pair(const struct node *target, const struct node *primary, const struct node *checksums);

struct likeness;
/* err: one of the two could not be read; `pair` is NULL then. */
typedef void likeness_done_fn(void *ctx, const char *pair, bool alike, const struct err *err);
struct likeness *likeness_start(const struct likeness_options *options, likeness_done_fn *done, void *ctx);
void likeness_cancel(struct likeness *likeness);
