#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "release/note.h"
#include "rollout/run_inner.h"

/* --- from the claim to the end --- */

/* Stops everything that is under way. */
static void stop(struct run *run)
{
    attempt_stop(run);
    timer_cancel(&run->retry);
    if (run->effects != NULL) {
        effects_cancel(run->effects);
        run->effects = NULL;
    }
    doc_free(run->restart);
    run->restart = NULL;
}

static void begin(struct run *run)
{
    if (run->release->origin == RELEASE_RESTARTED) {
        restart_begin(run);
    } else if (run->release->origin == RELEASE_CONTINUED || run->release->origin == RELEASE_FINISHING) {
        restart_take_over(run);
    } else {
        attempt_start(run);
    }
}

/* Reads the journal back from its own text, so that a replay after a failure is the same as one after a crash. */
static void replay(struct run *run)
{
    struct release *release = run->release;
    struct doc *doc = doc_new();
    struct node *status = node_new_object(doc);
    struct err err = {0};
    journal_write(release->journal, doc, status);
    struct journal *again = journal_load(status, &err);
    doc_free(doc);
    if (again == NULL) {
        str_free(&run->failure);
        run->failure = str_dup(err.text);
        closing_roll_back(run);
        return;
    }
    journal_free(release->journal);
    release->journal = again;
    begin(run);
}

static void carry_out(struct run *run, enum run_verdict verdict)
{
    stop(run);
    run->state = RUN_STOPPING;
    switch (verdict) {
    case VERDICT_NONE:
        break;
    case VERDICT_ROLLBACK:
        closing_roll_back(run);
        break;
    case VERDICT_SUCCEEDED:
    case VERDICT_SKIPPED:
        closing_succeed(run, verdict == VERDICT_SKIPPED);
        break;
    case VERDICT_REPLAY:
        replay(run);
        break;
    case VERDICT_UNREADABLE:
        closing_unreadable(run);
        break;
    case VERDICT_SUPERSEDED:
        closing_supersede(run);
        break;
    case VERDICT_STALLED:
        closing_stall(run);
        break;
    case VERDICT_HALTED:
        closing_halt(run);
        break;
    case VERDICT_FENCED:
        closing_drop(run);
        break;
    }
}

static void on_claimed(struct run *run)
{
    struct release *release = run->release;
    log_info(NULL, "Release %s.%s %s (epoch %lld)", release->name, release->namespace,
             release->unclaimed ? "goes on unclaimed" : "is ours", (long long)release->epoch);
    if (release->epoch > 1 || release->unclaimed || release->origin == RELEASE_FINISHING) {
        /* the last holder, or Flagger, may have lowered the share a moment ago */
        release->drained_ms = clock_mono_ms(run->context->clock);
    }
    if (release->unreadable != NULL) {
        struct err err = {0};
        err_set(&err, ERR_PARSE, "%s", release->unreadable);
        run_stall(run, &err);
    } else if (release->ending != NULL) {
        closing_resume(run);
    } else if (release->words < 1 || release->words > RELEASE_WORDS) {
        struct err err = {0};
        err_set(&err, ERR_INVALID, "its words are of version %lld, this engine speaks 1 to %d",
                (long long)release->words, RELEASE_WORDS);
        run_diverge(run, &err);
    } else {
        begin(run);
    }
    /* changes that came while nobody held the release have woken no actor that could act on them */
    run->events.settled(run->ctx);
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
    run->carry_out = carry_out;
    run->flushed = on_claimed;
    release->refused = run_on_refused;
    run->frozen = true;
    release_claim(release, run_on_flushed, run);
    return run;
}

void run_free(struct run *run)
{
    if (run == NULL) {
        return;
    }
    stop(run);
    attempt_end(run);
    timer_cancel(&run->turn);
    release_free(run->release);
    trouble_fini(&run->trouble);
    str_free(&run->failure);
    str_free(&run->not_ready);
    mem_free(run);
}

/* --- what the actor asks for --- */

void run_poke(struct run *run)
{
    attempt_poke(run);
}

void run_list_watched(const struct run *run, struct str_list *canaries)
{
    attempt_list_watched(run, canaries);
}

void run_freeze(struct run *run, bool frozen)
{
    if (run->frozen == frozen) {
        return;
    }
    run->frozen = frozen;
    if (!run_holds_still(run)) {
        attempt_thaw(run);
    }
}

