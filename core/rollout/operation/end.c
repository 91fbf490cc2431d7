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

const struct operation operation_rollback = {.name = "rollback", .start = roll_back};
const struct operation operation_fail_promotion = {.name = "fail_promotion", .start = fail_promotion};
const struct operation operation_finish = {.name = "finish", .start = finish};
