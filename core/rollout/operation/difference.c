/* difference: who keeps the live routing from weights that were ordered. */
#include "rollout/difference.h"
#include "rollout/operation/operation.h"

struct asked {
    struct difference *under_way;
};

static void on_told(void *ctx, const char *text)
{
    struct operation_call *call = ctx;
    ((struct asked *)call->state)->under_way = NULL;
    struct doc *doc = operation_object();
    node_set_str(doc, doc_root(doc), "text", text);
    operation_answer(call, doc);
}

static bool start(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    const struct router *router = &call->context->router;
    const struct node *args = doc_root(call->args);
    int share = (int)node_int_or(node_get(args, "canary"), 0);
    struct routes want = {
        .primary_pct = 100 - share, .canary_pct = share, .mirrored = node_bool_or(node_get(args, "mirrored"), false)};
    struct kube_write write = {0};
    struct err ignored = {0};
    if (router->ops->set_routes(router, &canary->names, canary->root, &want, &write, &ignored) != PLAN_WRITE) {
        *answer = operation_object();
        return true;
    }
    ((struct asked *)call->state)->under_way = difference_start(call->context, &write, false, on_told, call);
    return false;
}

static void cancel(struct operation_call *call)
{
    struct asked *asked = call->state;
    if (asked->under_way != NULL) {
        difference_cancel(asked->under_way);
    }
}

static const struct contract_field takes[] = {
    {.name = "canary", .type = CONTRACT_INTEGER, .min = 0, .max = 100},
    {.name = "mirrored", .type = CONTRACT_BOOLEAN},
    {0},
};
static const struct contract_field answers[] = {{.name = "text", .type = CONTRACT_STRING, .optional = true}, {0}};

const struct operation operation_difference = {.name = "difference",
                                               .takes.fields = takes,
                                               .answers.fields = answers,
                                               .recorded = true,
                                               .size = sizeof(struct asked),
                                               .start = start,
                                               .cancel = cancel};
