#include "rollout/run.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "effect/ending.h"
#include "rollout/operation.h"
#include "rollout/strategist.h"

enum { RETRY_MIN_MS = 1000, RETRY_MAX_MS = 30 * 1000, FAILURES_MAX = 2 };

/* --- what operations and the life of a run share --- */

bool run_canary(struct run *run, struct canary *canary)
{
    struct err err = {0};
    return release_canary(run->release, canary, &err);
}

void run_wait(struct run *run, const char *reason, const char *message)
{
    waiting_begin(run->waiting, &(struct wait){.reason = reason, .message = message, .told = true});
}

static void on_turn(struct timer *timer, void *ctx)
{
    run_carry_out(ctx);
}

/* A flush under way is waited for: the next one needs its resourceVersion. */
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

static void on_flushed(void *ctx, const struct err *err)
{
    struct run *run = ctx;
    void (*flushed)(struct run *) = run->flushed;
    run->flushed = NULL;
    if (err->code == ERR_FENCED) {
        log_warn(NULL, "%s; dropped", err->text);
        run->verdict = VERDICT_FENCED;
    }
    if (run->verdict != VERDICT_NONE) {
        run_carry_out(run);
    } else {
        flushed(run);
    }
}

void run_retry_later(struct run *run, timer_fn *retry)
{
    run->retry_ms = run->retry_ms == 0                 ? RETRY_MIN_MS
                    : run->retry_ms * 2 < RETRY_MAX_MS ? run->retry_ms * 2
                                                       : RETRY_MAX_MS;
    timer_start(run->context->clock, &run->timer, run->retry_ms, retry, run);
}

void run_flush(struct run *run, void (*done)(struct run *run))
{
    run->flushed = done;
    release_flush(run->release, on_flushed, run);
}

/* --- the script's calls --- */

static void forget_operation(struct run *run)
{
    operation_cancel(run);
    doc_free(run->args);
    doc_free(run->intent);
    doc_free(run->held_answer);
    run->operation = NULL;
    run->held = false;
    run->args = run->intent = run->held_answer = NULL;
}

void run_answer(struct run *run, struct doc *answer)
{
    assert(run->operation != NULL && run->state == RUN_SCRIPT);
    if (run->frozen) {
        run->held_answer = answer;
        run->events.settled(run->ctx);
        return;
    }
    if (run->operation->recorded) {
        journal_answer(run->release->journal, doc_root(answer));
    }
    run_note_answer(run, run->operation->name, doc_root(answer));
    forget_operation(run);
    run->context->strategist->ops->answer(run->strategy, doc_root(answer));
    doc_free(answer);
    run->events.settled(run->ctx);
}

/* Starts the operation under way; true when it was answered at once. */
static bool start_operation(struct run *run, struct doc **answer)
{
    if (!run->operation->start(run, answer)) {
        return false;
    }
    if (run->operation->recorded) {
        journal_answer(run->release->journal, doc_root(*answer));
    }
    run_note_answer(run, run->operation->name, doc_root(*answer));
    forget_operation(run);
    return true;
}

/* After a failure it is the script that cannot be trusted: begun again from weight 0 it would fail again, and so on for ever. */
static void diverged(struct run *run, const struct err *err)
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

/* It may have gone a moment ago; the actor drops the run on its next turn. */
static bool has_canary(const struct run *run)
{
    return store_has(context_store(run->context, &KUBE_CANARIES), run->release->namespace, run->release->canary);
}

/* The end of a replay is news for the actor, who let the Canary's objects alone so far. */
static void note_replayed(struct run *run)
{
    if (!journal_is_replaying(run->release->journal)) {
        run->events.settled(run->ctx);
    }
}

static bool on_call(void *ctx, const char *name, const struct node *args, struct doc **answer)
{
    struct run *run = ctx;
    if (run->verdict != VERDICT_NONE) {
        return false; /* a flush begun now would meet the one that closes the record */
    }
    const struct operation *operation = operation_find(name);
    if (operation == NULL) {
        struct err err = {0};
        err_set(&err, ERR_SCRIPT, "there is no operation \"%s\"", name);
        diverged(run, &err);
        return false;
    }
    struct doc *recorded = NULL;
    struct err err = {0};
    enum journal_step step =
        operation->recorded ? journal_ask(run->release->journal, name, args, &recorded, &err) : JOURNAL_NEW;
    if (step == JOURNAL_RECORDED) {
        run_note_answer(run, name, doc_root(recorded));
        note_replayed(run);
        *answer = recorded;
        return true;
    }
    if (step == JOURNAL_DIVERGED) {
        diverged(run, &err);
        return false;
    }
    run_halt_when_full(run);
    if (run->verdict != VERDICT_NONE) {
        doc_free(recorded);
        return false;
    }
    run->operation = operation;
    run->args = doc_copy(args);
    run->intent = recorded;
    if (run->frozen || !has_canary(run)) {
        run->held = true;
        return false;
    }
    return start_operation(run, answer);
}

