/* What operations share, and their way to the port. */
#include "rollout/operation/operation.h"

const struct contract_field operation_nothing[] = {{0}};

struct doc *operation_object(void)
{
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_object(doc));
    return doc;
}

struct doc *operation_error(const char *text)
{
    struct doc *doc = operation_object();
    node_set_str(doc, doc_root(doc), "error", text);
    return doc;
}

const char *operation_text(const struct operation_call *call, const char *key)
{
    return node_str_or(node_get(doc_root(call->args), key), "");
}

char *operation_approval(struct operation_call *call, const char *gate)
{
    char *who = NULL;
    requests_take_approval(&call->release->requests, gate, clock_wall_ms(call->context->clock), &who);
    return who;
}

bool operation_is_asked(const struct operation_call *call, int64_t since_ms)
{
    return requests_are_due(&call->release->requests, since_ms);
}

/* --- the port --- */

void operation_answer(struct operation_call *call, struct doc *answer)
{
    call->port->answer(call, answer);
}

void operation_intend(struct operation_call *call, const struct node *intent,
                      void (*recorded)(struct operation_call *call))
{
    call->port->intend(call, intent, recorded);
}

static void on_send_recorded(struct operation_call *call)
{
    struct canary canary;
    struct err ignored = {0};
    release_canary(call->release, &canary, &ignored);
    call->operation->send(call, &canary);
    canary_fini(&canary);
}

void operation_send(struct operation_call *call, const struct canary *canary, bool delivers)
{
    if (call->intent != NULL || !delivers) {
        call->operation->send(call, canary);
    } else {
        operation_intend(call, doc_root(call->args), on_send_recorded);
    }
}

void operation_wait(struct operation_call *call, const char *reason, const char *message)
{
    waiting_begin(call->waiting, &(struct wait){.reason = reason, .message = message, .told = true});
}

void operation_end(struct operation_call *call, enum operation_ending ending)
{
    call->port->end(call, ending);
}

bool operation_is_blocked(const struct operation_call *call)
{
    return call->port->is_blocked(call);
}

void operation_round_ended(struct operation_call *call, const struct canary *canary)
{
    call->port->round_ended(call, canary);
}

void operation_look_again(struct operation_call *call)
{
    call->port->poke(call);
}
