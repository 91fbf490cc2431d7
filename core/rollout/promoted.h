/* What the primary that is there was made from, or what was promoted to it last: asked when no status says so, because
 * the initialisation ends, because Flagger wrote it, or because it was lost.
 *
 * Of its tracked configs whoever made it knows, too, and has recorded it in status.trackedConfigs while the phase is
 * Initializing; else the copies tell, as far as they are there. (A copy that somebody deleted tells nothing: then the
 * target's config counts as the one that was copied, as nothing says that it is another.)
 *
 * Of the revision three things know, in this order: who made it (this engine a moment ago, or a Release whose uid the
 * primary carries as its flagger-id); the primary's own digest, where undoing the renames leaves no doubt; and the
 * comparison of workload/likeness.h, which costs two to four requests. */
#pragma once

#include "context/context.h"
#include "workload/revision.h"

/* What an actor remembers of its primary. All zeros at first. */
struct promoted_memory {
    char made_id[40];                  /* flagger-id of the primary that this engine made… */
    char made_revision[REVISION_SIZE]; /* …and the target's revision then… */
    struct doc *made_configs;          /* …and the checksums of its configs; NULL: it made none */
    char *compared;                    /* what likeness.h compared last (likeness_pair); NULL: nothing yet */
    bool alike;
};
void promoted_memory_fini(struct promoted_memory *memory);

/* The checksums of the configs that this engine made the live primary from; NULL: another one made it, or it has no
 * such configs. Borrowed from `memory`. */
const struct node *promoted_made_configs(struct context *context, const struct canary *canary,
                                         const struct promoted_memory *memory);

struct promoted {
    char *revision; /* NULL: there is no primary */
    struct doc *checksums;
    bool owned;
};
/* `now`: the target's digest and tracked configs. False: the two must be compared first. To be ended with promoted_fini
 * either way. */
struct target_now;
bool promoted_init(struct promoted *promoted, struct context *context, const struct canary *canary,
                   const struct target_now *now, const struct promoted_memory *memory);
/* The copies of configs that are not what was copied: "configmap/x" of each is added to `names`. */
void promoted_list_changed_copies(struct context *context, const struct canary *canary, const struct node *checksums,
                                  struct str_list *names);
/* As far as it is known without a comparison. */
void promoted_init_guessed(struct promoted *promoted, struct context *context, const struct canary *canary);
void promoted_fini(struct promoted *promoted);
