#include "rollout/detect.h"

#include <string.h>

#include "base/str.h"
#include "kube/object.h"
#include "rollout/release.h"
#include "rollout/status.h"
#include "workload/deployment.h"
#include "workload/revision.h"
#include "workload/tracked_config.h"

static void list_configs(struct target_now *now, const struct node *target)
{
    struct node_iter it = node_iterate(node_at(target, "sluice", "configs"));
    while (node_next(&it)) {
        str_list_push(&now->configs, node_str_or(node_get(it.value, "name"), ""));
    }
}

bool target_now_init(struct target_now *now, struct house *house, const struct canary *canary, struct err *err)
{
    const struct canary_names *names = &canary->names;
    *now = (struct target_now){.checksums = doc_new()};
    struct doc *target = store_find(house->stores[STORE_DEPLOYMENTS], names->namespace, names->target);
    if (target == NULL) {
        return err_set(err, ERR_NOT_FOUND, "deployment %s.%s get query error: deployments.apps \"%s\" not found",
                       names->target, names->namespace, names->target);
    }
    now->revision = str_dup(deployment_revision(doc_root(target)));
    bool ok = true;
    if (house->config_tracking) {
        struct node *map = NULL;
        list_configs(now, doc_root(target));
        ok = tracked_config_checksums(now->checksums, doc_root(target), house->stores[STORE_CONFIG_MAPS],
                                      house->stores[STORE_SECRETS], names->namespace, &map, err);
        if (ok) {
            doc_set_root(now->checksums, map);
        } else {
            err_wrap(err, "GetTargetConfigs failed");
        }
    }
    doc_free(target);
    return ok;
}

void target_now_fini(struct target_now *now)
{
    str_free(&now->revision);
    doc_free(now->checksums);
    str_list_fini(&now->configs);
}

/* No configs and an empty map are the same. */
static bool configs_equal(const struct node *a, const struct node *b)
{
    return (node_count(a) == 0 && node_count(b) == 0) || node_equal(a, b);
}

bool detect_change(const struct canary *canary, const struct target_now *now, bool config_tracking)
{
    bool same_template =
        strcmp(now->revision, canary->last_promoted) == 0 || strcmp(now->revision, canary->last_applied) == 0;
    if (canary->last_applied[0] == '\0' || !same_template) {
        return true;
    }
    return config_tracking && !configs_equal(doc_root(now->checksums), node_get(canary->status, "trackedConfigs"));
}

bool detect_change_from(const char *revision, const struct node *checksums, const struct target_now *now,
                        bool config_tracking)
{
    return strcmp(revision, now->revision) != 0 ||
           (config_tracking && !configs_equal(checksums, doc_root(now->checksums)));
}

bool detect_other_strategy(const struct canary *canary, const struct target_now *now, const struct doc *latest,
                           bool config_tracking)
{
    const struct node *root = doc_root(latest);
    return node_is(node_at(root, "status", "state"), RELEASE_SUPERSEDED) &&
           !node_is(node_at(root, "spec", "strategy"), canary->strategy) &&
           !detect_change_from(canary->last_applied, node_get(canary->status, "trackedConfigs"), now, config_tracking);
}

struct doc *detect_sync(struct house *house, const struct canary *canary, const struct target_now *now,
                        const char *phase)
{
    struct status_sync sync = {
        .phase = phase,
        .weight = canary->weight,
        .iterations = canary->iterations,
        .failed_checks = canary->failed_checks,
        .revision = now->revision,
        .checksums = doc_root(now->checksums),
    };
    return status_sync(canary, &sync, clock_wall_ms(house->clock));
}

/* --- adoption --- */

/* What the primary was made from, or what was promoted to it last. */
struct promoted {
    char *revision; /* NULL: there is no primary */
    struct doc *checksums;
    bool owned;
};

static void promoted_init(struct promoted *promoted, struct house *house, const struct canary *canary)
{
    const struct canary_names *names = &canary->names;
    struct doc *primary = store_find(house->stores[STORE_DEPLOYMENTS], names->namespace, names->target_primary);
    promoted->revision = str_dup(deployment_revision(doc_root(primary)));
    promoted->owned = object_is_controlled_by(doc_root(primary), "Canary", names->name);
    promoted->checksums = doc_new();
    if (house->config_tracking) {
        doc_set_root(promoted->checksums,
                     tracked_config_promoted(promoted->checksums, names, doc_root(primary),
                                             house->stores[STORE_CONFIG_MAPS], house->stores[STORE_SECRETS]));
    }
    doc_free(primary);
}

