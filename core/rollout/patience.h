/* How often the objects of one Canary are repaired.
 *
 * An object that somebody changes back, or whose fields the API server does not keep, differs for ever or again and
 * again. It is written at once a few times, then once per interval as Flagger does; meanwhile its write is withheld,
 * the planning goes on with the next object (rollout/reconcile.h), and the difference is told (rollout/difference.h).
 * Each object counts for itself, because two engines that disagree do so about several at a time, and a look that finds
 * nothing to do proves nothing: the other one has not looked yet. Two intervals without a write make it a new object
 * again.
 *
 * A write that the API server refuses is withheld too, for an interval at first and then longer and longer; another
 * write of the same object is not. */
#pragma once

#include "io/clock.h"
#include "kube/write.h"

struct patience_object;

struct patience {
    struct patience_object *objects;
    struct patience_object *asked; /* the object of the last patience_wait_ms */
    int64_t interval_ms;
};

void patience_fini(struct patience *patience);
/* How long this write must wait; 0: not at all. After a failure that is no refusal the caller
 * waits by itself. */
int64_t patience_wait_ms(struct patience *patience, const struct clock *clock, const struct kube_write *write,
                         int64_t interval_ms);
/* Which object that was about; borrowed. */
const char *patience_asked(const struct patience *patience, const struct kube_resource **resource);
/* The API server took the write that was asked about last; the object has this resourceVersion since (NULL: not
 * known). */
void patience_note(struct patience *patience, const struct clock *clock, const char *version);
/* The API server refused the write that was asked about last, in these words. */
void patience_note_refused(struct patience *patience, const struct clock *clock, const char *why);
/* Why this write is withheld, when it was refused; NULL: it was not. */
const char *patience_refusal(const struct patience *patience, const struct kube_write *write);

/* --- of a write that is withheld --- */

/* The live object is still what our own last write made of it, so the API server itself has undone that. */
bool patience_is_undone_at_once(const struct patience *patience, const struct kube_write *write);
/* Have these differences been told? */
bool patience_has_told(const struct patience *patience, const struct kube_write *write, const char *differences);
void patience_note_told(struct patience *patience, const struct kube_write *write, const char *differences);
