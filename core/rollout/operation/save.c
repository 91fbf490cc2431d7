/* save: what the release has done so far is on its record. A round in which nothing happens is not written
 * otherwise. */
#include "rollout/operation/operation.h"

static void on_recorded(struct operation_call *call)
{
    operation_answer(call, operation_object());
}

static bool start(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    if (call->intent != NULL) { /* it is on record */
        *answer = operation_object();
        return true;
    }
    call->intent = operation_object();
    operation_intend(call, doc_root(call->intent), on_recorded);
    return false;
}

const struct operation operation_save = {.name = "save",
                                         .takes.fields = operation_nothing,
                                         .answers.fields = operation_nothing,
                                         .recorded = true,
                                         .start = start};
