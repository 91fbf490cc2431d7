#include "base/log.h"
#include "base/str.h"
#include "rollout/run_inner.h"

enum { RETRY_MIN_MS = 1000, RETRY_MAX_MS = 30 * 1000 };

static void carry_out(struct run *run)
{
    enum run_verdict verdict = run->verdict;
    run->verdict = VERDICT_NONE;
    run->carry_out(run, verdict);
}

static void on_turn(struct timer *timer, void *ctx)
{
    carry_out(ctx);
}

/* Waits for a flush that is under way: the next flush needs its resourceVersion. */
void run_decide(struct run *run, enum run_verdict verdict)
{
    if (run->verdict != VERDICT_NONE) {
        return;
    }
    run->verdict = verdict;
    if (run->flushed == NULL) {
        timer_start(run->context->clock, &run->turn, 0, on_turn, run);
    }
}

void run_on_flushed(void *ctx, const struct err *err)
{
    struct run *run = ctx;
    void (*flushed)(struct run *) = run->flushed;
    run->flushed = NULL;
    run->saves = false;
    if (run->release->refusals == 0) {
        waiting_end(run->waiting, WAIT_RECORD);
    }
    if (err->code == ERR_FENCED) {
        log_warn(NULL, "%s; dropped", err->text);
        run->verdict = VERDICT_FENCED;
    }
    if (run->verdict != VERDICT_NONE) {
        carry_out(run);
    } else {
        flushed(run);
    }
}

void run_on_refused(void *ctx, const char *text)
{
    struct run *run = ctx;
    trouble_tell(&run->trouble, text);
    run_wait(run, WAIT_RECORD, text);
}

bool run_holds_still(const struct run *run)
{
    return run->frozen || run->saves;
}

void run_flush(struct run *run, void (*done)(struct run *run))
{
    run->flushed = done;
    release_flush(run->release, run_on_flushed, run);
}

void run_retry_later(struct run *run, timer_fn *retry)
{
    run->retry_ms = run->retry_ms == 0                 ? RETRY_MIN_MS
                    : run->retry_ms * 2 < RETRY_MAX_MS ? run->retry_ms * 2
                                                       : RETRY_MAX_MS;
    timer_start(run->context->clock, &run->retry, run->retry_ms, retry, run);
}

void run_retry_effects(struct run *run, size_t failed, const struct err *err, timer_fn *retry)
{
    run->effects_first = failed;
    trouble_tell(&run->trouble, err->text);
    run_wait(run, WAIT_EFFECT, err->text);
    run_retry_later(run, retry);
}

void run_wait(struct run *run, const char *reason, const char *message)
{
    waiting_begin(run->waiting, &(struct wait){.reason = reason, .message = message, .told = true});
}

bool run_canary(struct run *run, struct canary *canary)
{
    struct err err = {0};
    return release_canary(run->release, canary, &err);
}

void run_stall(struct run *run, const struct err *err)
{
    log_error(NULL, "Release %s.%s: %s", run->release->name, run->release->namespace, err->text);
    str_free(&run->release->unreadable);
    run->release->unreadable = str_dup(err->text);
    run_decide(run, VERDICT_STALLED);
}

/* After an earlier failure the script is to blame: a new release would fail again from weight 0, and so on for ever.
 * So this one is rolled back. */
void run_diverge(struct run *run, const struct err *err)
{
    log_error(NULL, "Release %s.%s: %s", run->release->name, run->release->namespace, err->text);
    if (run->failures > 0) {
        run_decide(run, VERDICT_ROLLBACK);
        return;
    }
    str_free(&run->failure);
    run->failure = str_dup(err->text);
    run_decide(run, VERDICT_UNREADABLE);
}
