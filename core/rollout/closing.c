/* How a running release ends. A rollback, and every other ending that must work without a script, is a list of
 * effects that C records and then carries out (state RollingBack). */
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "effect/ending.h"
#include "kube/object.h"
#include "release/note.h"
#include "rollout/detect.h"
#include "rollout/pin.h"
#include "rollout/run_inner.h"

static void end(struct run *run, enum run_end how)
{
    const struct release *release = run->release;
    run->state = RUN_OVER;
    if (how != RUN_DROPPED) {
        gauges_ended(&run->context->gauges, release->canary, release->namespace, release->strategy, release->state);
    }
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
        run_retry_effects(run, failed, err, on_ending_retry);
        return;
    }
    struct canary canary;
    if (run_canary(run, &canary)) {
        gauges_failure(&run->context->gauges, canary.names.target, canary.names.namespace, canary.strategy_label);
    }
    canary_fini(&canary);
    close_record(run, RELEASE_FAILED, on_closed);
}

static void on_ending_marked(struct run *run)
{
    effects_recorded(run->effects);
}

static void record_ending(void *ctx, const struct node *list)
{
    struct run *run = ctx;
    doc_free(run->release->ending);
    run->release->ending = doc_copy(list);
    run_flush(run, on_ending_marked);
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
        .record = record_ending,
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

/* Prepares and keeps the list that ends this release. */
static bool set_ending(struct run *run, const struct node *list)
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

static bool has_alerts(const struct run *run, const struct canary *canary)
{
    return alerter_is_needed(run->context->alerter, canary, NULL);
}

/* [{`key`: `word`, message: text}] */
static struct doc *list_of_one(const char *key, const char *word, const char *text)
{
    struct doc *doc = doc_new();
    struct node *item = node_new_object(doc);
    node_set_str(doc, item, key, word);
    node_set_str(doc, item, "message", text);
    doc_set_root(doc, node_new_array(doc));
    node_push(doc_root(doc), item);
    return doc;
}

/* Makes the list of a rollback without the script, which has failed for good. */
static void set_failure_ending(struct run *run)
{
    struct canary canary;
    if (run_canary(run, &canary)) {
        const char *why = run->failure != NULL ? run->failure : "unknown reason";
        char *text = str_format("Rolling back %s strategy failed: %s", canary.names.id, why);
        char *alert = str_format("Strategy failed: %s", why);
        struct doc *events = list_of_one("type", "Warning", text);
        struct doc *alerts = has_alerts(run, &canary) ? list_of_one("severity", ALERT_ERROR, alert) : NULL;
        struct doc *list = ending_rollback(&canary, doc_root(events), doc_root(alerts));
        set_ending(run, doc_root(list));
        doc_free(list);
        doc_free(alerts);
        doc_free(events);
        str_free(&alert);
        str_free(&text);
    }
    canary_fini(&canary);
}

static void on_failure_retry(struct timer *timer, void *ctx);

void closing_roll_back(struct run *run)
{
    struct err ignored = {0};
    if (!run->release->pinned) {
        /* the status names the failed revision, even if its analysis never began */
        pin_release(run->release, &ignored);
    }
    if (run->release->ending == NULL) {
        set_failure_ending(run);
        note_failed_script(run->release, run->failure);
    }
    if (run->release->ending == NULL) {
        run_retry_later(run,
                        on_failure_retry); /* the Canary cannot be read now; if it is gone, the actor drops the run */
        return;
    }
    end_by_effects(run);
}

static void on_failure_retry(struct timer *timer, void *ctx)
{
    closing_roll_back(ctx);
}

void closing_resume(struct run *run)
{
    run->state = RUN_ENDING;
    start_ending(run, true);
}

bool closing_ask_back(struct run *run, const struct request *request)
{
    struct canary canary;
    bool known = run_canary(run, &canary);
    if (known) {
        char *who = request_who(request);
        char *text = str_format("Rolling back %s by request of %s", canary.names.id, who);
        char *alert = str_format("Rolling back by request of %s", who);
        struct doc *events = list_of_one("type", "Warning", text);
        struct doc *alerts = has_alerts(run, &canary) ? list_of_one("severity", ALERT_WARN, alert) : NULL;
        struct doc *list = ending_rollback(&canary, doc_root(events), doc_root(alerts));
        known = set_ending(run, doc_root(list));
        if (known) {
            requests_add(&run->release->requests, request, NULL, clock_wall_ms(run->context->clock));
            note_taken_back(run->release, request, who);
        }
        doc_free(list);
        doc_free(alerts);
        doc_free(events);
        str_free(&alert);
        str_free(&text);
        str_free(&who);
    }
    canary_fini(&canary);
    return known;
}

static char *why_succeeded(const struct release *release, bool skipped)
{
    const struct node *promotion = requests_promotion(&release->requests);
    if (skipped && promotion != NULL) {
        char *who = requests_who(promotion);
        char *text = str_format("promoted by %s", who);
        str_free(&who);
        return text;
    }
    const char *text = release->origin == RELEASE_FINISHING ? "finished, its primary had been promoted before"
                       : skipped                            ? "promoted, the analysis was skipped"
                                                            : "promoted, the analysis passed";
    return str_dup(text);
}

static const char *ended_by(const struct release *release, bool skipped)
{
    return release->origin == RELEASE_FINISHING                        ? ENDED_BY_FORMER
           : skipped && requests_promotion(&release->requests) != NULL ? ENDED_BY_PERSON
           : skipped                                                   ? ENDED_BY_SKIP
                                                                       : ENDED_BY_ANALYSIS;
}

void closing_succeed(struct run *run, bool skipped)
{
    struct canary canary;
    if (run_canary(run, &canary)) {
        gauges_success(&run->context->gauges, canary.names.target, canary.names.namespace, canary.strategy_label,
                       skipped);
    }
    canary_fini(&canary);
    const char *by = ended_by(run->release, skipped);
    char *why = why_succeeded(run->release, skipped);
    note_end(run->release, "succeeded", why, by);
    if (strcmp(by, ENDED_BY_PERSON) == 0) {
        account_end_by(&run->release->account, by,
                       node_str(node_get(requests_promotion(&run->release->requests), "by")));
    }
    str_free(&why);
    close_record(run, RELEASE_SUCCEEDED, on_closed);
}

/* Ends the release without touching the Canary. If a revision is still due, the next release starts from weight 0. */
void closing_stall(struct run *run)
{
    struct release *release = run->release;
    note_end(run->release, "stalled", release->unreadable, ENDED_BY_RECORD);
    gauges_stalled(&run->context->gauges, release->canary, release->namespace);
    char *text = str_format("Release %s.%s breaks a rule of records and was ended: %s", release->name,
                            release->namespace, release->unreadable);
    announce_text(run->announcer, "Warning", text);
    str_free(&text);
    close_record(run, RELEASE_STALLED, on_unreadable);
}

void closing_halt(struct run *run)
{
    note_end(run->release, "halted", "the record of this release is full; traffic stays as it is", ENDED_BY_RECORD);
    char *text = str_format("Halt %s.%s advancement the record of release %s is full", run->release->canary,
                            run->release->namespace, run->release->name);
    announce_text(run->announcer, "Warning", text);
    str_free(&text);
    close_record(run, RELEASE_HALTED, on_halted);
}

/* A record that its script does not agree with cannot say where the release stands, but it can be taken back. */
static bool is_asked_back(struct run *run)
{
    struct canary canary;
    struct request request;
    struct err ignored = {0};
    bool known = run_canary(run, &canary);
    struct doc *target = known ? context_target(run->context, &canary.names) : NULL;
    bool asked = request_read(&request, canary.root, &ignored) == REQUEST_READ && known &&
                 request.verb == REQUEST_ROLLBACK && !request_is_answered(&request, canary.root) &&
                 request_is_for(&request, run->release->name, object_generation(doc_root(target))) &&
                 !run->attempt.committed && !detect_promoted(&canary, run->release, run->context->config_tracking) &&
                 closing_ask_back(run, &request);
    request_fini(&request);
    doc_free(target);
    canary_fini(&canary);
    return asked;
}

void closing_unreadable(struct run *run)
{
    if (is_asked_back(run)) {
        closing_roll_back(run);
        return;
    }
    note_end(run->release, "begun again", run->failure, ENDED_BY_RECORD);
    close_record(run, RELEASE_SUPERSEDED, on_unreadable);
}

void closing_supersede(struct run *run)
{
    close_record(run, RELEASE_SUPERSEDED, on_superseded);
}

void closing_drop(struct run *run)
{
    end(run, RUN_DROPPED);
}

/* --- what the script asks for --- */

static void take_back(struct run *run, struct doc *list)
{
    set_ending(run, doc_root(list));
    doc_free(list);
    run_decide(run, VERDICT_ROLLBACK);
}

void closing_prepare(struct run *run, enum operation_ending ending, const struct node *args)
{
    const struct node *events = node_get(args, "events");
    const char *error = node_str_or(node_get(args, "error"), "");
    struct canary canary;
    run_canary(run, &canary);
    switch (ending) {
    case OPERATION_ROLLED_BACK:
        note_rollback(run->release, args, run->not_ready);
        take_back(run, ending_rollback(&canary, events, node_get(args, "alerts")));
        break;
    case OPERATION_PROMOTION_FAILED:
        note_failed_promotion(run->release, error);
        take_back(run, ending_failed_promotion(&canary, error, has_alerts(run, &canary)));
        break;
    case OPERATION_SUCCEEDED:
        run_decide(run, VERDICT_SUCCEEDED);
        break;
    case OPERATION_SKIPPED:
        run_decide(run, VERDICT_SKIPPED);
        break;
    }
    canary_fini(&canary);
}
