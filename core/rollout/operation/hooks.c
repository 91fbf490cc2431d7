/* hooks: all webhooks of one type. A delivery is on record before it starts; a question that changes nothing is not. */
#include <string.h>

#include "base/str.h"
#include "notify/hook_run.h"
#include "rollout/operation/operation.h"

struct hooks {
    struct hook_run *under_way;
};

static bool is_question(const char *type)
{
    static const char *const questions[] = {"confirm-rollout", "confirm-traffic-increase", "confirm-promotion",
                                            "rollback"};
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        if (strcmp(type, questions[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void on_answered(void *ctx, const struct doc *results)
{
    struct operation_call *call = ctx;
    ((struct hooks *)call->state)->under_way = NULL;
    operation_answer(call, doc_copy(doc_root(results)));
}

static void send(struct operation_call *call, const struct canary *canary)
{
    struct hooks *hooks = call->state;
    char *prefix = str_format("%s/%lld/%s", call->release->uid, (long long)journal_words(call->release->journal),
                              operation_text(call, "type"));
    struct hook_run_options options = {
        .http = call->context->http,
        .clock = call->context->clock,
        .canary = canary,
        .type = operation_text(call, "type"),
        .phase = operation_text(call, "phase"),
        .stop_at_success = strcmp(operation_text(call, "stop"), "success") == 0,
        .key_prefix = prefix,
    };
    hooks->under_way = hook_run_start(&options, on_answered, call);
    str_free(&prefix);
}

/* A person has answered in the place of the gate's hooks. */
static bool is_approved(struct operation_call *call, const char *gate, struct doc **answer)
{
    char *who = operation_approval(call, gate);
    if (who == NULL) {
        return false;
    }
    *answer = doc_new();
    doc_set_root(*answer, node_new_array(*answer));
    struct node *result = node_new_object(*answer);
    node_set_str(*answer, result, "name", gate);
    node_set_bool(*answer, result, "ok", true);
    node_set_str(*answer, result, "approved", who);
    node_set_bool(*answer, result, "mute", false);
    node_push(doc_root(*answer), result);
    str_free(&who);
    return true;
}

static bool start(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    const char *type = operation_text(call, "type");
    if (!hook_run_is_needed(canary, type)) {
        *answer = doc_new();
        doc_set_root(*answer, node_new_array(*answer));
        return true;
    }
    if (is_approved(call, type, answer)) {
        return true;
    }
    operation_send(call, canary, !is_question(type));
    return false;
}

static void cancel(struct operation_call *call)
{
    struct hooks *hooks = call->state;
    if (hooks->under_way != NULL) {
        hook_run_cancel(hooks->under_way);
    }
}

static const char *const types[] = {"confirm-rollout",   "confirm-traffic-increase",
                                    "confirm-promotion", "pre-rollout",
                                    "rollout",           "post-rollout",
                                    "rollback",          NULL};
static const char *const stops[] = {"failure", "success", NULL};
static const struct contract_field takes[] = {
    {.name = "type", .type = CONTRACT_STRING, .words = types},
    {.name = "phase", .type = CONTRACT_STRING},
    {.name = "stop", .type = CONTRACT_STRING, .words = stops},
    {0},
};
static const struct contract_field results[] = {
    {.name = "name", .type = CONTRACT_STRING},
    {.name = "ok", .type = CONTRACT_BOOLEAN},
    {.name = "error", .type = CONTRACT_STRING, .optional = true},
    {.name = "status", .type = CONTRACT_INTEGER, .optional = true},
    {.name = "took_ms", .type = CONTRACT_INTEGER, .optional = true}, /* of a record of an older engine */
    {.name = "approved", .type = CONTRACT_STRING, .optional = true},
    {.name = "mute", .type = CONTRACT_BOOLEAN},
    {0},
};

const struct operation operation_hooks = {.name = "hooks",
                                          .takes.fields = takes,
                                          .answers = {.type = CONTRACT_LIST, .fields = results},
                                          .recorded = true,
                                          .size = sizeof(struct hooks),
                                          .start = start,
                                          .send = send,
                                          .cancel = cancel};
