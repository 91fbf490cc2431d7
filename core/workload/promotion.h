/* One operation: copy the target to the primary, configs first. Used to create the primary and to promote.
 *
 *   GET target ─ revision and configs as wanted? ─ for each tracked config: GET source, write copy
 *   create or patch the primary
 *
 * A conflict on the primary reads it again, up to 5 times. */
#pragma once

#include "kube/client.h"
#include "kube/store.h"
#include "workload/primary.h"
#include "workload/tracked_config.h"

struct promotion_options {
    struct kube_client *client;
    struct clock *clock;
    struct store *workloads; /* takes in what is written, and so do those of the configs */
    struct config_stores config_stores;
    const struct node *canary; /* copied */
    /* The revision to promote (revision.h). NULL: create a missing primary from the current target; a primary that
     * is there stays as it is. */
    const char *revision;
    /* The tracked configs of that revision (status.trackedConfigs; copied). NULL: the current ones. */
    const struct node *configs;
    const char *promotion_id;
    /* NULL, or room for REVISION_SIZE that outlives the operation: gets the revision of the target that is copied */
    char *made;
    /* NULL, or a document that outlives the operation: gets the checksums of the configs that are copied */
    struct doc *made_configs;
    const struct str_list *selector_labels, *label_prefixes; /* outlive the operation */
    bool config_tracking;
};

struct promotion;
/* err->code CONFLICT with "target … is at revision …, wanted …" when the target, or one of its configs, is not the
 * wanted one. The texts are Flagger's: "createPrimaryDeployment failed: …", "updating deployment %s.%s template spec
 * failed: …". */
typedef void promotion_done_fn(void *ctx, const struct err *err);
struct promotion *promotion_start(const struct promotion_options *options, promotion_done_fn *done, void *ctx);
void promotion_cancel(struct promotion *promotion);
