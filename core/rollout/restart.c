/* The start of a release that replaces another one in mid-run. */
#include "effect/ending.h"
#include "release/note.h"
#include "rollout/pin.h"
#include "rollout/run_inner.h"

static void leave_restart(struct run *run)
{
    waiting_end(run->waiting, WAIT_EFFECT);
    doc_free(run->restart);
    run->restart = NULL;
    struct err ignored = {0};
    journal_leave(run->release->journal, NULL, &ignored);
    run->retry_ms = 0;
    run->effects_first = 0;
    attempt_start(run);
    run->events.settled(run->ctx);
}

static void start_restart(struct run *run);

static void on_restart_retry(struct timer *timer, void *ctx)
{
    start_restart(ctx);
}

static void on_restarted(void *ctx, size_t failed, bool begun, const struct err *err)
{
    struct run *run = ctx;
    run->effects = NULL;
    if (err->code != ERR_NONE) {
        run_retry_effects(run, failed, err, on_restart_retry);
        return;
    }
    journal_answer(run->release->journal, NULL);
    leave_restart(run);
}

static void start_restart(struct run *run)
{
    struct effects_options options = {
        .context = run->context,
        .release = run->release,
        .announcer = run->announcer,
        .list = doc_root(run->restart),
        .redo = true,
        .trusted = true,
        .first = run->effects_first,
    };
    run->effects = effects_start(&options, on_restarted, run);
}

static void on_restart_recorded(struct run *run)
{
    start_restart(run);
}

static void on_restart_pin(struct timer *timer, void *ctx);

/* A release that replaces another one in mid-run begins with weights 100/0 and all counters 0. That is recorded as a
 * word of the engine's own, so that the next engine finds it after a crash. */
static void prepare_restart(struct run *run)
{
    struct err err = {0};
    struct canary canary;
    struct doc *prepared = doc_new();
    bool ok = pin_release(run->release, &err) && release_canary(run->release, &canary, &err);
    if (ok) {
        struct doc *list = ending_restart(&canary);
        ok = effects_prepare(run->context, run->release, doc_root(list), EFFECTS_OF_RESTART, prepared, &err);
        doc_free(list);
        canary_fini(&canary);
    }
    if (!ok) {
        doc_free(prepared);
        trouble_tell(&run->trouble, err.text);
        run_wait(run, WAIT_EFFECT, err.text);
        run_retry_later(run, on_restart_pin);
        return;
    }
    run->restart = prepared;
    journal_intend(run->release->journal, doc_root(prepared));
    note_orders(run->release, doc_root(prepared));
    run_flush(run, on_restart_recorded);
}

static void on_restart_pin(struct timer *timer, void *ctx)
{
    prepare_restart(ctx);
}

void restart_begin(struct run *run)
{
    struct journal *journal = run->release->journal;
    struct doc *result = NULL;
    struct err err = {0};
    int64_t started_ms;
    run->state = RUN_RESTARTING;
    enum journal_step step =
        journal_enter(journal, "restart", NULL, clock_wall_ms(run->context->clock), &result, &started_ms, &err);
    if (step == JOURNAL_RECORDED) {
        doc_free(result);
        attempt_start(run);
        return;
    }
    if (step == JOURNAL_NEW) {
        step = journal_ask(journal, "act", NULL, &result, &err);
    }
    switch (step) {
    case JOURNAL_NEW:
        prepare_restart(run);
        break;
    case JOURNAL_PENDING:
        if (!effects_check(doc_root(result), EFFECTS_OF_RESTART, "status.open[0].i", &err)) {
            doc_free(result);
            run_stall(run, &err);
            break;
        }
        run->restart = result;
        start_restart(run);
        break;
    case JOURNAL_RECORDED:
        doc_free(result);
        leave_restart(run);
        break;
    case JOURNAL_DIVERGED:
        run_diverge(run, &err);
        break;
    }
}

/* Goes on with the revision that another strategy has analysed so far, or that is promoted. The target may be at
 * another revision by now; the actor notices that. */
static void on_take_over(struct timer *timer, void *ctx)
{
    struct run *run = ctx;
    struct release *release = run->release;
    struct canary canary;
    bool known = run_canary(run, &canary);
    if (known && !release->pinned) {
        doc_free(release->checksums);
        release->checksums = doc_copy(node_get(canary.status, "trackedConfigs"));
        release->pinned = true;
        note_revision(release);
    }
    canary_fini(&canary);
    if (!known) {
        run_retry_later(run, on_take_over); /* the actor freezes or drops the run meanwhile */
        return;
    }
    run->retry_ms = 0;
    run->effects_first = 0;
    attempt_start(run);
}

void restart_take_over(struct run *run)
{
    on_take_over(NULL, run);
}
