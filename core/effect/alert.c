/* { kind: alert, severity, message, described, begun }: a message to people in a chat, handed over once: `begun` is on
 * record before that. The list does not wait for the chat. */
#include "effect/kind.h"

static bool check(const struct place *at, const struct node *effect)
{
    if (node_str(node_get(effect, "message")) == NULL) {
        return err_set(at->err, ERR_INVALID, "%s.message is missing", at->text);
    }
    return place_check_word(at, effect, "severity", alert_severities, "info, warn or error") &&
           place_check_bool(at, effect, "described") && place_check_bool(at, effect, "begun");
}

static const char *severity_of(const struct node *effect)
{
    return node_str_or(node_get(effect, "severity"), ALERT_INFO);
}

static bool once(const struct effect_call *call, const struct canary *canary)
{
    return alerter_is_needed(call->context->alerter, canary, severity_of(call->effect));
}

static enum effect_step start(struct effect_call *call, const struct canary *canary, struct kube_write *write,
                              struct err *err)
{
    struct alert alert = {.severity = severity_of(call->effect),
                          .message = node_str_or(node_get(call->effect, "message"), ""),
                          .described = node_bool_or(node_get(call->effect, "described"), false)};
    alerter_send(call->context->alerter, canary, &alert);
    return EFFECT_DONE;
}

static const struct contract_field takes[] = {
    EFFECT_NAMED("alert"),
    {.name = "severity", .type = CONTRACT_STRING, .words = alert_severities},
    {.name = "message", .type = CONTRACT_STRING},
    {.name = "described", .type = CONTRACT_BOOLEAN, .optional = true},
    {0},
};

const struct effect_kind effect_alert = {
    .name = "alert",
    .lists = EFFECTS_IN(EFFECTS_OF_SCRIPT) | EFFECTS_IN(EFFECTS_OF_ENDING),
    .takes = takes,
    .again = "never sent again, whether it arrived or not",
    .check = check,
    .once = once,
    .start = start,
};
