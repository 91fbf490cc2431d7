/* status.conditions of a Release, which tools read that know nothing of releases: kubectl wait, and kstatus of Flux and
 * kustomize.
 *
 *     state                                   Ready     Reconciling   Stalled      kstatus
 *     Running                                 Unknown   True          –            InProgress
 *     RollingBack                             False     True          –            InProgress
 *     Succeeded                               True      –             –            Current
 *     Failed, Superseded, Stalled, Halted     False     –             True         Failed
 *
 * All of it, times included, follows from the rest of the status, so it needs no memory and no write of its own. A
 * Release that was never written is InProgress by the default of observedGeneration in its CRD. */
#pragma once

#include "release/release.h"

/* Sets conditions and observedGeneration in `status`. */
void conditions_write(const struct release *release, struct doc *doc, struct node *status);
