/* What proves that a target's pod template is the one that was looked at before, whatever its digest says now:
 * status.lastTrackedRevision, "<uid>/<generation>[/<deployment revision>]".
 *
 * The API server counts generations with every change of a spec, and the Deployment controller counts revisions with
 * every change of a template. So a new engine with another digest, or an API server that learns a new default and
 * serves it in every template, moves neither. The last part is written only while the controller has seen the
 * generation: before that its annotation speaks of an older template. Flagger writes the same text. */
#pragma once

#include <stdbool.h>

#include "base/doc.h"

/* The text for a pruned target; NULL when its server counts no generations. The caller frees it (str_free). */
char *tracked_revision_new(const struct node *deployment);
/* True when the target has the pod template that it had when `recorded` was written. */
bool tracked_revision_proves(const char *recorded, const struct node *deployment);
/* True when `recorded` was written of another object than this one. */
bool tracked_revision_is_of_another(const char *recorded, const struct node *workload);
/* True when the text for this target would prove more than `recorded`. A text with a deployment revision stays valid
 * when replicas change, so a text without one does not replace it. */
bool tracked_revision_is_due(const char *recorded, const struct node *deployment);
/* True when the controller has seen the target as it is. */
bool tracked_revision_is_settled(const struct node *deployment);
