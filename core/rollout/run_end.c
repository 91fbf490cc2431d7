/* The other half of rollout/run.h: how a running release comes to its end. */
#include "base/log.h"
#include "base/str.h"
#include "effect/ending.h"
#include "rollout/run.h"

static void end(struct run *run, enum run_end how)
{
    run->state = RUN_OVER;
    run->events.ended(run->ctx, how);
}

static void close_record(struct run *run, const char *state, void (*done)(struct run *run))
{
    struct release *release = run->release;
    str_free(&release->state);
    release->state = str_dup(state);
    release->ended_ms = clock_wall_ms(run->context->clock);
    doc_free(release->ending);
    release->ending = NULL;
    journal_trim(release->journal, RELEASE_ENDED_SIZE_MAX);
    run_flush(run, done);
}

static void on_closed(struct run *run)
{
    end(run, RUN_ENDED);
}

static void on_superseded(struct run *run)
{
    end(run, RUN_SUPERSEDED);
}

static void on_unreadable(struct run *run)
{
    end(run, RUN_UNREADABLE);
}

static void on_halted(struct run *run)
{
    end(run, RUN_HALTED);
}

static void start_ending(struct run *run, bool redo);

static void on_ending_retry(struct timer *timer, void *ctx)
{
    start_ending(ctx, true);
}

static void on_ending_done(void *ctx, size_t failed, bool begun, const struct err *err)
{
    struct run *run = ctx;
    run->effects = NULL;
    if (err->code != ERR_NONE) {
        run->effects_first = failed;
        trouble_tell(&run->trouble, err->text);
        run_wait(run, WAIT_EFFECT, err->text);
        run_retry_later(run, on_ending_retry);
        return;
    }
    struct canary canary;
    if (run_canary(run, &canary)) {
        gauges_failure(&run->context->gauges, canary.names.target, canary.names.namespace, canary.strategy_label);
    }
    canary_fini(&canary);
    close_record(run, RELEASE_FAILED, on_closed);
}

static void start_ending(struct run *run, bool redo)
{
    struct effects_options options = {
        .context = run->context,
        .release = run->release,
        .announcer = run->announcer,
        .list = doc_root(run->release->ending),
        .redo = redo,
        .trusted = true,
        .first = run->effects_first,
    };
    run->effects = effects_start(&options, on_ending_done, run);
}

static void on_ending_recorded(struct run *run)
{
    start_ending(run, false);
}

static void end_by_effects(struct run *run)
{
    run->state = RUN_ENDING;
    str_free(&run->release->state);
    run->release->state = str_dup(RELEASE_ROLLING_BACK);
    run_flush(run, on_ending_recorded);
}

/* A script that failed for good has no say in the list. */
static void set_failure_ending(struct run *run)
{
    struct canary canary;
    if (run_canary(run, &canary)) {
        char *text = str_format("Rolling back %s strategy failed: %s", canary.names.id,
                                run->failure != NULL ? run->failure : "unknown reason");
        struct doc *events = doc_new();
        struct node *event = node_new_object(events);
        node_set_str(events, event, "type", "Warning");
        node_set_str(events, event, "message", text);
        doc_set_root(events, node_new_array(events));
        node_push(doc_root(events), event);
        struct doc *list = ending_rollback(&canary, doc_root(events));
        run_set_ending(run, doc_root(list));
        doc_free(list);
        doc_free(events);
        str_free(&text);
    }
    canary_fini(&canary);
}

static void on_failure_retry(struct timer *timer, void *ctx);

static void roll_back(struct run *run)
{
    struct err ignored = {0};
    if (!run->release->pinned) {
        run_pin(run, &ignored); /* the status names what failed, also when it never began */
    }
    if (run->release->ending == NULL) {
        set_failure_ending(run);
        run_explain_failure(run);
    }
    if (run->release->ending == NULL) {
        run_retry_later(run,
                        on_failure_retry); /* the Canary cannot be read now; the actor drops the run if it is gone */
        return;
    }
    end_by_effects(run);
}

static void on_failure_retry(struct timer *timer, void *ctx)
{
    roll_back(ctx);
}

