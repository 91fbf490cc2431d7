/* The spec that a release goes by: what its Canary said when it was accepted last.
 *
 * A Canary that is edited in mid-run into something refused must not leave its release unjudged. So the release keeps
 * the spec that was accepted last, in its record, and reads its Canary through it: this spec, with the live metadata
 * and status. A Release is created with the spec of that moment (spec.accepted); a later one goes into its status
 * (status.accepted) with the next flush. Both are text, because a merge patch of an object keeps the keys that it does
 * not name.
 *
 * A strategy may say something else than its Canary for the time of the release: whose requests its share is of. Such
 * fields of spec.analysis are put over whatever the Canary says (status.overrides, text too). */
#pragma once

#include "context/context.h"

/* A longer spec is not recorded: two of them, beside the scripts and the journal, must fit into one object. */
enum { ACCEPTED_SIZE_MAX = 256 * 1024 };

struct accepted {
    struct doc *spec;      /* NULL: not known, as in a Release of an older engine */
    int64_t generation;    /* metadata.generation of the Canary that said so; 0: not known */
    struct doc *overrides; /* {match, mirrorWeight}; NULL: none */
    bool unsaved;          /* not on record yet */
    bool sent;             /* with the flush under way */
};

/* Reads the accepted spec from a whole Release; a spec that cannot be read counts as not known. */
void accepted_read(struct accepted *accepted, const struct node *release);
void accepted_fini(struct accepted *accepted);

/* From now on these fields of spec.analysis count in place of the Canary's. */
void accepted_override(struct accepted *accepted, const struct node *analysis);
/* Puts them over a Canary that was read without them. False: refused with them, as by canary_init. */
bool accepted_apply(const struct accepted *accepted, const struct canary_defaults *defaults, struct canary *canary,
                    struct err *err);
/* Makes the spec of this Canary the accepted one. */
void accepted_take(struct accepted *accepted, const struct canary *canary);
/* True when the Canary's spec is the accepted one. */
bool accepted_is(const struct accepted *accepted, const struct canary *canary);

/* Sets `accepted` in the spec or status of a Release. */
void accepted_write(const struct accepted *accepted, struct doc *doc, struct node *parent);

/* The Canary from the store, with the accepted spec in place of its own; with its own spec when none is known.
 * Otherwise as context_canary. */
bool accepted_canary(const struct accepted *accepted, struct context *context, const char *namespace, const char *name,
                     struct canary *canary, struct err *err);
