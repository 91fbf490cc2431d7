/* What people asked of a release and what was acted on (canary/request.h), as the Release has it: spec.request, which
 * began it (a retry), and status.requests. An entry goes on record before anything follows from it, so that whatever
 * dies, a request is acted on once, and its answer can be given by another engine.
 *
 *   status.requests: [{id, verb, gate, by, reason, at, acted, used}]    acted: when; used: when an approval was spent
 *                    [{verb: pause, through, reason, acted}]            of nobody's request: through which field
 *
 * So that the record says when the release stood still, every pause is in there, and every end of one, also where
 * nobody sent a request: GitOps writes the annotation alone. What holds it is the last of these entries.
 *
 * What follows from an entry is asked of it here: a promotion skips the rest of the analysis, an approval opens its
 * gate. That of a gate which a release passes once (confirm-rollout, confirm-promotion) holds for the release, because
 * such a gate may be asked more than once on the way; that of any other gate opens it once. */
#pragma once

#include "canary/pause.h"
#include "canary/request.h"

enum { REQUESTS_MAX = 64 }; /* beyond that the oldest one goes that nothing follows from any more */

struct requests {
    struct doc *list;     /* root absent: none */
    struct doc *begun;    /* spec.request; root absent: none */
    int64_t added, heard; /* entries, and those of which a look has begun since */
};

/* From a whole Release. */
void requests_read(struct requests *requests, const struct node *release);
void requests_fini(struct requests *requests);
/* Sets `requests` in the status of a Release, when there are some. */
void requests_write(const struct requests *requests, struct doc *doc, struct node *status);

/* The entry with this id of a Release, also as the store has it; NULL: it has none. */
const struct node *requests_find(const struct node *release, const char *id);
/* The last such entry of its status.requests alone. */
const struct node *requests_in(const struct node *list, const char *id);
/* The same of one that runs. */
const struct node *requests_entry(const struct requests *requests, const char *id);
/* An entry as a node of `doc`; `gate` NULL: none. */
struct node *requests_new_entry(struct doc *doc, const struct request *request, const char *gate, int64_t now_wall_ms);
void requests_add(struct requests *requests, const struct request *request, const char *gate, int64_t now_wall_ms);

/* `request`: of which that came; NULL: of none. */
void requests_add_pause(struct requests *requests, const struct pause *pause, const struct request *request,
                        int64_t now_wall_ms);
void requests_add_resume(struct requests *requests, const struct request *request, int64_t now_wall_ms);

/* The pause that holds a release with this status.requests, or the list of one that runs; NULL: none does. */
const struct node *requests_pause(const struct node *list);
/* The last entry of a pause, or of its end; NULL: there is none. */
const struct node *requests_last_pause(const struct node *list);
/* True when this entry says of a pause what the Canary says. NULL: it does not. */
bool requests_is_pause(const struct node *entry, const struct pause *pause);
/* The field of the Canary through which it came. */
const char *requests_through(const struct node *entry);

/* True when a look is due at once: something was asked after the last one began, at that moment of the wall clock, or
 * in the same millisecond and it has not heard of it. A pause, and its end, bring none. */
bool requests_are_due(const struct requests *requests, int64_t since_ms);
/* A look begins, which goes by all that was asked. */
void requests_note_look(struct requests *requests);
/* The promotion that was asked for; NULL: none. */
const struct node *requests_promotion(const struct requests *requests);
/* True when this gate was approved; *who becomes by whom and why (str_free). An approval that opens its gate once is
 * spent by this. */
bool requests_take_approval(struct requests *requests, const char *gate, int64_t now_wall_ms, char **who);
/* Who asked for an entry and why: "alice: INC-4711" (str_free). */
char *requests_who(const struct node *entry);
