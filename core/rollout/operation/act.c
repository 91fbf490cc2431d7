/* act: a list of effects (effect/effect.h), on record before the first one starts. An effect that cannot be is answered
 * and not raised: the numbers in it may stem from objects that somebody has written. */
#include "effect/effect.h"
#include "effect/requests.h"
#include "release/note.h"
#include "rollout/operation/operation.h"

struct act {
    struct effects *under_way;
};

static struct doc *answer_of(size_t failed, bool begun, const struct err *err)
{
    bool ok = err->code == ERR_NONE;
    struct doc *doc = ok ? operation_object() : operation_error(err->text);
    node_set_bool(doc, doc_root(doc), "ok", ok);
    if (!ok) {
        node_set_int(doc, doc_root(doc), "failed", (int64_t)failed + 1);
    }
    if (begun) {
        node_set_bool(doc, doc_root(doc), "begun", true);
    }
    return doc;
}

static bool is_only(const struct node *list, const char *const *kinds)
{
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        size_t i = 0;
        while (kinds[i] != NULL && !node_is(node_get(it.value, "kind"), kinds[i])) {
            i++;
        }
        if (kinds[i] == NULL) {
            return false;
        }
    }
    return true;
}

static const char *const tell[] = {"event", "alert", "gauge", NULL};
static const char *const measure[] = {"gauge", NULL};

/* A list that only tells something does not end a wait: a failure is told by a list of its own. */
static void on_done(void *ctx, size_t failed, bool begun, const struct err *err)
{
    struct operation_call *call = ctx;
    ((struct act *)call->state)->under_way = NULL;
    if (err->code != ERR_NONE) {
        operation_wait(call, WAIT_EFFECT, err->text); /* the script tells it */
    } else if (!is_only(doc_root(call->intent), tell)) {
        waiting_end(call->waiting, WAIT_EFFECT);
    }
    operation_answer(call, answer_of(failed, begun, err));
}

static void on_marked(struct operation_call *call)
{
    effects_recorded(((struct act *)call->state)->under_way);
}

static void record(void *ctx, const struct node *list)
{
    struct operation_call *call = ctx;
    doc_free(call->intent);
    call->intent = doc_copy(list);
    operation_intend(call, doc_root(call->intent), on_marked);
}

static void begin(struct operation_call *call, bool redo)
{
    struct effects_options options = {
        .context = call->context,
        .release = call->release,
        .announcer = call->announcer,
        .list = doc_root(call->intent),
        .redo = redo,
        .record = record,
    };
    ((struct act *)call->state)->under_way = effects_start(&options, on_done, call);
}

static void on_recorded(struct operation_call *call)
{
    begin(call, false);
}

/* What a list says in place of the Canary's analysis counts as soon as it is on record, with the list itself: before
 * its write, as repairs must not take it back. */
static bool adopt(struct release *release, const struct canary *canary, const struct node *list, struct err *err)
{
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        const struct node *analysis = node_get(it.value, "analysis");
        if (analysis != NULL && !requests_can_be_told_apart(canary, false, err)) {
            return false;
        } else if (analysis != NULL) {
            accepted_override(&release->accepted, analysis);
        }
    }
    return true;
}

static bool start(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    if (call->intent != NULL) {
        begin(call, true);
        return false;
    }
    struct err err = {0};
    struct doc *prepared = doc_new();
    if (!effects_prepare(call->context, call->release, doc_root(call->args), EFFECTS_OF_SCRIPT, prepared, &err) ||
        !adopt(call->release, canary, doc_root(prepared), &err)) {
        doc_free(prepared);
        *answer = answer_of(0, false, &err);
        return true;
    }
    call->intent = prepared;
    if (is_only(doc_root(prepared), measure)) {
        begin(call, false);
    } else {
        note_orders(call->release, doc_root(prepared));
        operation_intend(call, doc_root(prepared), on_recorded);
    }
    return false;
}

static void cancel(struct operation_call *call)
{
    struct act *act = call->state;
    if (act->under_way != NULL) {
        effects_cancel(act->under_way);
    }
}

static const struct contract_field answers[] = {
    {.name = "ok", .type = CONTRACT_BOOLEAN},
    {.name = "failed", .type = CONTRACT_INTEGER, .optional = true},
    {.name = "error", .type = CONTRACT_STRING, .optional = true},
    {.name = "begun", .type = CONTRACT_BOOLEAN, .optional = true},
    {0},
};

const struct operation operation_act = {.name = "act",
                                        .takes.type = CONTRACT_LIST,
                                        .answers.fields = answers,
                                        .recorded = true,
                                        .writes = true,
                                        .size = sizeof(struct act),
                                        .start = start,
                                        .cancel = cancel};