static bool on_enter(void *ctx, const char *word, const struct node *args, struct doc **result, int64_t *started_ms)
{
    struct run *run = ctx;
    struct err err = {0};
    int64_t now = clock_wall_ms(run->context->clock);
    str_free(&run->word);
    run->word = str_dup(word);
    enum journal_step step = journal_enter(run->release->journal, word, args, now, result, started_ms, &err);
    run->rounds += strcmp(word, "round") == 0;
    if (step == JOURNAL_DIVERGED) {
        diverged(run, &err);
        *result = doc_new(); /* the script is stopped before it can act on it: every further call goes unanswered */
        return true;
    }
    if (step == JOURNAL_RECORDED) {
        run_note_wait(run, word, doc_root(*result));
        note_replayed(run);
    }
    if (step == JOURNAL_NEW && strcmp(word, "round") == 0) {
        run->round_started_ms = now;
    }
    return step == JOURNAL_RECORDED;
}

static void on_leave(void *ctx, const struct node *result)
{
    struct run *run = ctx;
    struct err err = {0};
    if (!journal_leave(run->release->journal, result, &err)) {
        diverged(run, &err);
    } else {
        run_note_wait(run, run->word, result);
    }
    run_halt_when_full(run);
}

static void on_evidence(void *ctx, const struct node *evidence, const char *where)
{
    struct run *run = ctx;
    if (!journal_is_replaying(run->release->journal)) {
        run_note_evidence(run, evidence, where);
    }
}

static void on_delayed(void *ctx, int64_t wait_ms)
{
    run_note_delay(ctx, wait_ms);
}

static void on_log(void *ctx, const char *message)
{
    struct run *run = ctx;
    char *id = str_format("%s.%s", run->release->canary, run->release->namespace);
    log_info(id, "%s", message);
    str_free(&id);
}

/* A script that fails is replayed once: what broke may have been a passing shortage. Then the release is taken back. */
static void on_script_ended(void *ctx, enum strategy_end end, const struct err *err)
{
    struct run *run = ctx;
    if (run->verdict != VERDICT_NONE) {
        return; /* it stumbled over the end that was decided before: that reason is the one to keep */
    }
    const char *text = end == STRATEGY_RETURNED ? "the strategy returned without finishing the release" : err->text;
    log_error(NULL, "Release %s.%s: %s", run->release->name, run->release->namespace, text);
    str_free(&run->failure);
    run->failure = str_dup(text);
    run_decide(run, ++run->failures < FAILURES_MAX ? VERDICT_REPLAY : VERDICT_ROLLBACK);
}

static void start_script(struct run *run)
{
    struct release *release = run->release;
    struct strategy_start start = {
        .name = release->strategy,
        .sources = doc_root(release->sources),
        .label = release->canary,
        .seed = hash_fnv32(release->uid, strlen(release->uid)),
        .host = {.ctx = run,
                 .call = on_call,
                 .enter = on_enter,
                 .leave = on_leave,
                 .evidence = on_evidence,
                 .log = on_log,
                 .delayed = on_delayed,
                 .ended = on_script_ended},
    };
    struct err err = {0};
    run->state = RUN_SCRIPT;
    run->rounds = 0;
    run->strategy = run->context->strategist->ops->start(run->context->strategist, &start, &err);
    if (run->strategy == NULL) {
        on_script_ended(run, STRATEGY_FAILED, &err);
    }
}

void run_stop_script(struct run *run)
{
    forget_operation(run);
    if (run->strategy != NULL) {
        run->context->strategist->ops->stop(run->strategy);
        run->strategy = NULL;
    }
}

/* --- life: claim, restart, script --- */

static void leave_restart(struct run *run)
{
    waiting_end(run->waiting, WAIT_EFFECT);
    doc_free(run->intent);
    run->intent = NULL;
    struct err ignored = {0};
    journal_leave(run->release->journal, NULL, &ignored);
    run->retry_ms = 0;
    run->effects_first = 0;
    start_script(run);
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
        run->effects_first = failed;
        trouble_tell(&run->trouble, err->text);
        run_wait(run, WAIT_EFFECT, err->text);
        run_retry_later(run, on_restart_retry);
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
        .list = doc_root(run->intent),
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

/* What replaces a release in mid-run begins with traffic at 100/0 and all counters at 0; written as a word of C's own, so that a crash finds it on record. */
static void prepare_restart(struct run *run)
{
    struct err err = {0};
    struct canary canary;
    struct doc *prepared = doc_new();
    bool ok = run_pin(run, &err) && release_canary(run->release, &canary, &err);
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
    run->intent = prepared;
    journal_intend(run->release->journal, doc_root(prepared));
    run_note_orders(run, doc_root(prepared));
    run_flush(run, on_restart_recorded);
}

static void on_restart_pin(struct timer *timer, void *ctx)
{
    prepare_restart(ctx);
}

static void restart(struct run *run)
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
        start_script(run);
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
        run->intent = result;
        start_restart(run);
        break;
    case JOURNAL_RECORDED:
        doc_free(result);
        leave_restart(run);
        break;
    case JOURNAL_DIVERGED:
        diverged(run, &err);
        break;
    }
}

