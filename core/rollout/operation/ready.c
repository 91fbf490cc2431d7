/* ready: waits until the Pods of one side are ready, or never will be.
 *
 * A target that was deleted, or scaled to zero by hand while it is analysed, has no Pods that could become ready, and
 * no deadline of its own: it has the Canary's progress deadline to come back. Nothing answers its share until then. So
 * it is with a primary that was deleted in mid-run and that nobody lets the engine make again. Since when that is so is
 * on record as the operation's intent, and another engine goes on counting. */
#include <string.h>

#include "base/duration.h"
#include "base/str.h"
#include "rollout/operation/operation.h"
#include "workload/workload.h"

struct ready {
    struct timer deadline;
    bool is_gone;    /* there is nothing that could become ready */
    int64_t gone_ms; /* monotonic: since when */
    bool recording;  /* that is on its way to the record: nothing is answered before */
};

static struct doc *answer_of(const char *error)
{
    struct doc *doc = error != NULL ? operation_error(error) : operation_object();
    node_set_bool(doc, doc_root(doc), "ready", error == NULL);
    return doc;
}

static char *not_ready_text(const struct canary *canary, bool primary, const char *why)
{
    const struct canary_names *names = &canary->names;
    return primary ? str_format("%s.%s not ready: %s", names->target_primary, names->namespace, why)
                   : str_format("canary %s %s.%s not ready: %s", workload_of(names)->word, names->target,
                                names->namespace, why);
}

static void on_deadline(struct timer *timer, void *ctx)
{
    operation_look_again(ctx);
}

/* Tells and shows what is missing, and sets the timer to the deadline. */
static void keep_waiting(struct operation_call *call, const struct canary *canary, const struct node *workload,
                         const char *text)
{
    struct ready *ready = call->state;
    trouble_tell_wait(call->trouble, text, canary->interval_ms);
    operation_wait(call, WAIT_PODS, text);
    if (ready->is_gone) {
        int64_t gone_ms = clock_mono_ms(call->context->clock) - ready->gone_ms;
        timer_start(call->context->clock, &ready->deadline, canary->progress_deadline_s * 1000 - gone_ms, on_deadline,
                    call);
        return;
    }
    int64_t deadline = workload_of(&canary->names)->deadline_wall_ms(workload, canary->progress_deadline_s);
    if (deadline >= 0) {
        timer_start_at_wall(call->context->clock, &ready->deadline, deadline + 1, on_deadline, call);
    }
}

/* Is there nothing that could become ready? Only the canary is scaled by a release. Before its analysis a release can
 * wait for the primary: nobody's requests depend on that. */
static bool is_gone(const struct canary *canary, bool primary, const struct node *workload, struct err *err)
{
    const struct workload_kind *kind = workload_of(&canary->names);
    bool analysed = canary_phase_is(canary, PHASE_PROGRESSING) || canary_phase_is(canary, PHASE_WAITING_PROMOTION);
    if (workload == NULL && (!primary || analysed || canary_is_promoting(canary))) {
        err_set(err, ERR_NOT_FOUND, "%s not found", kind->word);
    } else if (primary) {
        return false;
    } else if (analysed && kind->replicas(workload) == 0) {
        err_set(err, ERR_NO_DATA, "the %s is scaled to zero", kind->word);
    } else {
        return false;
    }
    return true;
}

static void on_recorded(struct operation_call *call)
{
    ((struct ready *)call->state)->recording = false;
    operation_look_again(call);
}

/* The record has wall time; the wait itself is monotonic, so that a wall clock that is set changes no deadline. */
static void note_gone(struct operation_call *call)
{
    struct ready *ready = call->state;
    int64_t now = clock_wall_ms(call->context->clock);
    int64_t since = node_int_or(node_get(doc_root(call->intent), "gone"), 0);
    ready->is_gone = true;
    ready->gone_ms = clock_mono_ms(call->context->clock);
    if (since > 0) {
        ready->gone_ms -= since < now ? now - since : 0;
        return;
    }
    doc_free(call->intent);
    call->intent = operation_object();
    node_set_int(call->intent, doc_root(call->intent), "gone", now);
    ready->recording = true;
    operation_intend(call, doc_root(call->intent), on_recorded);
}

static enum readiness readiness_of_gone(struct operation_call *call, const struct canary *canary, struct err *err)
{
    struct ready *ready = call->state;
    if (!ready->is_gone) {
        note_gone(call);
    }
    int64_t now = clock_mono_ms(call->context->clock), deadline_ms = canary->progress_deadline_s * 1000;
    if (now - ready->gone_ms < deadline_ms) {
        return NOT_READY;
    }
    char period[32];
    duration_write(deadline_ms * 1000 * 1000, period);
    struct err why = *err;
    err_set(err, ERR_TIMEOUT, "%s for %s", why.text, period);
    return NEVER_READY;
}

/* What was on record of it is about the time before. */
static void forget_gone(struct operation_call *call)
{
    ((struct ready *)call->state)->is_gone = false;
    doc_free(call->intent);
    call->intent = NULL;
}

static enum readiness readiness_of(struct operation_call *call, const struct canary *canary, bool primary,
                                   const struct node *workload, struct err *err)
{
    if (is_gone(canary, primary, workload, err)) {
        return readiness_of_gone(call, canary, err);
    }
    forget_gone(call);
    return workload_readiness(&canary->names, workload, canary->progress_deadline_s,
                              primary ? canary->primary_ready_pct : canary->canary_ready_pct,
                              clock_wall_ms(call->context->clock), err);
}

/* NULL: neither ready nor past the deadline, or not to be answered yet. */
static struct doc *look(struct operation_call *call, const struct canary *canary)
{
    if (((struct ready *)call->state)->recording) {
        return NULL;
    }
    bool primary = strcmp(operation_text(call, "side"), "primary") == 0;
    struct doc *workload =
        primary ? context_primary(call->context, &canary->names) : context_target(call->context, &canary->names);
    struct err err = {0};
    enum readiness readiness = readiness_of(call, canary, primary, doc_root(workload), &err);
    struct doc *answer = NULL;
    if (readiness == READY) {
        answer = answer_of(NULL);
        trouble_clear(call->trouble);
        waiting_end(call->waiting, WAIT_PODS);
    } else {
        char *text = not_ready_text(canary, primary, err.text);
        if (readiness == NEVER_READY) {
            trouble_tell(call->trouble, text);
            answer = answer_of(text);
        } else {
            keep_waiting(call, canary, doc_root(workload), text);
        }
        str_free(&text);
    }
    doc_free(workload);
    return answer;
}

static void poke(struct operation_call *call, const struct canary *canary)
{
    struct doc *answer = look(call, canary);
    if (answer != NULL) {
        operation_answer(call, answer);
    }
}

static bool start(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    *answer = call->known ? look(call, canary) : NULL;
    return *answer != NULL;
}

static void cancel(struct operation_call *call)
{
    timer_cancel(&((struct ready *)call->state)->deadline);
}

static const char *const sides[] = {"primary", "canary", NULL};
static const struct contract_field takes[] = {{.name = "side", .type = CONTRACT_STRING, .words = sides}, {0}};
static const struct contract_field answers[] = {
    {.name = "ready", .type = CONTRACT_BOOLEAN},
    {.name = "error", .type = CONTRACT_STRING, .optional = true},
    {0},
};

const struct operation operation_ready = {.name = "ready",
                                          .takes.fields = takes,
                                          .answers.fields = answers,
                                          .recorded = true,
                                          .size = sizeof(struct ready),
                                          .start = start,
                                          .poke = poke,
                                          .cancel = cancel};
