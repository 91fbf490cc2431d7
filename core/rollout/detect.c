#include "rollout/detect.h"

#include <string.h>

#include "base/str.h"
#include "canary/status.h"
#include "effect/status_write.h"
#include "kube/object.h"
#include "release/release.h"
#include "workload/facts.h"
#include "workload/revision.h"
#include "workload/tracked_config.h"
#include "workload/tracked_revision.h"

static void list_configs(struct target_now *now, const struct node *target)
{
    struct node_iter it = node_iterate(node_at(target, "sluice", "configs"));
    while (node_next(&it)) {
        str_list_push(&now->configs, node_str_or(node_get(it.value, "name"), ""));
    }
}

static bool read_checksums(struct target_now *now, const struct context *context, const struct canary *canary,
                           const struct node *target, struct err *err)
{
    const char *namespace = canary->names.namespace;
    const struct node *recorded = node_get(canary->status, "trackedConfigs");
    struct config_stores stores = context_configs(context);
    struct node *map = tracked_config_checksums(now->checksums, target, recorded, &stores, namespace, err);
    if (map == NULL) {
        return err_wrap(err, "GetTargetConfigs failed");
    }
    doc_set_root(now->checksums, map);
    doc_set_root(now->fresh, tracked_config_checksums(now->fresh, target, NULL, &stores, namespace, err));
    return true;
}

bool target_now_init(struct target_now *now, struct context *context, const struct canary *canary, struct err *err)
{
    const struct canary_names *names = &canary->names;
    *now = (struct target_now){.checksums = doc_new(), .fresh = doc_new()};
    struct doc *target = context_target(context, names);
    if (target == NULL) {
        return workload_missing(names, err);
    }
    now->digest = str_dup(facts_revision(doc_root(target)));
    bool proven = canary->last_applied[0] != '\0' &&
                  tracked_revision_proves(node_str(node_get(canary->status, "lastTrackedRevision")), doc_root(target));
    now->revision = str_dup(proven ? canary->last_applied : now->digest);
    bool ok = true;
    if (context->config_tracking) {
        list_configs(now, doc_root(target));
        ok = read_checksums(now, context, canary, doc_root(target), err);
    }
    doc_free(target);
    return ok;
}

void target_now_fini(struct target_now *now)
{
    str_free(&now->digest);
    str_free(&now->revision);
    doc_free(now->checksums);
    doc_free(now->fresh);
    str_list_fini(&now->configs);
}

/* An absent map of configs and an empty one are equal. */
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

bool detect_promoted(const struct canary *canary, const struct release *release, bool config_tracking)
{
    if (canary_is_promoting(canary)) {
        return true;
    }
    return canary_phase_is(canary, PHASE_SUCCEEDED) && release->pinned &&
           str_equal(canary->last_applied, release->revision) &&
           (!config_tracking ||
            configs_equal(node_get(canary->status, "trackedConfigs"), doc_root(release->checksums)));
}

struct doc *detect_sync(struct context *context, const struct canary *canary, const struct target_now *now,
                        const char *phase)
{
    struct status_sync sync = {
        .phase = phase,
        .weight = canary->weight,
        .iterations = canary->iterations,
        .failed_checks = canary->failed_checks,
        .revision = now->revision,
        .checksums = doc_root(now->fresh),
    };
    return status_sync(canary, &sync, clock_wall_ms(context->clock));
}

/* --- what proves a revision --- */

static bool proof_is_due(struct context *context, const struct canary *canary)
{
    struct doc *target = context_target(context, &canary->names);
    const struct node *root = doc_root(target);
    bool paused = node_bool_or(node_at(root, "spec", "paused"), false);
    bool due = (paused || tracked_revision_is_settled(root)) && tracked_revision_is_due(status_proof(canary), root);
    doc_free(target);
    return due;
}

static struct doc *new_patch(struct node **status)
{
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc);
    doc_set_root(doc, root);
    *status = node_ensure_object(doc, root, "status");
    return doc;
}

