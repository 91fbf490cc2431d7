/* sleep: some time passes, and nothing of the release happens. The moment of its end is on record as the operation's
 * intent, so that another engine waits for the rest alone. */
#include "base/duration.h"
#include "base/str.h"
#include "rollout/operation/operation.h"

struct sleep {
    struct timer timer;
    bool recording; /* the end is on its way to the record: nothing is answered before */
};

static int64_t end_ms(const struct operation_call *call)
{
    return node_int_or(node_get(doc_root(call->intent), "until"), 0);
}

static int64_t whole_ms(const struct operation_call *call)
{
    return node_int_or(node_get(doc_root(call->args), "ms"), 0);
}

/* Never longer than the whole: the wall clock may have been set back since. */
static int64_t rest_ms(const struct operation_call *call)
{
    int64_t now = clock_wall_ms(call->context->clock), end = end_ms(call);
    int64_t rest = end > now ? end - now : 0;
    return rest < whole_ms(call) ? rest : whole_ms(call);
}

static void on_due(struct timer *timer, void *ctx)
{
    struct operation_call *call = ctx;
    if (operation_is_blocked(call)) {
        return;
    }
    struct doc *doc = operation_object();
    node_set_int(doc, doc_root(doc), "now", clock_wall_ms(call->context->clock));
    waiting_end(call->waiting, WAIT_STRATEGY);
    operation_answer(call, doc);
}

/* Called again when the release is not frozen any more. */
static void arm(struct operation_call *call, const struct canary *canary)
{
    struct sleep *sleep = call->state;
    if (sleep->recording) {
        return;
    }
    char until[32];
    time_write(end_ms(call), until);
    char *text = str_format("%s waits until %s, as its strategy says", canary->names.id, until);
    operation_wait(call, WAIT_STRATEGY, text);
    str_free(&text);
    timer_start(call->context->clock, &sleep->timer, rest_ms(call), on_due, call);
}

static void on_recorded(struct operation_call *call)
{
    ((struct sleep *)call->state)->recording = false;
    operation_look_again(call);
}

static bool start(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    if (call->intent == NULL) {
        call->intent = operation_object();
        node_set_int(call->intent, doc_root(call->intent), "until",
                     clock_wall_ms(call->context->clock) + whole_ms(call));
        ((struct sleep *)call->state)->recording = true;
        operation_intend(call, doc_root(call->intent), on_recorded);
    } else if (call->known) {
        arm(call, canary);
    }
    return false;
}

static void cancel(struct operation_call *call)
{
    timer_cancel(&((struct sleep *)call->state)->timer);
}

enum { DAY_MS = 24 * 60 * 60 * 1000 };
static const struct contract_field takes[] = {
    {.name = "ms", .type = CONTRACT_INTEGER, .min = 1, .max = 30 * (int64_t)DAY_MS}, {0}};
static const struct contract_field answers[] = {{.name = "now", .type = CONTRACT_INTEGER}, {0}};

const struct operation operation_sleep = {.name = "sleep",
                                          .takes.fields = takes,
                                          .answers.fields = answers,
                                          .recorded = true,
                                          .size = sizeof(struct sleep),
                                          .start = start,
                                          .poke = arm,
                                          .cancel = cancel};
