/* Is there a new revision? And what to make of a Canary whose status this engine did not write. */
#pragma once

#include "context/context.h"
#include "rollout/promoted.h"

/* What the target is now. */
struct release;

struct target_now {
    char *digest;            /* of its template */
    char *revision;          /* the same, or the recorded revision if the template is proven to be unchanged since */
    struct doc *checksums;   /* tracked configs, in the words of the status where they match; root absent: none */
    struct doc *fresh;       /* the same in the words of this engine */
    struct str_list configs; /* their names, tracked or missing: what to watch */
};
/* False with Flagger's words when the target or a mandatory config is missing; `configs` is filled all the same. */
/* `canary` may have a status that proves the template to be an old one (workload/tracked_revision.h). */
bool target_now_init(struct target_now *now, struct context *context, const struct canary *canary, struct err *err);
void target_now_fini(struct target_now *now);

/* True when the target has a new revision: a template that is neither the last applied nor the last promoted one, or
 * other tracked configs (docs/flagger.md, "Revisions"). */
bool detect_change(const struct canary *canary, const struct target_now *now, bool config_tracking);
/* In mid-run: true when the target is at another revision than this one. Going back to the promoted revision counts
 * too (Flagger goes on with the abandoned one). */
bool detect_change_from(const char *revision, const struct node *checksums, const struct target_now *now,
                        bool config_tracking);

/* No release is open, but the phase says that the primary has been promoted, and the revision that was promoted is on
 * record: what is left is to finish that promotion. Nothing is analysed once more. */
bool detect_unfinished(const struct canary *canary);
/* In mid-run: the last Release stepped aside for another strategy, and the revision is still the same. */
bool detect_other_strategy(const struct canary *canary, const struct target_now *now, const struct doc *latest,
                           bool config_tracking);
/* Its revision is promoted, or about to be: nothing of it is analysed any more. The status says Succeeded of the
 * release before, too, but then of another revision. */
bool detect_promoted(const struct canary *canary, const struct release *release, bool config_tracking);

/* The status patch that brings this phase, the counters as they are, and what the target is now. */
struct doc *detect_sync(struct context *context, const struct canary *canary, const struct target_now *now,
                        const char *phase);

/* The status patch that ends the initialisation: what the primary was made from, template and configs, counts as
 * promoted. NULL: what that is must be found out by a comparison first (rollout/promoted.h). */
struct doc *detect_initialised(struct context *context, const struct canary *canary, const struct target_now *now,
                               const struct promoted_memory *memory);

/* Nothing runs, and the target is another object than the one that the status speaks of: renamed, or made again. True
 * when its primary is missing, and will be made from it, or was made from it: then nothing is left to be analysed, and
 * the Canary is initialised anew. `compare` is set when a comparison must tell first. */
bool detect_new_target(struct context *context, const struct canary *canary, const struct target_now *now,
                       const struct promoted_memory *memory, bool *compare);

/* The status patch with which that begins: nothing is recorded of another target's configs. */
struct doc *detect_anew(struct context *context, const struct canary *canary);
/* The status patch that records, while the Canary is initialised, which configs its primary was made from. */
struct doc *detect_configs(const struct canary *canary, const struct node *checksums);

/* The status patch that adopts a Canary which Flagger managed, or whose status was lost while its primary is there;
 * NULL when there is nothing to adopt, or `compare` is set: then a comparison must tell first. */
struct doc *detect_adoption(struct context *context, const struct canary *canary, const struct target_now *now,
                            const struct promoted_memory *memory, bool *compare);

/* At rest without a new revision: the status patch that updates the recorded digest and its proof; NULL when both
 * are up to date. */
struct doc *detect_rebaseline(struct context *context, const struct canary *canary, const struct target_now *now);

/* The status to write when it was lost while this release runs, from what is known without the script. */
struct doc *detect_lost_status(struct context *context, const struct canary *canary, const struct release *release);