struct doc *detect_rebaseline(struct context *context, const struct canary *canary, const struct target_now *now)
{
    bool same_digest = strcmp(now->digest, canary->last_applied) == 0;
    bool same_words = !context->config_tracking || configs_equal(doc_root(now->checksums), doc_root(now->fresh));
    if (!same_digest && strcmp(now->revision, canary->last_applied) != 0) {
        return NULL; /* another template: back at what was promoted */
    }
    if (same_digest && same_words && !proof_is_due(context, canary)) {
        return NULL;
    }
    struct node *status;
    struct doc *patch = new_patch(&status); /* status_plan_write adds the proof */
    if (!same_digest) {
        node_set_str(patch, status, "lastAppliedSpec", now->digest);
        if (strcmp(canary->last_promoted, canary->last_applied) == 0) {
            node_set_str(patch, status, "lastPromotedSpec", now->digest);
        }
    }
    if (!same_words) {
        status_patch_map(patch, status, "trackedConfigs", node_get(canary->status, "trackedConfigs"),
                         doc_root(now->fresh));
    }
    return patch;
}

/* --- adoption --- */

/* What the primary was made from counts as promoted, not what the target is now: a change since then is a new
 * revision, and counted as promoted it would never be analysed. */
static struct doc *adopt_promoted(struct context *context, const struct canary *canary, const struct promoted *promoted)
{
    struct status_sync sync = {
        .phase = PHASE_INITIALIZED, .revision = promoted->revision, .checksums = doc_root(promoted->checksums)};
    return status_sync(canary, &sync, clock_wall_ms(context->clock));
}

struct doc *detect_initialised(struct context *context, const struct canary *canary, const struct target_now *now,
                               const struct promoted_memory *memory)
{
    struct promoted promoted;
    bool known = promoted_init(&promoted, context, canary, now, memory);
    struct doc *patch = known ? adopt_promoted(context, canary, &promoted) : NULL;
    promoted_fini(&promoted);
    return patch;
}

static bool is_of_another_target(struct context *context, const struct canary *canary)
{
    struct doc *target = context_target(context, &canary->names);
    bool another = tracked_revision_is_of_another(status_proof(canary), doc_root(target));
    doc_free(target);
    return another;
}

bool detect_new_target(struct context *context, const struct canary *canary, const struct target_now *now,
                       const struct promoted_memory *memory, bool *compare)
{
    if (canary_is_initialising(canary) || canary_is_promoting(canary) || !is_of_another_target(context, canary) ||
        (canary_is_at_rest(canary) && !detect_change(canary, now, context->config_tracking))) {
        return false;
    }
    struct promoted promoted;
    *compare = !promoted_init(&promoted, context, canary, now, memory);
    bool same = str_equal(promoted.revision, now->digest) &&
                configs_equal(doc_root(promoted.checksums), doc_root(now->checksums));
    bool fresh = !*compare && (promoted.revision == NULL || same);
    promoted_fini(&promoted);
    return fresh;
}

struct doc *detect_anew(struct context *context, const struct canary *canary)
{
    struct doc *patch = status_set_phase(canary, PHASE_INITIALIZING, clock_wall_ms(context->clock));
    node_set(patch, node_get(doc_root(patch), "status"), "trackedConfigs", node_new_null(patch));
    return patch;
}

struct doc *detect_configs(const struct canary *canary, const struct node *checksums)
{
    struct node *status;
    struct doc *patch = new_patch(&status);
    status_patch_map(patch, status, "trackedConfigs", node_get(canary->status, "trackedConfigs"), checksums);
    return patch;
}

static struct doc *adopt_hashes(const struct target_now *now, const char *promoted)
{
    struct node *status;
    struct doc *doc = new_patch(&status);
    node_set_str(doc, status, "lastAppliedSpec", now->digest);
    node_set_str(doc, status, "lastPromotedSpec", promoted);
    if (doc_root(now->fresh) != NULL) {
        node_set(doc, status, "trackedConfigs", node_copy(doc, doc_root(now->fresh)));
    }
    return doc;
}

/* The copy comes before the phase, so the primary is what was analysed, whatever the target has become since: that is a
 * new revision, but only after the promotion. */
