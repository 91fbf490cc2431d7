/* The part of rollout/actor.h that tells of annotations that nobody reads. */
#include "base/str.h"
#include "canary/unread.h"
#include "rollout/actor_inner.h"

void actor_tell_unread(struct actor *actor, const struct canary *canary)
{
    char *now = unread_annotations(canary->root);
    if (now != NULL && !str_equal(actor->unread, now)) {
        char *text = str_format("canary %s: %s", actor->id, now);
        actor_say(actor, "Warning", text);
        str_free(&text);
    }
    str_free(&actor->unread);
    actor->unread = now;
}
