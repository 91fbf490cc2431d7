/* The part of rollout/actor.h that says what defeats the weights of a Canary (mesh/router.h), in its condition
 * WeightsEffective and, once for each cause, in an event. The condition is the memory: an engine that starts anew
 * repeats nothing. */
#include <string.h>

#include "base/str.h"
#include "canary/status.h"
#include "kube/object.h"
#include "rollout/actor_inner.h"

enum { WRITES_MAX = 3 };

static void find(struct actor *actor, const struct canary *canary, struct str_list *texts, struct str_list *objects)
{
    const struct router *router = &actor->context->router;
    router->ops->warnings(router, &canary->names, canary->root, texts, objects);
}

void actor_watch_warnings(struct actor *actor, const struct canary *canary, struct str_list *objects)
{
    struct str_list texts = {0};
    find(actor, canary, &texts, objects);
    str_list_fini(&texts);
}

static char *join(const struct str_list *texts)
{
    char *all = str_dup("");
    for (size_t i = 0; i < texts->count; i++) {
        char *longer = str_format("%s%s%s", all, i > 0 ? "; " : "", texts->items[i]);
        str_free(&all);
        all = longer;
    }
    return all;
}

static void tell_new(struct actor *actor, const struct canary *canary, const struct str_list *texts)
{
    const struct node *live = object_condition(canary->root, CONDITION_WEIGHTS_EFFECTIVE);
    const char *told = node_str_or(node_get(live, "message"), "");
    for (size_t i = 0; i < texts->count; i++) {
        if (strstr(told, texts->items[i]) == NULL) {
            char *text =
                str_format("The mesh does not follow the weights of %s everywhere: %s", actor->id, texts->items[i]);
            actor_say(actor, "Warning", text);
            str_free(&text);
        }
    }
}

/* Bounds how often the same message is written, so that a status that somebody changes back does not hold up the
 * look. */
static bool may_write(struct actor *actor, const char *message)
{
    if (!str_equal(actor->warning, message)) {
        str_free(&actor->warning);
        actor->warning = str_dup(message);
        actor->warning_writes = 0;
    }
    return actor->warning_writes < WRITES_MAX;
}

static struct doc *patch_of(struct actor *actor, const struct canary *canary, const char *message)
{
    int64_t now = clock_wall_ms(actor->context->clock);
    struct canary_condition condition = {
        .type = CONDITION_WEIGHTS_EFFECTIVE, .status = "False", .reason = "Defeated", .message = message};
    return message[0] != '\0' ? status_condition(canary, &condition, now)
                              : status_without(canary, CONDITION_WEIGHTS_EFFECTIVE, now);
}

static struct doc *plan(struct actor *actor, const struct canary *canary)
{
    struct str_list texts = {0};
    find(actor, canary, &texts, NULL);
    char *message = join(&texts);
    struct doc *patch = may_write(actor, message) ? patch_of(actor, canary, message) : NULL;
    if (patch != NULL && actor->warning_writes++ == 0) {
        tell_new(actor, canary, &texts);
    }
    str_free(&message);
    str_list_fini(&texts);
    return patch;
}

bool actor_tell_warnings(struct actor *actor, const struct canary *canary)
{
    bool is_early = canary_is_initialising(canary); /* there are no routes yet */
    bool waits = actor_status_must_wait(actor) || (actor->run != NULL && run_is_acting(actor->run));
    return actor_note_status(actor, canary, is_early || waits ? NULL : plan(actor, canary));
}
