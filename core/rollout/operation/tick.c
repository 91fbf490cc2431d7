/* tick: the end of the interval, or what a person asked for. */
#include "rollout/operation/operation.h"

struct tick {
    struct timer timer;
    int64_t began_ms; /* monotonic */
};

static struct doc *now_answer(struct operation_call *call)
{
    struct doc *doc = operation_object();
    node_set_int(doc, doc_root(doc), "now", clock_wall_ms(call->context->clock));
    return doc;
}

static void on_due(struct timer *timer, void *ctx)
{
    struct operation_call *call = ctx;
    if (!operation_is_blocked(call)) {
        operation_answer(call, now_answer(call));
    }
}

/* A person who has promoted the release, or opened its gate, does not wait for the interval to end. */
static bool is_asked(const struct operation_call *call)
{
    const struct node *since = node_get(doc_root(call->args), "since");
    return since != NULL && operation_is_asked(call, node_int_or(since, 0));
}

/* Sets the timer to the end of the interval. Called again when the Canary changes, because another interval moves
 * that, and when the release is not frozen any more. */
static void arm(struct operation_call *call, const struct canary *canary)
{
    struct tick *tick = call->state;
    int64_t waited_ms = clock_mono_ms(call->context->clock) - tick->began_ms;
    call->quiet_ms = is_asked(call) ? 0 : canary->interval_ms - waited_ms;
    timer_start(call->context->clock, &tick->timer, call->quiet_ms, on_due, call);
}

/* The record has wall time; the wait itself is monotonic, so that a wall clock set back holds no round up. */
static int64_t began_ms(const struct operation_call *call)
{
    int64_t now = clock_wall_ms(call->context->clock);
    int64_t waited_ms = now - node_int_or(node_get(doc_root(call->args), "since"), now);
    return clock_mono_ms(call->context->clock) - (waited_ms > 0 ? waited_ms : 0);
}

static bool start(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    struct tick *tick = call->state;
    if (journal_is_replaying(call->release->journal)) {
        *answer = now_answer(call);
        return true;
    }
    tick->began_ms = began_ms(call);
    if (call->known) {
        operation_round_ended(call, canary);
        arm(call, canary);
    }
    return false;
}

static void cancel(struct operation_call *call)
{
    timer_cancel(&((struct tick *)call->state)->timer);
}

static const struct contract_field takes[] = {{.name = "since", .type = CONTRACT_INTEGER, .optional = true}, {0}};
static const struct contract_field answers[] = {{.name = "now", .type = CONTRACT_INTEGER}, {0}};

const struct operation operation_tick = {.name = "tick",
                                         .takes.fields = takes,
                                         .answers.fields = answers,
                                         .rests = true,
                                         .size = sizeof(struct tick),
                                         .start = start,
                                         .poke = arm,
                                         .cancel = cancel};
