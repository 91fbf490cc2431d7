#include "effect/record.h"

#include <string.h>

#include "base/str.h"
#include "effect/effect.h"

static bool is_absent(const struct node *n)
{
    return node_type(n) == NODE_ABSENT || node_type(n) == NODE_NULL;
}

/* The intents of `act` are lists of effects. */
static bool check_intents(const struct node *open, struct err *err)
{
    struct node_iter it = node_iterate(open);
    while (node_next(&it)) {
        const struct node *intent = node_get(it.value, "i");
        char *field = str_format("status.open[%zu].i", it.index);
        bool ok = is_absent(intent) || !node_is(node_get(it.value, "o"), "act") ||
                  effects_check(intent, EFFECTS_OF_SCRIPT, field, err);
        str_free(&field);
        if (!ok) {
            return false;
        }
    }
    return true;
}

/* An ending says where the requests go, or it would leave a share that nobody judges any more. */
static bool check_ending(const struct node *ending, struct err *err)
{
    bool leads = is_absent(ending);
    struct node_iter it = node_iterate(ending);
    while (node_next(&it)) {
        leads = leads || node_is(node_get(it.value, "kind"), "route");
    }
    return (is_absent(ending) || effects_check(ending, EFFECTS_OF_ENDING, "status.ending", err)) &&
           (leads || err_set(err, ERR_INVALID, "status.ending: it has no route"));
}

static bool check(const struct node *status, struct err *err)
{
    return check_ending(node_get(status, "ending"), err) && check_intents(node_get(status, "open"), err);
}

struct release *record_open(struct context *context, const struct node *object)
{
    struct release *release = release_open(context, object);
    struct err err = {0};
    if (release->unreadable == NULL && !check(node_get(object, "status"), &err)) {
        release_refuse(release, release->canary, err.text);
    }
    return release;
}
