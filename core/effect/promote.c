/* { kind: promote, id, copies }: the analysed revision is copied to the primary (workload/promotion.h). A primary
 * that carries the id has been promoted. `copies`: the checksums of the primary's configs before the promotion; when
 * one has changed, the promotion has begun. */
#include "effect/promote.h"

#include "base/str.h"
#include "effect/kind.h"
#include "workload/facts.h"
#include "workload/tracked_config.h"

struct promotion_options promote_options(struct context *context, const struct canary *canary, const char *revision,
                                         const struct node *configs, const char *promotion_id)
{
    return (struct promotion_options){
        .client = context->kube,
        .clock = context->clock,
        .workloads = context_workloads(context, &canary->names),
        .config_stores = context_configs(context),
        .canary = canary->root,
        .revision = revision,
        .configs = configs,
        .promotion_id = promotion_id,
        .selector_labels = &context->selector_labels,
        .label_prefixes = &context->label_prefixes,
        .config_tracking = context->config_tracking,
    };
}

/* The checksums of the configs that the primary uses now. */
static struct doc *live_copies(struct context *context, const struct canary *canary, const struct node *tracked)
{
    const struct canary_names *names = &canary->names;
    struct doc *primary = context_primary(context, names);
    struct doc *doc = doc_new();
    struct config_stores stores = context_configs(context);
    doc_set_root(doc, tracked_config_promoted(doc, names, doc_root(primary), tracked, &stores));
    doc_free(primary);
    return doc;
}

/* The copies that the primary uses and that a promotion of these configs will overwrite, with their current checksums:
 * {"configmap/x": "..."} in `doc`. */
static struct node *find_copies(struct context *context, const struct canary *canary, const struct node *configs,
                                struct doc *doc)
{
    struct doc *live = live_copies(context, canary, configs);
    struct node *copies = node_new_object(doc);
    struct node_iter it = node_iterate(doc_root(live));
    while (node_next(&it)) {
        const struct node *wanted = node_get(configs, it.key);
        if (wanted != NULL && !node_equal(wanted, it.value)) {
            node_set(doc, copies, it.key, node_copy(doc, it.value));
        }
    }
    doc_free(live);
    return copies;
}

/* True when one of these copies has changed. */
static bool is_changed(struct context *context, const struct canary *canary, const struct node *copies)
{
    struct doc *live = live_copies(context, canary, copies);
    bool begun = false;
    struct node_iter it = node_iterate(copies);
    while (!begun && node_next(&it)) {
        begun = !node_equal(node_get(doc_root(live), it.key), it.value);
    }
    doc_free(live);
    return begun;
}

/* --- the kind of effect --- */

enum { AGAIN_MS = 1000 };

static bool check(const struct place *at, const struct node *effect)
{
    const struct node *copies = node_get(effect, "copies");
    return place_check_text(at, effect, "id") &&
           (copies == NULL || node_type(copies) == NODE_OBJECT || place_refuse(at, "copies", copies, "an object"));
}

static void complete(struct context *context, const struct release *release, const struct canary *canary, size_t index,
                     struct doc *doc, struct node *effect)
{
    node_set_str(doc, effect, "id", release->uid); /* a release fixes one revision, and promotes it once */
    node_set(doc, effect, "copies", find_copies(context, canary, doc_root(release->checksums), doc));
}

/* When in doubt, assume that it has begun: repeating a decided promotion is harmless, taking back a half-made one is
 * not. */
static bool has_begun(struct effect_call *call)
{
    const struct node *copies = node_get(call->effect, "copies");
    struct canary canary;
    struct err ignored = {0};
    bool known = release_canary(call->release, &canary, &ignored);
    bool begun =
        node_count(copies) > 0 && (call->redo || call->unsure || !known || is_changed(call->context, &canary, copies));
    canary_fini(&canary);
    return begun;
}

/* Without an answer it is not known whether the primary was promoted. If the release went on as if it had failed, it
 * could be rolled back over a promoted primary. So the promotion is repeated under the same id until an answer
 * comes. */
static void on_promoted(void *ctx, const struct err *err)
{
    struct effect_call *call = ctx;
    call->under_way = NULL;
    if (err->code == ERR_NONE) {
        effect_succeed(call);
    } else if (err->code == ERR_TIMEOUT || err->code == ERR_UNREACHABLE) {
        call->unsure = true;
        effect_again(call, AGAIN_MS);
    } else {
        effect_fail(call, has_begun(call), err);
    }
}

static enum effect_step start(struct effect_call *call, const struct canary *canary, struct kube_write *write,
                              struct err *err)
{
    const char *id = node_str_or(node_get(call->effect, "id"), "");
    struct doc *primary = context_primary(call->context, &canary->names);
    bool carried = str_equal(facts_promotion_id(doc_root(primary)), id);
    doc_free(primary);
    if (carried) {
        return EFFECT_DONE;
    }
    struct promotion_options options =
        promote_options(call->context, canary, call->release->revision, doc_root(call->release->checksums), id);
    call->under_way = promotion_start(&options, on_promoted, call);
    return EFFECT_STARTED;
}

static void cancel(struct effect_call *call)
{
    promotion_cancel(call->under_way);
}

static const struct contract_field takes[] = {
    EFFECT_NAMED("promote"),
    {0},
};

const struct effect_kind effect_promote = {
    .name = "promote",
    .lists = EFFECTS_IN(EFFECTS_OF_SCRIPT),
    .takes = takes,
    .again = "done when the primary carries the id; without an answer it is asked for again, until one comes",
    .check = check,
    .complete = complete,
    .start = start,
    .cancel = cancel,
};
