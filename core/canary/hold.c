#include "canary/hold.h"

#include <string.h>

#include "canary/condition.h"
#include "canary/pause.h"
#include "canary/request.h"
#include "kube/object.h"

static void read_condition(struct hold *hold, const struct node *condition)
{
    hold->reason = node_str_or(node_get(condition, "reason"), "?");
    hold->message = node_str(node_get(condition, "message"));
    hold->since = node_str(node_get(condition, "lastTransitionTime"));
}

bool hold_read(struct hold *hold, const struct node *canary)
{
    const struct node *accepted = object_condition(canary, CONDITION_ACCEPTED);
    const struct node *waiting = object_condition(canary, CONDITION_WAITING);
    struct pause pause;
    *hold = (struct hold){0};
    pause_read(&pause, canary);
    if (pause.through != NULL) {
        bool suspends = strcmp(pause.through, PAUSE_SUSPEND) == 0;
        hold->reason = suspends ? "Suspended" : "Paused";
        hold->message = suspends ? "spec.suspend is true" : pause.reason != NULL ? request_pause(canary) : NULL;
    } else if (node_is(node_get(accepted, "status"), "False")) {
        read_condition(hold, accepted);
    } else if (waiting != NULL) {
        read_condition(hold, waiting);
    }
    pause_fini(&pause);
    return hold->reason != NULL;
}
