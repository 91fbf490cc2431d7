#include "effect/status_write.h"

#include <string.h>

#include "base/str.h"
#include "workload/facts.h"
#include "workload/tracked_revision.h"

const char *status_proof(const struct canary *canary)
{
    return node_str_or(node_get(canary->status, "lastTrackedRevision"), "");
}

bool status_write_is_refused(const struct err *err)
{
    enum { INTERNAL_ERROR = 500 };
    return err_is_refusal(err) || err->http_status == INTERNAL_ERROR;
}

static void set_proof(struct doc *patch, const char *text)
{
    struct node *status = node_get(doc_root(patch), "status");
    node_set(patch, status, "lastTrackedRevision", text != NULL ? node_new_str(patch, text) : node_new_null(patch));
}

static void track(const struct context *context, const struct canary *canary, struct doc *patch)
{
    const char *recorded = status_proof(canary);
    const char *applied = node_str_or(node_at(doc_root(patch), "status", "lastAppliedSpec"), canary->last_applied);
    struct doc *target = context_target(context, &canary->names);
    bool replaced = strcmp(applied, canary->last_applied) != 0;
    if (str_equal(applied, facts_revision(doc_root(target)))) {
        char *text = tracked_revision_new(doc_root(target));
        if (text != NULL && (replaced || tracked_revision_is_due(recorded, doc_root(target)))) {
            set_proof(patch, text);
        }
        str_free(&text);
    } else if (replaced && recorded[0] != '\0') {
        set_proof(patch, NULL); /* the recorded proof is about the revision before */
    }
    doc_free(target);
}

void status_plan_write(const struct context *context, const struct canary *canary, struct doc *patch,
                       struct kube_write *write)
{
    track(context, canary, patch);
    kube_write_patch(write, &KUBE_CANARIES, canary->root, patch, "updating canary %s status failed", canary->names.id);
    write->subresource = "status";
}
