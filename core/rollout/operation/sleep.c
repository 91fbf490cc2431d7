/* sleep: the waits of releases that began with the words of version 1 (release/release.h); later ones have await.
 *
 * Some time passes, or until another Canary has come to a phase, and nothing of the release happens; but a rollback
 * hook is asked once per interval, as in rounds. The moment of the end is on record as the operation's intent, so that
 * another engine waits for the rest alone. */
#include <string.h>

#include "base/duration.h"
#include "base/str.h"
#include "notify/hook_run.h"
#include "rollout/operation/operation.h"

struct sleep {
    struct timer timer;
    struct hook_run *asking;
    int questions;
    int64_t asked_ms; /* monotonic: when the hooks were asked last, or the sleep began */
    bool begun;
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

static void wake(struct operation_call *call, bool came, const char *rollback)
{
    struct doc *doc = operation_object();
    node_set_int(doc, doc_root(doc), "now", clock_wall_ms(call->context->clock));
    node_set_bool(doc, doc_root(doc), "came", came);
    node_set_str(doc, doc_root(doc), "rollback", rollback);
    timer_cancel(&((struct sleep *)call->state)->timer);
    waiting_end(call->waiting, WAIT_STRATEGY);
    operation_answer(call, doc);
}

/* --- what is waited for --- */

static const struct node *condition_of(const struct operation_call *call)
{
    const struct node *condition = node_get(doc_root(call->args), "canary");
    return node_type(condition) == NODE_OBJECT ? condition : NULL;
}

static bool has_come(const struct operation_call *call)
{
    const struct node *condition = condition_of(call);
    return condition != NULL && operation_phase_is(call, condition);
}

static char *text_of(const struct operation_call *call, const struct canary *canary)
{
    const struct node *condition = condition_of(call);
    char until[32];
    time_write(end_ms(call), until);
    if (condition == NULL) {
        return str_format("%s waits until %s, as its strategy says", canary->names.id, until);
    }
    return str_format("%s waits until canary %s.%s is %s, at the longest until %s, as its strategy says",
                      canary->names.id, node_str_or(node_get(condition, "name"), ""), canary->names.namespace,
                      node_str_or(node_get(condition, "phase"), ""), until);
}

/* --- once per interval --- */

static void on_hooks(void *ctx, const struct doc *results)
{
    struct operation_call *call = ctx;
    ((struct sleep *)call->state)->asking = NULL;
    const struct node *last = node_item(doc_root(results), node_count(doc_root(results)) - 1);
    if (node_bool_or(node_get(last, "ok"), false)) {
        wake(call, false, node_str_or(node_get(last, "name"), ""));
    } else {
        operation_look_again(call);
    }
}

static void ask_hooks(struct operation_call *call, const struct canary *canary)
{
    struct sleep *sleep = call->state;
    sleep->asked_ms = clock_mono_ms(call->context->clock);
    if (!hook_run_is_needed(canary, "rollback")) {
        return;
    }
    /* Another question each time, so that its key is another one. */
    char *prefix = str_format("%s/%lld/rollback/%d", call->release->uid,
                              (long long)journal_words(call->release->journal), ++sleep->questions);
    struct hook_run_options options = {.http = call->context->http,
                                       .clock = call->context->clock,
                                       .canary = canary,
                                       .type = "rollback",
                                       .phase = canary->phase,
                                       .stop_at_success = true,
                                       .key_prefix = prefix};
    sleep->asking = hook_run_start(&options, on_hooks, call);
    str_free(&prefix);
}

static void on_due(struct timer *timer, void *ctx)
{
    operation_look_again(ctx); /* nothing comes of it while the release is frozen; it is poked when that ends */
}

/* Called by the timer, when an object has changed, and when the release is not frozen any more. */
static void look(struct operation_call *call, const struct canary *canary)
{
    struct sleep *sleep = call->state;
    if (sleep->recording || sleep->asking != NULL) {
        return;
    }
    int64_t now = clock_mono_ms(call->context->clock), rest = rest_ms(call);
    if (!sleep->begun) {
        sleep->begun = true;
        /* Another engine asks at the same moments; also at this one, which the dead one may not have lived to see. */
        int64_t slept = whole_ms(call) - rest;
        sleep->asked_ms = now - (slept > 0 ? (slept - 1) % canary->interval_ms + 1 : 0);
        char *text = text_of(call, canary);
        operation_wait(call, WAIT_STRATEGY, text);
        str_free(&text);
    }
    bool came = has_come(call);
    if (came || rest == 0) {
        wake(call, came || condition_of(call) == NULL, NULL);
        return;
    }
    if (now - sleep->asked_ms >= canary->interval_ms) {
        ask_hooks(call, canary);
        if (sleep->asking != NULL) {
            return;
        }
    }
    int64_t pause = sleep->asked_ms + canary->interval_ms - now;
    bool asks = hook_run_is_needed(canary, "rollback");
    timer_start(call->context->clock, &sleep->timer, asks && pause < rest ? pause : rest, on_due, call);
}

static void on_recorded(struct operation_call *call)
{
    ((struct sleep *)call->state)->recording = false;
    operation_look_again(call);
}

static bool start(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    call->quiet_ms = call->intent == NULL ? whole_ms(call) : rest_ms(call);
    if (call->intent == NULL) {
        call->intent = operation_object();
        node_set_int(call->intent, doc_root(call->intent), "until",
                     clock_wall_ms(call->context->clock) + whole_ms(call));
        ((struct sleep *)call->state)->recording = true;
        operation_intend(call, doc_root(call->intent), on_recorded);
    } else if (call->known) {
        timer_start(call->context->clock, &((struct sleep *)call->state)->timer, 0, on_due, call);
    }
    return false;
}

static void list_canary(const struct operation_call *call, struct str_list *names)
{
    const struct node *condition = condition_of(call);
    if (condition != NULL) {
        str_list_push(names, node_str_or(node_get(condition, "name"), ""));
    }
}

static void cancel(struct operation_call *call)
{
    struct sleep *sleep = call->state;
    timer_cancel(&sleep->timer);
    if (sleep->asking != NULL) {
        hook_run_cancel(sleep->asking);
    }
}

enum { DAY_MS = 24 * 60 * 60 * 1000 };
static const struct contract_field takes[] = {
    {.name = "ms", .type = CONTRACT_INTEGER, .min = 1, .max = 401 * (int64_t)DAY_MS},
    {.name = "canary", .optional = true, .fields = operation_condition},
    {0},
};
static const struct contract_field answers[] = {
    {.name = "now", .type = CONTRACT_INTEGER},
    {.name = "came", .type = CONTRACT_BOOLEAN},
    {.name = "rollback", .type = CONTRACT_STRING, .optional = true},
    {0},
};

const struct operation operation_sleep = {.name = "sleep",
                                          .takes.fields = takes,
                                          .answers.fields = answers,
                                          .recorded = true,
                                          .rests = true,
                                          .size = sizeof(struct sleep),
                                          .start = start,
                                          .poke = look,
                                          .watches = list_canary,
                                          .cancel = cancel};
