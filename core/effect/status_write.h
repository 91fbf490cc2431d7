/* The write of a Canary's status. It always carries the proof of the revision that was looked at last
 * (workload/tracked_revision.h). */
#pragma once

#include "context/context.h"
#include "kube/write.h"

/* Fills the write of this patch of the status; takes `patch`. */
void status_plan_write(const struct context *context, const struct canary *canary, struct doc *patch,
                       struct kube_write *write);
/* The proof on record; "" when there is none. */
const char *status_proof(const struct canary *canary);
