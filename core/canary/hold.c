#include "canary/hold.h"

#include <string.h>

#include "base/str.h"
#include "canary/condition.h"
#include "canary/pause.h"
#include "canary/request.h"
#include "kube/object.h"

static bool read_condition(struct hold *hold, enum hold_kind kind, const struct node *condition, const char *status)
{
    *hold = (struct hold){0};
    if (node_is(node_get(condition, "status"), status)) {
        hold->kind = kind;
        hold->reason = node_str_or(node_get(condition, "reason"), "?");
        hold->message = node_str(node_get(condition, "message"));
        hold->since = node_str(node_get(condition, "lastTransitionTime"));
    }
    return hold->kind != HOLD_NONE;
}

bool hold_read_pause(struct hold *hold, const struct node *canary)
{
    struct pause pause;
    *hold = (struct hold){0};
    pause_read(&pause, canary);
    if (pause.through != NULL && strcmp(pause.through, PAUSE_SUSPEND) == 0) {
        *hold = (struct hold){.kind = HOLD_SUSPENDED, .reason = "Suspended", .message = "spec.suspend is true"};
    } else if (pause.through != NULL) {
        const char *text = pause.reason != NULL ? request_pause(canary) : NULL;
        *hold = (struct hold){.kind = HOLD_PAUSED, .reason = "Paused", .message = text};
    }
    pause_fini(&pause);
    return hold->kind != HOLD_NONE;
}

bool hold_read_refusal(struct hold *hold, const struct node *canary)
{
    return read_condition(hold, HOLD_REFUSED, object_condition(canary, CONDITION_ACCEPTED), "False");
}

bool hold_read_waiting(struct hold *hold, const struct node *canary)
{
    return read_condition(hold, HOLD_WAITING, object_condition(canary, CONDITION_WAITING), "True");
}

bool hold_read(struct hold *hold, const struct node *canary)
{
    return hold_read_pause(hold, canary) || hold_read_refusal(hold, canary) || hold_read_waiting(hold, canary);
}

char *hold_text(const struct hold *hold)
{
    return str_empty(hold->message) ? str_dup(hold->reason) : str_format("%s: %s", hold->reason, hold->message);
}