void run_resume_ending(struct run *run)
{
    run->state = RUN_ENDING;
    start_ending(run, true);
}

bool run_set_ending(struct run *run, const struct node *list)
{
    struct err err = {0};
    struct doc *prepared = doc_new();
    if (!effects_prepare(run->context, run->release, list, EFFECTS_OF_ENDING, prepared, &err)) {
        log_error(NULL, "Release %s.%s: ending: %s", run->release->name, run->release->namespace, err.text);
        doc_free(prepared);
        return false;
    }
    doc_free(run->release->ending);
    run->release->ending = prepared;
    return true;
}

static void succeed(struct run *run, bool skipped)
{
    struct canary canary;
    if (run_canary(run, &canary)) {
        gauges_success(&run->context->gauges, canary.names.target, canary.names.namespace, canary.strategy_label,
                       skipped);
    }
    canary_fini(&canary);
    run_explain(run, "succeeded", skipped ? "promoted, the analysis was skipped" : "promoted, the analysis passed");
    close_record(run, RELEASE_SUCCEEDED, on_closed);
}

/* The journal is read back from its own text, so that a replay after a failure and one after a crash are the same thing. */
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
        roll_back(run);
        return;
    }
    journal_free(release->journal);
    release->journal = again;
    run_begin(run);
}

/* The Canary is as the mesh and its status have it; a release that begins from weight 0 takes the place of this one, if one is due. */
static void stall(struct run *run)
{
    struct release *release = run->release;
    run_explain(run, "stalled", release->unreadable);
    gauges_stalled(&run->context->gauges, release->canary, release->namespace);
    char *text = str_format("Release %s.%s breaks a rule of records and was ended: %s", release->name,
                            release->namespace, release->unreadable);
    announce_text(run->announcer, "Warning", text);
    str_free(&text);
    close_record(run, RELEASE_STALLED, on_unreadable);
}

static void halt(struct run *run)
{
    run_explain(run, "halted", "the record of this release is full; traffic stays as it is");
    char *text = str_format("Halt %s.%s advancement the record of release %s is full", run->release->canary,
                            run->release->namespace, run->release->name);
    announce_text(run->announcer, "Warning", text);
    str_free(&text);
    close_record(run, RELEASE_HALTED, on_halted);
}

void run_halt_when_full(struct run *run)
{
    if (journal_is_full(run->release->journal)) {
        run_decide(run, VERDICT_HALTED);
    }
}

void run_stall(struct run *run, const struct err *err)
{
    log_error(NULL, "Release %s.%s: %s", run->release->name, run->release->namespace, err->text);
    str_free(&run->release->unreadable);
    run->release->unreadable = str_dup(err->text);
    run_decide(run, VERDICT_STALLED);
}

void run_supersede(struct run *run, const char *reason)
{
    run_explain(run, "superseded", reason);
    run_decide(run, VERDICT_SUPERSEDED);
}

void run_drop(struct run *run)
{
    log_warn(NULL, "Release %s.%s is gone; dropped", run->release->name, run->release->namespace);
    run_decide(run, VERDICT_FENCED);
}

void run_carry_out(struct run *run)
{
    enum run_verdict verdict = run->verdict;
    run->verdict = VERDICT_NONE;
    run_stop_script(run);
    run->state = RUN_STOPPING;
    switch (verdict) {
    case VERDICT_NONE:
        break;
    case VERDICT_ROLLBACK:
        roll_back(run);
        break;
    case VERDICT_SUCCEEDED:
    case VERDICT_SKIPPED:
        succeed(run, verdict == VERDICT_SKIPPED);
        break;
    case VERDICT_REPLAY:
        replay(run);
        break;
    case VERDICT_UNREADABLE:
        run_explain(run, "begun again", run->failure);
        close_record(run, RELEASE_SUPERSEDED, on_unreadable);
        break;
    case VERDICT_SUPERSEDED:
        close_record(run, RELEASE_SUPERSEDED, on_superseded);
        break;
    case VERDICT_STALLED:
        stall(run);
        break;
    case VERDICT_HALTED:
        halt(run);
        break;
    case VERDICT_FENCED:
        end(run, RUN_DROPPED);
        break;
    }
}
