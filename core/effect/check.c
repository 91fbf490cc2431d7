/* The first half of effect/effect.h: what a list of effects may say, be it a script's or one that was read from a record. */
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "effect/effect.h"

enum { EFFECTS_MAX = 2000, SHARE_MAX = 1000 * 1000 };

#define KINDS(...) ((const char *const[]){__VA_ARGS__, NULL})
static const char *const *const kinds[] = {
    [EFFECTS_OF_SCRIPT] =
        KINDS("route", "phase", "sync", "status", "event", "scale", "promote", "autoscaler", "gauge", "alert"),
    [EFFECTS_OF_ENDING] = KINDS("route", "event", "scale", "sync", "hooks"),
    [EFFECTS_OF_RESTART] = KINDS("route", "event", "scale", "sync"),
};
static const char *const phases[] = {"Waiting",    "Progressing", "WaitingPromotion", "Promoting",
                                     "Finalising", "Succeeded",   "Failed",           NULL};
static const char *const event_types[] = {"Normal", "Warning", NULL};
static const char *const hook_types[] = {"post-rollout", NULL};

/* Of the effect that is looked at: "effects[2]". */
struct place {
    char *text;
    struct err *err;
};

static bool is_one_of(const char *s, const char *const *list)
{
    for (; s != NULL && *list != NULL; list++) {
        if (strcmp(s, *list) == 0) {
            return true;
        }
    }
    return false;
}

static bool refuse(const struct place *at, const char *key, const struct node *n, const char *what)
{
    char *text = n == NULL ? str_dup("nothing") : node_to_text(n);
    err_set(at->err, ERR_INVALID, "%s.%s: %.100s is not %s", at->text, key, text, what);
    str_free(&text);
    return false;
}

static bool check_number(const struct place *at, const struct node *effect, const char *key, int64_t min, int64_t max,
                         const char *what)
{
    const struct node *n = node_get(effect, key);
    int64_t value;
    return n == NULL || (node_int(n, &value) && value >= min && value <= max) || refuse(at, key, n, what);
}

static bool check_text(const struct place *at, const struct node *effect, const char *key)
{
    const struct node *n = node_get(effect, key);
    return n == NULL || node_type(n) == NODE_NULL || node_str(n) != NULL || refuse(at, key, n, "a text");
}

static bool check_share(const struct place *at, const struct node *effect, const char *side, int64_t *pct)
{
    const struct node *n = node_get(effect, side);
    return (node_int(n, pct) && *pct >= 0 && *pct <= 100) || refuse(at, side, n, "a share of 0 to 100 percent");
}

/* `from` is what the mesh had: any numbers, but numbers. */
static bool check_route(const struct place *at, const struct node *effect)
{
    const struct node *from = node_get(effect, "from");
    int64_t primary, canary;
    if (!check_share(at, effect, "primary", &primary) || !check_share(at, effect, "canary", &canary)) {
        return false;
    }
    if (primary + canary != 100) {
        return err_set(at->err, ERR_INVALID, "%s: primary %" PRId64 " and canary %" PRId64 " do not sum to 100",
                       at->text, primary, canary);
    }
    return check_number(at, from, "primary", -SHARE_MAX, SHARE_MAX, "a share") &&
           check_number(at, from, "canary", -SHARE_MAX, SHARE_MAX, "a share");
}

/* Whatever is not "up" scales the target to zero: that must not happen by a slip of the pen. */
static bool check_scale(const struct place *at, const struct node *effect)
{
    const char *to = node_str_or(node_get(effect, "to"), "");
    return strcmp(to, "up") == 0 || strcmp(to, "zero") == 0 ||
           err_set(at->err, ERR_INVALID, "%s.to: \"%s\" is neither up nor zero", at->text, to);
}

static bool check_phase(const struct place *at, const struct node *effect)
{
    const char *phase = node_str_or(node_get(effect, "phase"), "");
    return is_one_of(phase, phases) ||
           err_set(at->err, ERR_INVALID, "%s.phase: \"%s\" is not a phase of a release", at->text, phase);
}

/* One iteration can be taken back before the first (stdlib/rollout.lua). */
static bool check_counters(const struct place *at, const struct node *effect)
{
    return check_number(at, effect, "weight", 0, 100, "a share of 0 to 100 percent") &&
           check_number(at, effect, "iterations", -1, INT32_MAX, "a count") &&
           check_number(at, effect, "failed_checks", 0, INT32_MAX, "a count");
}