bool run_is_acting(const struct run *run)
{
    return attempt_is_acting(run) || run->effects != NULL || run->flushed != NULL || run->verdict != VERDICT_NONE;
}

bool run_is_ending(const struct run *run)
{
    return run->state == RUN_ENDING && run->flushed == NULL;
}

bool run_is_beginning(const struct run *run)
{
    if (run->state != RUN_SCRIPT) {
        return run->state == RUN_CLAIMING;
    }
    bool ends = run->verdict != VERDICT_NONE || run->flushed != NULL;
    return !ends && (run->attempt.call.operation == NULL || attempt_replays(run));
}

bool run_is_settled(const struct run *run)
{
    return !run_is_acting(run) && !attempt_replays(run) && run->state != RUN_CLAIMING && run->state != RUN_OVER;
}

bool run_is_in_script(const struct run *run)
{
    return run->state == RUN_SCRIPT && run->verdict == VERDICT_NONE;
}

bool run_is_replaceable(const struct run *run)
{
    return run->release->pinned && run_is_in_script(run);
}

const struct release *run_release(const struct run *run)
{
    return run->release;
}

bool run_is_waiting(const struct run *run)
{
    return run_is_in_script(run) && run->attempt.call.operation != NULL && run->attempt.call.operation->poke != NULL;
}

void run_accept(struct run *run, const struct canary *canary)
{
    release_accept(run->release, canary);
}

bool run_is_saving(const struct run *run)
{
    return run->saves;
}

static void on_saved(struct run *run)
{
    if (!run->frozen) {
        attempt_thaw(run);
    }
    run->events.settled(run->ctx);
}

void run_save(struct run *run)
{
    run->saves = true;
    run_flush(run, on_saved);
}

void run_supersede(struct run *run, const char *reason)
{
    note_end(run->release, "superseded", reason, ENDED_BY_REVISION);
    run_decide(run, VERDICT_SUPERSEDED);
}

bool run_take_back(struct run *run, const struct request *request)
{
    if (!closing_ask_back(run, request)) {
        return false;
    }
    run_decide(run, VERDICT_ROLLBACK);
    return true;
}

void run_ask(struct run *run, const struct request *request, const char *gate)
{
    requests_add(&run->release->requests, request, gate, clock_wall_ms(run->context->clock));
    run_save(run);
}

void run_note_pause(struct run *run, const struct pause *pause, const struct request *request)
{
    int64_t now = clock_wall_ms(run->context->clock);
    run->paused_since_ms = run->paused_since_ms != 0 ? run->paused_since_ms : now;
    requests_add_pause(&run->release->requests, pause, request, now);
    run_save(run);
}

/* The round that is under way has taken no longer because somebody held it still. */
static void leave_out_pause(struct run *run, int64_t now)
{
    int64_t *started_ms = &run->attempt.round_started_ms;
    if (*started_ms != 0 && run->paused_since_ms != 0) {
        *started_ms += now - (run->paused_since_ms > *started_ms ? run->paused_since_ms : *started_ms);
    }
    run->paused_since_ms = 0;
}

void run_note_resume(struct run *run, const struct request *request)
{
    int64_t now = clock_wall_ms(run->context->clock);
    leave_out_pause(run, now);
    requests_add_resume(&run->release->requests, request, now);
    run_save(run);
}

bool run_goes_on(const struct run *run)
{
    bool decides = run->state == RUN_CLAIMING || run->state == RUN_SCRIPT || run->state == RUN_RESTARTING;
    return decides && run->verdict == VERDICT_NONE && run->release->ending == NULL;
}

bool run_can_go_back(const struct run *run)
{
    bool decides = run->state == RUN_SCRIPT || run->state == RUN_RESTARTING;
    return decides && run->verdict == VERDICT_NONE && !attempt_is_committed(run);
}

void run_list_gates(const struct run *run, struct str_list *gates)
{
    struct node_iter words = node_iterate(doc_root(run->attempt.gates));
    while (node_next(&words)) {
        struct node_iter names = node_iterate(words.value);
        while (node_next(&names)) {
            const char *name = node_str(names.value);
            if (name != NULL && !str_list_has(gates, name)) {
                str_list_push(gates, name);
            }
        }
    }
}

void run_drop(struct run *run)
{
    log_warn(NULL, "Release %s.%s is gone; dropped", run->release->name, run->release->namespace);
    run_decide(run, VERDICT_FENCED);
}