static struct doc *adopt_promoting(const struct canary *canary, const struct promoted *promoted)
{
    struct node *status;
    struct doc *doc = new_patch(&status);
    node_set_str(doc, status, "lastAppliedSpec", promoted->revision);
    status_patch_map(doc, status, "trackedConfigs", node_get(canary->status, "trackedConfigs"),
                     doc_root(promoted->checksums));
    return doc;
}

/* Flagger's digest cannot be compared with ours. What Flagger recorded beside it may prove that the template is the
 * same. */
static struct doc *adopt_foreign(const struct canary *canary, const struct target_now *now,
                                 const struct promoted *promoted)
{
    if (canary_is_promoting(canary)) {
        return adopt_promoting(canary, promoted);
    }
    bool at_rest = canary_phase_is(canary, PHASE_INITIALIZED) || canary_phase_is(canary, PHASE_SUCCEEDED);
    if (at_rest && strcmp(promoted->revision, now->digest) == 0) {
        return adopt_hashes(now, now->digest);
    }
    return canary_phase_is(canary, PHASE_FAILED) ? adopt_hashes(now, promoted->revision) : NULL;
}

struct doc *detect_adoption(struct context *context, const struct canary *canary, const struct target_now *now,
                            const struct promoted_memory *memory, bool *compare)
{
    /* An absent digest counts as foreign too: the status was lost, and a part of it was written again. */
    bool foreign = !revision_is_ours(canary->last_applied), lost = canary->phase[0] == '\0';
    bool proven = strcmp(now->revision, now->digest) != 0;
    bool adoptable = canary_is_promoting(canary) || (canary_is_at_rest(canary) && !proven);
    if (!lost && (!foreign || !adoptable)) {
        return NULL;
    }
    struct promoted promoted;
    bool known = promoted_init(&promoted, context, canary, now, memory);
    struct doc *patch = NULL;
    *compare = !known && (!lost || promoted.owned);
    if (known && promoted.revision != NULL) {
        patch = !lost            ? adopt_foreign(canary, now, &promoted)
                : promoted.owned ? adopt_promoted(context, canary, &promoted)
                                 : NULL;
    }
    promoted_fini(&promoted);
    return patch;
}

bool detect_unfinished(const struct canary *canary)
{
    return canary_is_promoting(canary) && revision_is_ours(canary->last_applied);
}

/* Before the revision is fixed, nothing has begun. Once the target is at zero and the primary carries the revision,
 * nothing is left to do. In between only the script knows the phase; Progressing is the phase from which the script
 * reaches each later one. */
static const char *phase_of_lost_status(struct context *context, const struct canary *canary,
                                        const struct release *release, const char *primary)
{
    if (canary->phase[0] != '\0' || !release->pinned) {
        return canary->phase[0] != '\0' ? canary->phase : PHASE_INITIALIZED;
    }
    struct doc *target = context_target(context, &canary->names);
    bool promoted = str_equal(primary, release->revision);
    bool down = target != NULL && workload_of(&canary->names)->replicas(doc_root(target)) == 0;
    doc_free(target);
    return promoted && down                       ? PHASE_SUCCEEDED
           : release->origin == RELEASE_FINISHING ? PHASE_PROMOTING
                                                  : PHASE_PROGRESSING;
}

struct doc *detect_lost_status(struct context *context, const struct canary *canary, const struct release *release)
{
    struct promoted promoted;
    promoted_init_guessed(&promoted, context, canary);
    struct routes live = {0};
    struct err ignored;
    context->router.ops->get_routes(&context->router, &canary->names, canary->root, &live, &ignored);
    struct status_sync sync = {
        .phase = phase_of_lost_status(context, canary, release, promoted.revision),
        .weight = live.canary_pct,
        .revision = release->pinned ? release->revision : promoted.revision,
        .checksums = doc_root(release->pinned ? release->checksums : promoted.checksums),
    };
    struct doc *patch = status_sync(canary, &sync, clock_wall_ms(context->clock));
    node_set_str(patch, node_get(doc_root(patch), "status"), "lastPromotedSpec", promoted.revision);
    promoted_fini(&promoted);
    return patch;
}