static bool check_event(const struct place *at, const struct node *effect)
{
    const struct node *type = node_get(effect, "type");
    if (node_str(node_get(effect, "message")) == NULL) {
        return err_set(at->err, ERR_INVALID, "%s.message is missing", at->text);
    }
    return (type == NULL || is_one_of(node_str(type), event_types) || refuse(at, "type", type, "Normal or Warning")) &&
           check_text(at, effect, "phase");
}

static bool check_hooks(const struct place *at, const struct node *effect)
{
    const struct node *type = node_get(effect, "type");
    return (is_one_of(node_str(type), hook_types) || refuse(at, "type", type, "a type of hooks that ends a release")) &&
           check_text(at, effect, "phase") && check_text(at, effect, "event_phase");
}

static bool check_promote(const struct place *at, const struct node *effect)
{
    const struct node *copies = node_get(effect, "copies");
    return check_text(at, effect, "id") &&
           (copies == NULL || node_type(copies) == NODE_OBJECT || refuse(at, "copies", copies, "an object"));
}

static bool check_gauge(const struct place *at, const struct node *effect)
{
    const struct node *value = node_get(effect, "value");
    double real;
    return check_text(at, effect, "name") && (node_real(value, &real) || refuse(at, "value", value, "a number"));
}

static bool check_kind(const struct place *at, const char *kind, const struct node *effect)
{
    if (strcmp(kind, "route") == 0) {
        return check_route(at, effect);
    } else if (strcmp(kind, "phase") == 0) {
        return check_phase(at, effect);
    } else if (strcmp(kind, "sync") == 0) {
        return check_phase(at, effect) && check_counters(at, effect);
    } else if (strcmp(kind, "status") == 0) {
        return check_counters(at, effect);
    } else if (strcmp(kind, "event") == 0) {
        return check_event(at, effect);
    } else if (strcmp(kind, "scale") == 0) {
        return check_scale(at, effect);
    } else if (strcmp(kind, "hooks") == 0) {
        return check_hooks(at, effect);
    } else if (strcmp(kind, "promote") == 0) {
        return check_promote(at, effect);
    } else if (strcmp(kind, "gauge") == 0) {
        return check_gauge(at, effect);
    }
    return true;
}

/* The engine's own lists are exempt from some rules of safety, so what they order is bounded more tightly. */
static bool check_own(const struct place *at, enum effects_of of, const char *kind, const struct node *effect)
{
    bool ending = of == EFFECTS_OF_ENDING;
    if (of == EFFECTS_OF_SCRIPT) {
        return true;
    }
    if (strcmp(kind, "scale") == 0 && !node_is(node_get(effect, "to"), ending ? "zero" : "up")) {
        return refuse(at, "to", node_get(effect, "to"), "what such a list scales to");
    }
    if (strcmp(kind, "sync") == 0 && !node_is(node_get(effect, "phase"), ending ? "Failed" : "Progressing")) {
        return refuse(at, "phase", node_get(effect, "phase"), "the phase of such a list");
    }
    int64_t canary = node_int_or(node_get(effect, "canary"), 0);
    if (strcmp(kind, "route") == 0 && canary != 0 && !(ending && canary == 100)) {
        return refuse(at, "canary", node_get(effect, "canary"), "a share that such a list gives");
    }
    return true;
}

static bool check(const struct place *at, enum effects_of of, const struct node *effect)
{
    const char *kind = node_str_or(node_get(effect, "kind"), "");
    if (!is_one_of(kind, kinds[of])) {
        return err_set(at->err, ERR_INVALID, "%s.kind: \"%.100s\" is not a kind of effect", at->text, kind);
    }
    return check_text(at, effect, "key") && check_number(at, effect, "key_ms", 0, INT64_MAX / 1000000, "a time") &&
           check_number(at, effect, "key_index", 0, INT32_MAX, "a count") && check_kind(at, kind, effect) &&
           check_own(at, of, kind, effect);
}

bool effects_check(const struct node *list, enum effects_of of, const char *field, struct err *err)
{
    if (node_type(list) != NODE_ARRAY || node_count(list) > EFFECTS_MAX) {
        return err_set(err, ERR_INVALID, "%s: a list of at most %d effects is wanted", field, EFFECTS_MAX);
    }
    bool ok = true;
    struct node_iter it = node_iterate(list);
    while (ok && node_next(&it)) {
        struct place at = {.text = str_format("%s[%zu]", field, it.index), .err = err};
        ok = check(&at, of, it.value);
        str_free(&at.text);
    }
    return ok;
}
