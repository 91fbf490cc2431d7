/* await: the next moment at which it is worth looking whether what a script waits for has come. Like tick it stands
 * between words and is not on record: what was found then is. */
#include "notify/hook_run.h"
#include "rollout/operation/operation.h"

struct await {
    struct timer timer;
    int64_t since_ms; /* monotonic: when the last look began */
};

static int64_t arg_ms(const struct operation_call *call, const char *name, int64_t otherwise)
{
    return node_int_or(node_get(doc_root(call->args), name), otherwise);
}

static struct doc *now_answer(struct operation_call *call)
{
    struct doc *doc = operation_object();
    node_set_int(doc, doc_root(doc), "now", clock_wall_ms(call->context->clock));
    return doc;
}

/* --- when --- */

/* The record has wall time; the wait itself is monotonic, so that a wall clock set back holds no look up. */
static int64_t since_ms(const struct operation_call *call)
{
    int64_t passed = clock_wall_ms(call->context->clock) - arg_ms(call, "since", 0);
    return clock_mono_ms(call->context->clock) - (passed > 0 ? passed : 0);
}

static bool looks_often(const struct operation_call *call, const struct canary *canary)
{
    return node_bool_or(node_get(doc_root(call->args), "often"), false) || hook_run_is_needed(canary, "rollback");
}

/* From one look to the next. They are in step with the beginning, so that those of another engine are, too. */
static int64_t step_ms(const struct operation_call *call, int64_t interval_ms)
{
    int64_t passed = arg_ms(call, "since", 0) - arg_ms(call, "began", 0);
    return passed > 0 ? interval_ms - passed % interval_ms : interval_ms;
}

/* Until the next look; INT64_MAX: no time brings it. */
static int64_t pause_ms(const struct operation_call *call, const struct canary *canary)
{
    int64_t since = arg_ms(call, "since", 0), until = arg_ms(call, "until", INT64_MAX);
    if (clock_wall_ms(call->context->clock) >= until) {
        return 0;
    }
    int64_t whole = until == INT64_MAX ? INT64_MAX : until - since;
    if (looks_often(call, canary) && step_ms(call, canary->interval_ms) < whole) {
        whole = step_ms(call, canary->interval_ms);
    }
    int64_t passed = clock_mono_ms(call->context->clock) - ((struct await *)call->state)->since_ms;
    return whole == INT64_MAX ? INT64_MAX : whole > passed ? whole - passed : 0;
}

/* --- what else --- */

static bool has_come(const struct operation_call *call)
{
    struct node_iter it = node_iterate(node_get(doc_root(call->args), "canaries"));
    bool came = false;
    while (!came && node_next(&it)) {
        came = operation_phase_is(call, it.value);
    }
    return came;
}

static void on_due(struct timer *timer, void *ctx)
{
    operation_look_again(ctx); /* nothing comes of it while the release is frozen; it is poked when that ends */
}

static void arm(struct operation_call *call, int64_t ms)
{
    struct await *await = call->state;
    if (ms == INT64_MAX) {
        timer_cancel(&await->timer);
    } else {
        timer_start(call->context->clock, &await->timer, ms, on_due, call);
    }
}

/* Called by the timer, when an object has changed, and when the release is not frozen any more. */
static void look(struct operation_call *call, const struct canary *canary)
{
    bool asked = operation_is_asked(call, arg_ms(call, "since", 0));
    int64_t ms = canary->skip_analysis || asked || has_come(call) ? 0 : pause_ms(call, canary);
    if (ms == 0) {
        requests_note_look(&call->release->requests);
        operation_answer(call, now_answer(call));
    } else {
        arm(call, ms);
    }
}

static bool start(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    if (journal_is_replaying(call->release->journal)) {
        *answer = now_answer(call);
        return true;
    }
    ((struct await *)call->state)->since_ms = since_ms(call);
    if (call->known) {
        call->quiet_ms = has_come(call) ? 0 : pause_ms(call, canary);
        arm(call, 0);
    }
    return false;
}

static void list_canaries(const struct operation_call *call, struct str_list *names)
{
    struct node_iter it = node_iterate(node_get(doc_root(call->args), "canaries"));
    while (node_next(&it)) {
        str_list_push(names, node_str_or(node_get(it.value, "name"), ""));
    }
}

static void cancel(struct operation_call *call)
{
    timer_cancel(&((struct await *)call->state)->timer);
}

static const struct contract_field takes[] = {
    {.name = "began", .type = CONTRACT_INTEGER},
    {.name = "since", .type = CONTRACT_INTEGER},
    {.name = "until", .type = CONTRACT_INTEGER, .optional = true},
    {.name = "often", .type = CONTRACT_BOOLEAN},
    {.name = "canaries", .type = CONTRACT_LIST, .fields = operation_condition},
    {0},
};
static const struct contract_field answers[] = {{.name = "now", .type = CONTRACT_INTEGER}, {0}};

const struct operation operation_await = {.name = "await",
                                          .takes.fields = takes,
                                          .answers.fields = answers,
                                          .rests = true,
                                          .size = sizeof(struct await),
                                          .start = start,
                                          .poke = look,
                                          .watches = list_canaries,
                                          .cancel = cancel};
