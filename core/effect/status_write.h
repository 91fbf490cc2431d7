/* The write of a Canary's status. It always carries the proof of the revision that was looked at last
 * (workload/tracked_revision.h). */
#pragma once

#include "context/context.h"
#include "kube/write.h"

/* Fills the write of this patch of the status; takes `patch`. */
void status_plan_write(const struct context *context, const struct canary *canary, struct doc *patch,
                       struct kube_write *write);
/* True when whoever answers the API server's question says no to such a write, by a refusal or by a failure of its own
 * (500): the same write may fail for as long as the release lasts. */
bool status_write_is_refused(const struct err *err);
/* The proof on record; "" when there is none. */
const char *status_proof(const struct canary *canary);
