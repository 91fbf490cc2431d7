/* pin: from now on the revision is fixed. Waits until target and configs can be read. */
#include "rollout/pin.h"
#include "rollout/operation/operation.h"

static struct doc *look(struct operation_call *call)
{
    struct err err = {0};
    if (pin_release(call->release, &err)) {
        waiting_end(call->waiting, WAIT_REVISION);
        struct doc *doc = operation_object();
        node_set_str(doc, doc_root(doc), "revision", call->release->revision);
        return doc;
    }
    if (err.code != ERR_NO_DATA) { /* otherwise the actor reads the config, and pokes the run */
        trouble_tell(call->trouble, err.text);
        operation_wait(call, WAIT_REVISION, err.text);
    }
    return NULL;
}

static void poke(struct operation_call *call, const struct canary *canary)
{
    struct doc *answer = look(call);
    if (answer != NULL) {
        operation_answer(call, answer);
    }
}

static bool start(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    *answer = look(call);
    return *answer != NULL;
}

static const struct contract_field answers[] = {{.name = "revision", .type = CONTRACT_STRING}, {0}};

const struct operation operation_pin = {.name = "pin",
                                        .takes.fields = operation_nothing,
                                        .answers.fields = answers,
                                        .recorded = true,
                                        .start = start,
                                        .poke = poke};
