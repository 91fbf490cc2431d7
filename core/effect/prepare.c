/* The second half of effect/effect.h: what a list is completed to before it goes on record. */
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "effect/effect.h"
#include "effect/promote.h"

static struct node *routes_node(struct doc *doc, const struct routes *routes)
{
    struct node *n = node_new_object(doc);
    node_set_int(doc, n, "primary", routes->primary_pct);
    node_set_int(doc, n, "canary", routes->canary_pct);
    node_set_bool(doc, n, "mirrored", routes->mirrored);
    return n;
}

/* What makes its event, or those that tell of it, the same ones when they are told again after a crash. */
static void set_key(struct context *context, struct doc *doc, struct node *effect, const char *key)
{
    struct event_moment moment = event_moment_next(context->notify.recorder);
    node_set_str(doc, effect, "key", key);
    node_set_int(doc, effect, "key_ms", moment.ms);
    node_set_int(doc, effect, "key_index", (int64_t)moment.index);
}

static void complete(struct context *context, const struct release *release, const struct canary *canary, size_t index,
                     struct doc *doc, struct node *effect)
{
    const char *kind = node_str_or(node_get(effect, "kind"), "");
    struct routes live;
    struct err ignored;
    if (strcmp(kind, "route") == 0 &&
        context->router.ops->get_routes(&context->router, &canary->names, canary->root, &live, &ignored)) {
        node_set(doc, effect, "from", routes_node(doc, &live));
    } else if (strcmp(kind, "promote") == 0) {
        node_set_str(doc, effect, "id", release->uid); /* one revision is fixed, so it is promoted once */
        node_set(doc, effect, "copies", promote_copies(context, canary, doc_root(release->checksums), doc));
    } else if (strcmp(kind, "event") == 0) {
        char *key = str_format("%s/%" PRId64 "/%" PRId64 "/%zu", release->uid, release->epoch, release->serial, index);
        set_key(context, doc, effect, key);
        str_free(&key);
    } else if (strcmp(kind, "hooks") == 0) {
        char *key = str_format("%s/end", release->uid);
        set_key(context, doc, effect, key);
        str_free(&key);
    }
}

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
    if (!effects_check(list, of, "effects", err) || !check_pinned(release, list, err)) {
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
        complete(context, release, &canary, it.index, prepared, effect);
        node_push(root, effect);
    }
    canary_fini(&canary);
    return true;
}
