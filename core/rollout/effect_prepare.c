/* The other half of rollout/effect.h: what is checked and completed before a list goes on record. */
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "rollout/effect.h"
#include "rollout/promote.h"

static const char *const kinds[] = {"route",   "phase",      "sync",  "status", "event", "scale",
                                    "promote", "autoscaler", "hooks", "gauge",  "alert"};
static const char *const phases[] = {"Waiting",   "Progressing", "WaitingPromotion", "Promoting", "Finalising",
                                     "Succeeded", "Failed"};

static bool is_one_of(const char *s, const char *const *list, size_t count)
{
    for (size_t i = 0; s != NULL && i < count; i++) {
        if (strcmp(s, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_share(const struct node *effect, size_t index, const char *side, int64_t *pct, struct err *err)
{
    const struct node *n = node_get(effect, side);
    if (!node_int(n, pct) || *pct < 0 || *pct > 100) {
        char *text = n == NULL ? str_dup("nothing") : node_to_text(n);
        err_set(err, ERR_INVALID, "effects[%zu].%s: %s is not a share of 0 to 100 percent", index, side, text);
        str_free(&text);
        return false;
    }
    return true;
}

static bool check_route(const struct node *effect, size_t index, struct err *err)
{
    int64_t primary, canary;
    if (!check_share(effect, index, "primary", &primary, err) || !check_share(effect, index, "canary", &canary, err)) {
        return false;
    }
    if (primary + canary != 100) {
        return err_set(err, ERR_INVALID, "effects[%zu]: primary %" PRId64 " and canary %" PRId64 " do not sum to 100",
                       index, primary, canary);
    }
    return true;
}

/* Whatever is not "up" scales the target to zero: that must not happen by a slip of the pen. */
static bool check_scale(const struct node *effect, size_t index, struct err *err)
{
    const char *to = node_str_or(node_get(effect, "to"), "");
    return strcmp(to, "up") == 0 || strcmp(to, "zero") == 0 ||
           err_set(err, ERR_INVALID, "effects[%zu].to: \"%s\" is neither up nor zero", index, to);
}

static bool check(const struct node *effect, size_t index, struct err *err)
{
    const char *kind = node_str(node_get(effect, "kind"));
    if (!is_one_of(kind, kinds, sizeof kinds / sizeof kinds[0])) {
        return err_set(err, ERR_INVALID, "effects[%zu].kind: \"%s\" is not a kind of effect", index,
                       kind != NULL ? kind : "");
    }
    bool has_phase = strcmp(kind, "phase") == 0 || strcmp(kind, "sync") == 0;
    const char *phase = node_str(node_get(effect, "phase"));
    if (has_phase && !is_one_of(phase, phases, sizeof phases / sizeof phases[0])) {
        return err_set(err, ERR_INVALID, "effects[%zu].phase: \"%s\" is not a phase of a release", index,
                       phase != NULL ? phase : "");
    }
    if (strcmp(kind, "event") == 0 && node_str(node_get(effect, "message")) == NULL) {
        return err_set(err, ERR_INVALID, "effects[%zu].message is missing", index);
    }
    if (strcmp(kind, "scale") == 0) {
        return check_scale(effect, index, err);
    }
    return strcmp(kind, "route") != 0 || check_route(effect, index, err);
}

static struct node *routes_node(struct doc *doc, const struct routes *routes)
{
    struct node *n = node_new_object(doc);
    node_set_int(doc, n, "primary", routes->primary_pct);
    node_set_int(doc, n, "canary", routes->canary_pct);
    node_set_bool(doc, n, "mirrored", routes->mirrored);
    return n;
}

/* What makes its event, or those that tell of it, the same ones when they are told again after a crash. */
static void set_key(struct house *house, struct doc *doc, struct node *effect, const char *key)
{
    struct event_moment moment = event_moment_next(house->recorder);
    node_set_str(doc, effect, "key", key);
    node_set_int(doc, effect, "key_ms", moment.ms);
    node_set_int(doc, effect, "key_index", (int64_t)moment.index);
}

static void complete(struct house *house, const struct release *release, const struct canary *canary, size_t index,
                     struct doc *doc, struct node *effect)
{
    const char *kind = node_str_or(node_get(effect, "kind"), "");
    struct routes live;
    struct err ignored;
    if (strcmp(kind, "route") == 0 &&
        house->router.ops->get_routes(&house->router, &canary->names, canary->root, &live, &ignored)) {
        node_set(doc, effect, "from", routes_node(doc, &live));
    } else if (strcmp(kind, "promote") == 0) {
        node_set_str(doc, effect, "id", release->uid); /* one revision is fixed, so it is promoted once */
        node_set(doc, effect, "copies", promote_copies(house, canary, doc_root(release->checksums), doc));
    } else if (strcmp(kind, "event") == 0) {
        char *key = str_format("%s/%" PRId64 "/%" PRId64 "/%zu", release->uid, release->epoch, release->serial, index);
        set_key(house, doc, effect, key);
        str_free(&key);
    } else if (strcmp(kind, "hooks") == 0) {
        char *key = str_format("%s/end", release->uid);
        set_key(house, doc, effect, key);
        str_free(&key);
    }
}

bool effects_prepare(struct house *house, const struct release *release, const struct node *list, struct doc *prepared,
                     struct err *err)
{
    struct canary canary;
    if (!release_canary(release, &canary, err)) {
        canary_fini(&canary);
        return false;
    }
    struct node *root = node_new_array(prepared);
    doc_set_root(prepared, root);
    bool ok = true;
    struct node_iter it = node_iterate(list);
    while (ok && node_next(&it)) {
        ok = check(it.value, it.index, err);
        struct node *effect = node_copy(prepared, it.value);
        if (ok) {
            complete(house, release, &canary, it.index, prepared, effect);
        }
        node_push(root, effect);
    }
    canary_fini(&canary);
    return ok;
}