/* Another strategy analysed this revision so far: it is the one that stays fixed. The target may be another one by now; that is for the actor to see. */
static void take_over(struct timer *timer, void *ctx)
{
    struct run *run = ctx;
    struct release *release = run->release;
    struct canary canary;
    bool known = run_canary(run, &canary);
    if (known && !release->pinned) {
        doc_free(release->checksums);
        release->checksums = doc_copy(node_get(canary.status, "trackedConfigs"));
        release->pinned = true;
        run_note_revision(run);
    }
    canary_fini(&canary);
    if (!known) {
        run_retry_later(run, take_over); /* it is frozen or dropped meanwhile */
        return;
    }
    run->retry_ms = 0;
    run->effects_first = 0;
    start_script(run);
}

void run_begin(struct run *run)
{
    if (run->release->origin == RELEASE_RESTARTED) {
        restart(run);
    } else if (run->release->origin == RELEASE_CONTINUED) {
        take_over(NULL, run);
    } else {
        start_script(run);
    }
}

static void on_claimed(struct run *run)
{
    struct release *release = run->release;
    log_info(NULL, "Release %s.%s is ours (epoch %lld)", release->name, release->namespace, (long long)release->epoch);
    if (release->epoch > 1) {
        release->drained_ms = clock_mono_ms(run->context->clock); /* its last holder may have done so a moment ago */
    }
    if (release->unreadable != NULL) {
        struct err err = {0};
        err_set(&err, ERR_PARSE, "%s", release->unreadable);
        run_stall(run, &err);
    } else if (release->ending != NULL) {
        run_resume_ending(run);
    } else if (release->words != RELEASE_WORDS) {
        struct err err = {0};
        err_set(&err, ERR_INVALID, "its words are of version %lld, this engine speaks %d", (long long)release->words,
                RELEASE_WORDS);
        diverged(run, &err);
    } else {
        run_begin(run);
    }
    run->events.settled(run->ctx); /* what changed while nobody held it woke nobody who could act on it */
}

struct run *run_start(struct context *context, struct announcer *announcer, struct waiting *waiting,
                      struct release *release, const struct run_events *events, void *ctx)
{
    struct run *run = mem_new(struct run);
    run->context = context;
    run->announcer = announcer;
    run->waiting = waiting;
    trouble_init(&run->trouble, context->clock, announcer);
    run->release = release;
    run->events = *events;
    run->ctx = ctx;
    run->flushed = on_claimed;
    release_claim(release, on_flushed, run);
    return run;
}

void run_free(struct run *run)
{
    if (run == NULL) {
        return;
    }
    run_stop_script(run);
    timer_cancel(&run->turn);
    release_free(run->release);
    trouble_fini(&run->trouble);
    str_free(&run->failure);
    str_free(&run->not_ready);
    str_free(&run->wait_word);
    str_free(&run->wait_reason);
    str_free(&run->word);
    mem_free(run);
}

/* --- what the actor asks for --- */

void run_poke(struct run *run)
{
    if (run->operation != NULL && run->operation->poke != NULL && !run->frozen && !run->held &&
        run->held_answer == NULL) {
        run->operation->poke(run);
    }
}

static void thaw(struct run *run)
{
    if (run->held) {
        run->held = false;
        struct doc *answer = NULL;
        if (run->operation->start(run, &answer)) {
            run_answer(run, answer);
        }
    } else if (run->held_answer != NULL) {
        struct doc *answer = run->held_answer;
        run->held_answer = NULL;
        run_answer(run, answer);
    }
}

void run_freeze(struct run *run, bool frozen)
{
    if (run->frozen == frozen) {
        return;
    }
    run->frozen = frozen;
    if (!frozen && run->operation != NULL) {
        thaw(run);
    }
}

void run_block(struct run *run, bool blocked)
{
    if (run != NULL && run->blocked != blocked) {
        run->blocked = blocked;
        run_poke(run);
    }
}

static bool replays(const struct run *run)
{
    return run->state == RUN_SCRIPT && journal_is_replaying(run->release->journal);
}

bool run_is_acting(const struct run *run)
{
    bool between_words = replays(run) && run->operation == NULL;
    return between_words || run->effects != NULL || run->flushed != NULL || run->verdict != VERDICT_NONE;
}

bool run_is_settled(const struct run *run)
{
    return !run_is_acting(run) && !replays(run) && run->state != RUN_CLAIMING && run->state != RUN_OVER;
}

bool run_is_scripted(const struct run *run)
{
    return run->state == RUN_SCRIPT && run->verdict == VERDICT_NONE;
}

bool run_is_replaceable(const struct run *run)
{
    return run->release->pinned && run_is_scripted(run);
}

const struct release *run_release(const struct run *run)
{
    return run->release;
}

bool run_is_waiting(const struct run *run)
{
    return run_is_scripted(run) && run->operation != NULL && run->operation->poke != NULL;
}

void run_accept(struct run *run, const struct canary *canary)
{
    release_accept(run->release, canary);
}
