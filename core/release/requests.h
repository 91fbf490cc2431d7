/* What people asked of a release and what was acted on (canary/request.h), as the Release has it: spec.request, which
 * began it (a retry), and status.requests. An entry goes on record before anything follows from it, so that whatever
 * dies, a request is acted on once, and its answer can be given by another engine.
 *
 *   status.requests: [{id, verb, gate, by, reason, at, acted, used}]    acted: when; used: when an approval was spent
 *
 * What follows from an entry is asked of it here: a promotion skips the rest of the analysis, an approval opens its
 * gate. That of a gate which a release passes once (confirm-rollout, confirm-promotion) holds for the release, because
 * such a gate may be asked more than once on the way; that of any other gate opens it once. */
#pragma once

#include "canary/request.h"

enum { REQUESTS_MAX = 64 }; /* beyond that the oldest approval that is spent goes */

struct requests {
    struct doc *list;  /* root absent: none */
    struct doc *begun; /* spec.request; root absent: none */
};

/* From a whole Release. */
void requests_read(struct requests *requests, const struct node *release);
void requests_fini(struct requests *requests);
/* Sets `requests` in the status of a Release, when there are some. */
void requests_write(const struct requests *requests, struct doc *doc, struct node *status);

/* The entry with this id of a Release, also as the store has it; NULL: it has none. */
const struct node *requests_find(const struct node *release, const char *id);
/* The same of one that runs. */
const struct node *requests_entry(const struct requests *requests, const char *id);
/* An entry as a node of `doc`; `gate` NULL: none. */
struct node *requests_new_entry(struct doc *doc, const struct request *request, const char *gate, int64_t now_wall_ms);
void requests_add(struct requests *requests, const struct request *request, const char *gate, int64_t now_wall_ms);

/* Wall clock: when the last one was acted on; 0: none was. */
int64_t requests_last_ms(const struct requests *requests);
/* The promotion that was asked for; NULL: none. */
const struct node *requests_promotion(const struct requests *requests);
/* True when this gate was approved; *who becomes by whom and why (str_free). An approval that opens its gate once is
 * spent by this. */
bool requests_take_approval(struct requests *requests, const char *gate, int64_t now_wall_ms, char **who);
/* Who asked for an entry and why: "alice: INC-4711" (str_free). */
char *requests_who(const struct node *entry);
