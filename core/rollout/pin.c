#include "rollout/pin.h"

#include "base/str.h"
#include "release/note.h"
#include "workload/facts.h"
#include "workload/tracked_config.h"

static bool read_configs(const struct release *release, const struct node *target, struct doc *checksums,
                         struct err *err)
{
    if (!release->context->config_tracking) {
        return true;
    }
    struct config_stores stores = context_configs(release->context);
    struct node *map = tracked_config_checksums(checksums, target, NULL, &stores, release->namespace, err);
    doc_set_root(checksums, map);
    return map != NULL;
}

static bool pin(struct release *release, const struct canary *canary, struct err *err)
{
    struct doc *target = context_target(release->context, &canary->names);
    struct doc *checksums = doc_new();
    bool ok = (target != NULL || workload_missing(&canary->names, err)) &&
              read_configs(release, doc_root(target), checksums, err);
    if (ok) {
        doc_free(release->checksums);
        release->checksums = checksums;
        str_free(&release->revision);
        release->revision = str_dup(facts_revision(doc_root(target)));
        release->pinned = true;
    } else {
        doc_free(checksums);
    }
    doc_free(target);
    return ok;
}

bool pin_release(struct release *release, struct err *err)
{
    struct canary canary;
    bool ok = release_canary(release, &canary, err) && pin(release, &canary, err);
    canary_fini(&canary);
    if (ok) {
        note_revision(release);
    }
    return ok;
}
