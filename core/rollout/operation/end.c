/* rollback, fail_promotion, finish: the script ends here, and C finishes the release. */
#include "rollout/operation/operation.h"

static bool roll_back(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    operation_end(call, OPERATION_ROLLED_BACK);
    return false;
}

static bool fail_promotion(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    operation_end(call, OPERATION_PROMOTION_FAILED);
    return false;
}

static bool finish(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    bool skipped = node_bool_or(node_get(doc_root(call->args), "skipped"), false);
    operation_end(call, skipped ? OPERATION_SKIPPED : OPERATION_SUCCEEDED);
    return false;
}

static const char *const types[] = {"Normal", "Warning", NULL};
static const char *const kinds[] = {"event", NULL};
static const char *const alert_kinds[] = {"alert", NULL};
static const struct contract_field events[] = {
    {.name = "kind", .type = CONTRACT_STRING, .words = kinds, .optional = true},
    {.name = "type", .type = CONTRACT_STRING, .words = types},
    {.name = "message", .type = CONTRACT_STRING},
    {.name = "phase", .type = CONTRACT_STRING, .optional = true},
    {0},
};
static const struct contract_field alerts[] = {
    {.name = "kind", .type = CONTRACT_STRING, .words = alert_kinds, .optional = true},
    {.name = "severity", .type = CONTRACT_STRING, .words = alert_severities},
    {.name = "message", .type = CONTRACT_STRING},
    {0},
};
static const char *const ended_by[] = {ENDED_BY_THRESHOLD, ENDED_BY_HOOK,     ENDED_BY_GATE,
                                       ENDED_BY_CHECK,     ENDED_BY_STRATEGY, NULL};
static const struct contract_field why[] = {
    {.name = "events", .type = CONTRACT_LIST, .fields = events},
    {.name = "alerts", .type = CONTRACT_LIST, .fields = alerts, .optional = true},
    {.name = "by", .type = CONTRACT_STRING, .words = ended_by, .optional = true},
    {.name = "name", .type = CONTRACT_STRING, .optional = true},
    {0},
};
static const struct contract_field failure[] = {{.name = "error", .type = CONTRACT_STRING, .optional = true}, {0}};
static const struct contract_field success[] = {{.name = "skipped", .type = CONTRACT_BOOLEAN}, {0}};

const struct operation operation_rollback = {.name = "rollback", .takes.fields = why, .ends = true, .start = roll_back};
const struct operation operation_fail_promotion = {
    .name = "fail_promotion", .takes.fields = failure, .ends = true, .start = fail_promotion};
const struct operation operation_finish = {.name = "finish", .takes.fields = success, .ends = true, .start = finish};
