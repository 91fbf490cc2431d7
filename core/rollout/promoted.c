#include "rollout/promoted.h"

#include <string.h>

#include "base/str.h"
#include "kube/object.h"
#include "release/history.h"
#include "rollout/detect.h"
#include "workload/facts.h"
#include "workload/likeness.h"
#include "workload/tracked_config.h"

void promoted_memory_fini(struct promoted_memory *memory)
{
    str_free(&memory->compared);
    doc_free(memory->made_configs);
}

static void init(struct promoted *promoted, struct context *context, const struct canary *canary,
                 const struct node *primary, const struct node *tracked)
{
    const struct canary_names *names = &canary->names;
    *promoted =
        (struct promoted){.checksums = doc_new(), .owned = object_is_controlled_by(primary, "Canary", names->name)};
    if (context->config_tracking) {
        struct config_stores stores = context_configs(context);
        doc_set_root(promoted->checksums,
                     tracked_config_promoted(promoted->checksums, names, primary, tracked, &stores));
    }
}

static bool is_made_by(const struct promoted_memory *memory, const struct node *primary)
{
    return memory != NULL && memory->made_revision[0] != '\0' &&
           str_equal(memory->made_id, facts_promotion_id(primary));
}

/* NULL when the recorded digest has another format than ours: it could not be compared. */
static char *made_from(struct context *context, const struct canary *canary, const struct node *primary,
                       const struct promoted_memory *memory)
{
    const char *id = facts_promotion_id(primary);
    if (is_made_by(memory, primary)) {
        return str_dup(memory->made_revision);
    }
    char *revision = history_revision_of(context, canary, id);
    if (revision != NULL && !revision_is_ours(revision)) {
        str_free(&revision);
    }
    return revision;
}

/* A name for the revision that the primary was made from, which must differ from the target's current digest. */
static const char *other_than(const char *digest, const char *known, const struct node *primary)
{
    const char *guess = facts_revision(primary);
    return known != NULL && strcmp(known, digest) != 0 ? known
           : strcmp(guess, digest) != 0                ? guess
                                                       : facts_own_revision(primary);
}

static bool is_compared(const struct promoted_memory *memory, const struct node *target, const struct node *primary,
                        const struct target_now *now)
{
    char *pair = likeness_pair(target, primary, doc_root(now->checksums));
    bool compared = str_equal(memory->compared, pair);
    str_free(&pair);
    return compared;
}

/* NULL: not known. */
static const char *revision_of_primary(const char *known, const struct node *target, const struct node *primary,
                                       const struct target_now *now, const struct promoted_memory *memory)
{
    bool sure = !facts_revision_is_guessed(primary) && strcmp(facts_revision(primary), now->digest) == 0;
    if (known != NULL ? strcmp(known, now->digest) == 0 : sure) {
        return now->digest;
    }
    if (facts_own_revision(primary) == NULL) {
        return facts_revision(primary); /* no promotion made it */
    }
    if (!is_compared(memory, target, primary, now)) {
        return NULL;
    }
    return memory->alike ? now->digest : other_than(now->digest, known, primary);
}

const struct node *promoted_made_configs(struct context *context, const struct canary *canary,
                                         const struct promoted_memory *memory)
{
    struct doc *primary = context_primary(context, &canary->names);
    bool made = primary != NULL && is_made_by(memory, doc_root(primary));
    doc_free(primary);
    const struct node *configs = made && memory->made_configs != NULL ? doc_root(memory->made_configs) : NULL;
    return node_count(configs) > 0 ? configs : NULL;
}

/* What is not known of a copy that is missing is taken from the target. */
static void fill_missing_copies(struct promoted *promoted, struct context *context, const struct canary *canary,
                                const struct node *now)
{
    struct node_iter it = node_iterate(now);
    while (node_next(&it)) {
        bool secret = str_has_prefix(it.key, "secret/");
        char *copy = str_format("%s-primary", strchr(it.key, '/') + 1);
        if (!store_has(context_store(context, secret ? &KUBE_SECRETS : &KUBE_CONFIG_MAPS), canary->names.namespace,
                       copy)) {
            node_set(promoted->checksums, doc_root(promoted->checksums), it.key,
                     node_copy(promoted->checksums, it.value));
        }
        str_free(&copy);
    }
}

static void find_configs(struct promoted *promoted, struct context *context, const struct canary *canary,
                         const struct target_now *now, const struct promoted_memory *memory)
{
    const struct node *made = promoted_made_configs(context, canary, memory);
    const struct node *recorded = node_get(canary->status, "trackedConfigs");
    if (made == NULL && canary_phase_is(canary, PHASE_INITIALIZING) && node_count(recorded) > 0) {
        made = recorded;
    }
    if (made != NULL) {
        doc_set_root(promoted->checksums, node_copy(promoted->checksums, made));
    } else {
        fill_missing_copies(promoted, context, canary, doc_root(now->checksums));
    }
}

bool promoted_init(struct promoted *promoted, struct context *context, const struct canary *canary,
                   const struct target_now *now, const struct promoted_memory *memory)
{
    struct doc *primary = context_primary(context, &canary->names);
    struct doc *target = context_target(context, &canary->names);
    init(promoted, context, canary, doc_root(primary), doc_root(now->checksums));
    bool known = true;
    if (primary != NULL && target != NULL) {
        char *made = made_from(context, canary, doc_root(primary), memory);
        promoted->revision = str_dup(revision_of_primary(made, doc_root(target), doc_root(primary), now, memory));
        str_free(&made);
        known = promoted->revision != NULL;
        if (context->config_tracking) {
            find_configs(promoted, context, canary, now, memory);
        }
    }
    doc_free(primary);
    doc_free(target);
    return known;
}

void promoted_list_changed_copies(struct context *context, const struct canary *canary, const struct node *checksums,
                                  struct str_list *names)
{
    struct promoted live;
    struct doc *primary = context_primary(context, &canary->names);
    init(&live, context, canary, doc_root(primary), checksums);
    struct node_iter it = node_iterate(checksums);
    while (node_next(&it)) {
        const struct node *copy = node_get(doc_root(live.checksums), it.key);
        if (!node_equal(copy, it.value)) {
            str_list_push(names, it.key);
        }
    }
    promoted_fini(&live);
    doc_free(primary);
}

void promoted_init_guessed(struct promoted *promoted, struct context *context, const struct canary *canary)
{
    struct doc *primary = context_primary(context, &canary->names);
    init(promoted, context, canary, doc_root(primary), NULL);
    if (primary != NULL) {
        char *made = made_from(context, canary, doc_root(primary), NULL);
        promoted->revision = str_dup(made != NULL ? made : facts_revision(doc_root(primary)));
        str_free(&made);
    }
    doc_free(primary);
}

void promoted_fini(struct promoted *promoted)
{
    str_free(&promoted->revision);
    doc_free(promoted->checksums);
}
