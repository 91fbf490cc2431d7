/* The second third of effect/effect.h: a list is completed before it goes on record. */
#include "effect/kind.h"

static bool check_pinned(const struct release *release, const struct node *list, struct err *err)
{
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        if (!release->pinned && node_is(node_get(it.value, "kind"), "promote")) {
            return err_set(err, ERR_INVALID, "effects[%zu]: no revision is fixed yet that could be promoted", it.index);
        }
    }
    return true;
}

bool effects_prepare(struct context *context, const struct release *release, const struct node *list,
                     enum effects_of of, struct doc *prepared, struct err *err)
{
    struct canary canary;
    bool ok = of == EFFECTS_OF_SCRIPT ? effects_accept(list, "effects", err) : effects_check(list, of, "effects", err);
    if (!ok || !check_pinned(release, list, err)) {
        return false;
    }
    if (!release_canary(release, &canary, err)) {
        canary_fini(&canary);
        return false;
    }
    struct node *root = node_new_array(prepared);
    doc_set_root(prepared, root);
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        struct node *effect = node_copy(prepared, it.value);
        const struct effect_kind *kind = effect_kind_find(node_str_or(node_get(effect, "kind"), ""));
        if (kind->complete != NULL) {
            kind->complete(context, release, &canary, it.index, prepared, effect);
        }
        node_push(root, effect);
    }
    canary_fini(&canary);
    return true;
}