static void promoted_fini(struct promoted *promoted)
{
    str_free(&promoted->revision);
    doc_free(promoted->checksums);
}

/* A target, or a config, that changed after the primary was made from it is a new revision; counted as the one that was promoted it would never be looked at. */
static struct doc *adopt_promoted(struct house *house, const struct canary *canary, const struct promoted *promoted)
{
    struct status_sync sync = {
        .phase = "Initialized", .revision = promoted->revision, .checksums = doc_root(promoted->checksums)};
    return status_sync(canary, &sync, clock_wall_ms(house->clock));
}

struct doc *detect_initialised(struct house *house, const struct canary *canary)
{
    struct promoted promoted;
    promoted_init(&promoted, house, canary);
    struct doc *patch = adopt_promoted(house, canary, &promoted);
    promoted_fini(&promoted);
    return patch;
}

static struct doc *adopt_hashes(const struct target_now *now, const char *promoted)
{
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc);
    doc_set_root(doc, root);
    struct node *status = node_ensure_object(doc, root, "status");
    node_set_str(doc, status, "lastAppliedSpec", now->revision);
    node_set_str(doc, status, "lastPromotedSpec", promoted);
    if (doc_root(now->checksums) != NULL) {
        node_set(doc, status, "trackedConfigs", node_copy(doc, doc_root(now->checksums)));
    }
    return doc;
}

struct doc *detect_adoption(struct house *house, const struct canary *canary, const struct target_now *now)
{
    struct promoted promoted;
    promoted_init(&promoted, house, canary);
    struct doc *patch = NULL;
    bool at_rest = canary_phase_is(canary, "Initialized") || canary_phase_is(canary, "Succeeded");
    /* Not there at all: lost with a status of which a part was written again. */
    bool foreign = !revision_is_ours(canary->last_applied);
    if (promoted.revision == NULL) {
        /* Nothing there to adopt. */
    } else if (canary->phase[0] == '\0' && promoted.owned) {
        patch = adopt_promoted(house, canary, &promoted);
    } else if (foreign && at_rest && strcmp(promoted.revision, now->revision) == 0) {
        patch = adopt_hashes(now, now->revision);
    } else if (foreign && canary_phase_is(canary, "Failed")) {
        patch = adopt_hashes(now, promoted.revision);
    }
    promoted_fini(&promoted);
    return patch;
}

/* Before the revision is fixed nothing has begun, and nothing is left to do once the target is at zero and the primary is what it was. In between the script alone
 * knows the phase; Progressing is the one from which a later one follows by itself. */
static const char *phase_of_lost_status(struct house *house, const struct canary *canary, const struct release *release,
                                        const char *primary)
{
    if (canary->phase[0] != '\0' || !release->pinned) {
        return canary->phase[0] != '\0' ? canary->phase : "Initialized";
    }
    struct doc *target = store_find(house->stores[STORE_DEPLOYMENTS], canary->names.namespace, canary->names.target);
    bool promoted = str_equal(primary, release->revision);
    bool down = node_int_or(node_at(doc_root(target), "spec", "replicas"), 1) == 0;
    doc_free(target);
    return promoted && down ? "Succeeded" : "Progressing";
}

struct doc *detect_lost_status(struct house *house, const struct canary *canary, const struct release *release)
{
    struct promoted promoted;
    promoted_init(&promoted, house, canary);
    struct routes live = {0};
    struct err ignored;
    house->router.ops->get_routes(&house->router, &canary->names, canary->root, &live, &ignored);
    struct status_sync sync = {
        .phase = phase_of_lost_status(house, canary, release, promoted.revision),
        .weight = live.canary_pct,
        .revision = release->pinned ? release->revision : promoted.revision,
        .checksums = doc_root(release->pinned ? release->checksums : promoted.checksums),
    };
    struct doc *patch = status_sync(canary, &sync, clock_wall_ms(house->clock));
    node_set_str(patch, node_get(doc_root(patch), "status"), "lastPromotedSpec", promoted.revision);
    promoted_fini(&promoted);
    return patch;
}
