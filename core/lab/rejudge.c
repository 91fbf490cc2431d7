#include "lab/rejudge.h"

#include <float.h>
#include <string.h>

#include "base/str.h"

static const char *const sides[] = {"min", "max"};
enum { MIN, MAX, SIDES };

struct bounds {
    bool has[SIDES];
    double at[SIDES];
};

static struct bounds bounds_in(const struct node *object)
{
    struct bounds bounds = {0};
    for (int side = 0; side < SIDES; side++) {
        bounds.has[side] = node_real(node_get(object, sides[side]), &bounds.at[side]);
    }
    return bounds;
}

/* As lua/stdlib/thresholds.lua has it: bounds are inclusive. */
static const char *judge(double value, const struct bounds *bounds)
{
    bool fails = (bounds->has[MIN] && value < bounds->at[MIN]) || (bounds->has[MAX] && value > bounds->at[MAX]);
    return fails ? "fail" : "pass";
}

/* How far inside of them, as lua/stdlib/outcome.lua has it. */
static double margin(double value, const struct bounds *bounds)
{
    double above = bounds->has[MIN] ? value - bounds->at[MIN] : DBL_MAX;
    double below = bounds->has[MAX] ? bounds->at[MAX] - value : DBL_MAX;
    return above < below ? above : below;
}

static bool has_own_checks(const struct node *sources)
{
    struct node_iter it = node_iterate(sources);
    while (node_next(&it)) {
        if (str_has_prefix(it.key, "checks.")) {
            return true;
        }
    }
    return false;
}

/* The same question with the bounds of the record; `recorded` NULL: with none, as where those of the Canary counted. */
static struct doc *ask_as_recorded(const struct node *args, const struct node *recorded)
{
    struct doc *asked = doc_copy(args);
    struct node *params = node_ensure_object(asked, doc_root(asked), "params");
    for (int side = 0; side < SIDES; side++) {
        const struct node *bound = node_get(recorded, sides[side]);
        node_remove(params, sides[side]);
        if (bound != NULL) {
            node_set(asked, params, sides[side], node_copy(asked, bound));
        }
    }
    if (node_count(params) == 0) {
        node_remove(doc_root(asked), "params");
    }
    return asked;
}

static bool enter(struct journal *journal, const struct node *args, const struct node *bounds, struct doc **outcome)
{
    struct doc *asked = ask_as_recorded(args, bounds);
    struct err ignored = {0};
    int64_t started_ms;
    bool ok = journal_enter(journal, "check", doc_root(asked), 0, outcome, &started_ms, &ignored) == JOURNAL_RECORDED;
    doc_free(asked);
    return ok;
}

static struct doc *tell(const struct node *outcome, const struct node *params, const char *verdict)
{
    static const char *const kept[] = {"value", "unit"};
    struct doc *told = doc_new();
    struct node *root = node_new_object(told);
    doc_set_root(told, root);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (node_get(outcome, kept[i]) != NULL) {
            node_set(told, root, kept[i], node_copy(told, node_get(outcome, kept[i])));
        }
    }
    for (int side = 0; side < SIDES; side++) {
        if (node_get(params, sides[side]) != NULL) {
            node_set(told, root, sides[side], node_copy(told, node_get(params, sides[side])));
        }
    }
    node_set_str(told, root, "recorded", node_str_or(node_get(outcome, "verdict"), ""));
    node_set_str(told, root, "again", verdict);
    return told;
}

static void change(struct doc *outcome, const struct node *params, double value, const struct bounds *bounds)
{
    struct node *root = doc_root(outcome), *kept = node_new_object(outcome);
    for (int side = 0; side < SIDES; side++) {
        if (bounds->has[side]) {
            node_set(outcome, kept, sides[side], node_copy(outcome, node_get(params, sides[side])));
        }
    }
    node_set(outcome, root, "bounds", kept);
    node_set(outcome, root, "margin", node_new_real(outcome, margin(value, bounds)));
}

bool rejudge(struct journal *journal, const struct node *sources, const struct node *args, struct rejudged *again)
{
    const struct node *params = node_get(args, "params");
    struct bounds bounds = bounds_in(params);
    struct journal_ahead ahead;
    double value = 0;
    *again = (struct rejudged){0};
    if (!journal_look_ahead(journal, &ahead) || has_own_checks(sources) || !(bounds.has[MIN] || bounds.has[MAX])) {
        return false;
    }
    struct err ignored = {0};
    struct doc *recorded = doc_parse(ahead.result, strlen(ahead.result), &ignored);
    const struct node *root = doc_root(recorded), *before = node_get(root, "bounds");
    struct bounds bounds_before = bounds_in(before);
    const char *verdict = node_str_or(node_get(root, "verdict"), "");
    bool is_blind = str_equal(verdict, "blind");
    bool has_value = node_real(node_get(root, "value"), &value) && str_equal(verdict, judge(value, &bounds_before));
    bool ok = (is_blind || has_value) &&
              (enter(journal, args, before, &again->outcome) || enter(journal, args, NULL, &again->outcome));
    again->is_same = ok && (is_blind || str_equal(verdict, judge(value, &bounds)));
    if (ok && !again->is_same) {
        again->told = tell(root, params, judge(value, &bounds));
    } else if (ok && !is_blind) {
        change(again->outcome, params, value, &bounds);
    }
    doc_free(recorded);
    return ok;
}
