/* One life of a script. Each of its calls is looked up in the journal first, and is carried out and answered if it
 * is new. */
#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "release/note.h"
#include "rollout/run_inner.h"
#include "rollout/script_place.h"
#include "rollout/strategist.h"

enum {
    FAILURES_MAX = 2,
    REST_MIN_MS = 5 * 1000, /* below the least interval, 10 s; starting again costs less than a millisecond */
    REST_WORDS_MAX = 2000,  /* on record: more would take long to replay */
};

static struct run *of_call(const struct operation_call *call)
{
    return (struct run *)((char *)call - offsetof(struct run, attempt.call));
}

/* --- the operation under way --- */

static void forget_operation(struct run *run)
{
    struct operation_call *call = &run->attempt.call;
    timer_cancel(&run->attempt.rest);
    if (call->operation != NULL && call->operation->cancel != NULL) {
        call->operation->cancel(call);
    }
    doc_free(call->args);
    doc_free(call->intent);
    doc_free(run->attempt.held_answer);
    mem_free(call->state);
    *call = (struct operation_call){0};
    run->attempt.held = false;
    run->attempt.held_answer = NULL;
}

static bool promotes(const struct node *effects, int64_t count)
{
    bool found = false;
    for (int64_t i = 0; i < count && !found; i++) {
        found = node_is(node_get(node_item(effects, (size_t)i), "kind"), "promote");
    }
    return found;
}

/* Of a list of effects, the answer of the operation act says which one failed; a promotion may have begun in part.
 * There is no way back from then on, also while the script is not told, because the run is frozen. */
static void note_promoted(struct run *run, const struct node *effects, const struct node *answer)
{
    int64_t failed = node_int_or(node_get(answer, "failed"), 1), count = (int64_t)node_count(effects);
    int64_t done = node_bool_or(node_get(answer, "ok"), false) ? count : failed - 1;
    run->attempt.committed = run->attempt.committed || node_bool_or(node_get(answer, "begun"), false) ||
                             promotes(effects, done < count ? done : count);
}

/* Keeps the reason why a side will never be ready, because the script does not tell it. */
static void note_answer(struct run *run, const char *operation, const struct node *answer)
{
    if (strcmp(operation, "ready") == 0) {
        bool never = !node_bool_or(node_get(answer, "ready"), true);
        account_set(&run->not_ready, never ? node_str_or(node_get(answer, "error"), "not ready") : NULL);
    }
}

static void record_answer(struct run *run, const struct doc *answer)
{
    const struct operation *operation = run->attempt.call.operation;
    struct err err = {0};
    if (!operation_answers(operation, doc_root(answer), &err)) {
        log_error(NULL, "%s", err.text);
        assert(!"an operation has answered what its contract does not know");
    }
    if (operation->recorded) {
        journal_answer(run->release->journal, doc_root(answer));
    }
    note_answer(run, operation->name, doc_root(answer));
    forget_operation(run);
}

static void answer(struct operation_call *call, struct doc *answer)
{
    struct run *run = of_call(call);
    assert(call->operation != NULL && !run->attempt.starts && run->state == RUN_SCRIPT);
    note_promoted(run, doc_root(call->intent), doc_root(answer));
    if (run_holds_still(run)) {
        run->attempt.held_answer = answer;
        run->events.settled(run->ctx);
        return;
    }
    record_answer(run, answer);
    if (run->attempt.rests) {
        run_decide(run, VERDICT_REPLAY);
    } else {
        run->context->strategist->ops->answer(run->attempt.strategy, doc_root(answer));
    }
    doc_free(answer);
    run->events.settled(run->ctx);
}

static void on_rest(struct timer *timer, void *ctx)
{
    struct run *run = ctx;
    run->context->strategist->ops->rest(run->attempt.strategy);
    run->attempt.rests = true;
}

/* The script waits for the operation, or will in a moment. */
static void rest_if_long(struct run *run)
{
    const struct attempt *attempt = &run->attempt;
    if (attempt->call.quiet_ms >= REST_MIN_MS && !attempt->held &&
        journal_words(run->release->journal) <= REST_WORDS_MAX &&
        run->context->strategist->ops->is_apart(attempt->strategy)) {
        timer_start(run->context->clock, &run->attempt.rest, 0, on_rest, run);
    }
}

static void on_recorded(struct run *run)
{
    run->attempt.recorded(&run->attempt.call);
    const struct operation *operation = run->attempt.call.operation;
    if (operation != NULL && operation->poke != NULL && run->flushed == NULL) {
        run->events.settled(run->ctx); /* it waits for the world, which others may look at again */
    }
}

static void intend(struct operation_call *call, const struct node *intent,
                   void (*recorded)(struct operation_call *call))
{
    struct run *run = of_call(call);
    journal_intend(run->release->journal, intent);
    run->attempt.recorded = recorded;
    run_flush(run, on_recorded);
}

static void end(struct operation_call *call, enum operation_ending ending)
{
    closing_prepare(of_call(call), ending, doc_root(call->args));
}

static bool is_blocked(const struct operation_call *call)
{
    return run_holds_still(of_call(call)); /* the operation is poked when that ends */
}

static void round_ended(struct operation_call *call, const struct canary *canary)
{
    struct run *run = of_call(call);
    if (run->attempt.round_started_ms != 0) {
        double seconds = (double)(clock_wall_ms(run->context->clock) - run->attempt.round_started_ms) / 1000;
        gauges_duration(&run->context->gauges, canary->names.target, canary->names.namespace, seconds);
    }
    run->attempt.round_started_ms = 0;
}

static void poke(struct operation_call *call)
{
    attempt_poke(of_call(call));
}

static const struct operation_port port = {
    .answer = answer,
    .intend = intend,
    .end = end,
    .is_blocked = is_blocked,
    .round_ended = round_ended,
    .poke = poke,
};

/* True when the operation was answered at once. It is held back until a freeze ends, or until the actor drops a run
 * whose Canary is gone. */
static bool start_operation(struct run *run, struct doc **answer)
{
    struct operation_call *call = &run->attempt.call;
    struct canary canary = {0};
    bool frozen = run_holds_still(run) && !journal_is_replaying(run->release->journal); /* a replay does nothing */
    call->known = !frozen && run_canary(run, &canary);
    run->attempt.held = canary.doc == NULL;
    if (run->attempt.held) {
        run->events.settled(run->ctx);
    }
    run->attempt.starts = true;
    bool answered = !run->attempt.held && call->operation->start(call, &canary, answer);
    run->attempt.starts = false;
    canary_fini(&canary);
    if (!answered) {
        rest_if_long(run);
    }
    if (!answered && call->operation != NULL && call->operation->watches != NULL) {
        run->events.settled(run->ctx); /* the actor watches what the operation waits for */
    }
    return answered;
}

void attempt_poke(struct run *run)
{
    struct operation_call *call = &run->attempt.call;
    if (call->operation == NULL || call->operation->poke == NULL || run_holds_still(run) || run->attempt.held ||
        run->attempt.held_answer != NULL) {
        return;
    }
    struct canary canary;
    if (run_canary(run, &canary)) {
        call->operation->poke(call, &canary);
    }
    canary_fini(&canary);
}

void attempt_list_watched(const struct run *run, struct str_list *canaries)
{
    const struct operation *operation = run->attempt.call.operation;
    if (operation != NULL && operation->watches != NULL) {
        operation->watches(&run->attempt.call, canaries);
    }
}

void attempt_thaw(struct run *run)
{
    struct attempt *attempt = &run->attempt;
    if (attempt->call.operation == NULL) {
        return;
    }
    struct doc *known = attempt->held_answer;
    attempt->held_answer = NULL;
    if (known == NULL && !attempt->held) {
        attempt_poke(run);
    } else if (known != NULL || start_operation(run, &known)) {
        answer(&attempt->call, known);
    }
}

/* --- the script's calls --- */

static void halt_when_full(struct run *run)
{
    if (!journal_is_full(run->release->journal)) {
        return;
    }
    if (!canary_strategy_is_object(run->release->strategy)) {
        run_decide(run, VERDICT_HALTED);
        return;
    }
    /* A halted release would keep its share, and nobody would judge it. */
    str_free(&run->failure);
    run->failure = str_dup("its record is full: too many words, such as a loop in which no time passes");
    run_decide(run, VERDICT_ROLLBACK);
}

/* Tells the actor that a replay has ended: until then the actor leaves the Canary's objects alone. */
static void note_replayed(struct run *run)
{
    if (!journal_is_replaying(run->release->journal)) {
        run->events.settled(run->ctx);
    }
}

static bool begin_operation(struct run *run, const struct operation *operation, const struct node *args,
                            struct doc *intent, struct doc **answer)
{
    run->attempt.call = (struct operation_call){
        .operation = operation,
        .context = run->context,
        .release = run->release,
        .announcer = run->announcer,
        .waiting = run->waiting,
        .trouble = &run->trouble,
        .args = doc_copy(args),
        .intent = intent,
        .state = operation->size > 0 ? mem_alloc(operation->size) : NULL,
        .port = &port,
    };
    if (!start_operation(run, answer)) {
        return false;
    }
    record_answer(run, *answer);
    return true;
}

static bool on_call(void *ctx, const char *name, const struct node *args, struct doc **answer, struct err *refused)
{
    struct run *run = ctx;
    if (run->verdict != VERDICT_NONE) {
        return false; /* a flush now would collide with the one that closes the record */
    }
    const struct operation *operation = operation_accept(name, args, refused);
    struct err err = {0};
    if (operation == NULL) {
        return false;
    }
    struct doc *recorded = NULL;
    enum journal_step step =
        operation->recorded ? journal_ask(run->release->journal, name, args, &recorded, &err) : JOURNAL_NEW;
    if (operation->rests && !journal_is_replaying(run->release->journal)) {
        run->attempt.known = false; /* this is what it rested for */
    }
    if (step == JOURNAL_RECORDED) {
        note_answer(run, name, doc_root(recorded));
        note_promoted(run, args, doc_root(recorded));
        note_replayed(run);
        *answer = recorded;
        return true;
    }
    if (step == JOURNAL_DIVERGED) {
        run_diverge(run, &err);
        return false;
    }
    halt_when_full(run);
    if (run->verdict != VERDICT_NONE) {
        doc_free(recorded);
        return false;
    }
    return begin_operation(run, operation, args, recorded, answer);
}

/* A word's result may say that it waits (a gate is closed, the steps do not rise). The wait is over when the same word
 * returns without it, asked for the same thing: another gate that is open ends nothing. */
static void note_wait(struct run *run, const struct node *result)
{
    const struct node *waiting = node_get(result, "waiting");
    const char *reason = node_str(node_get(waiting, "reason"));
    if (reason != NULL) {
        struct wait wait = {.key = run->attempt.word,
                            .reason = reason,
                            .message = node_str_or(node_get(waiting, "message"), ""),
                            .told = node_bool_or(node_get(waiting, "told"), false)};
        waiting_begin(run->waiting, &wait);
    } else {
        waiting_end(run->waiting, run->attempt.word);
    }
}

/* A gate is closed until the word that found it so comes back without it. */
static void note_gates(struct run *run, const struct node *result)
{
    struct attempt *attempt = &run->attempt;
    const struct node *gates = node_at(result, "waiting", "gates");
    if (attempt->gates == NULL) {
        attempt->gates = operation_object();
    }
    node_remove(doc_root(attempt->gates), attempt->word);
    if (node_type(gates) == NODE_ARRAY) {
        node_set(attempt->gates, doc_root(attempt->gates), attempt->word, node_copy(attempt->gates, gates));
    }
}

/* A word says that the primary is the canary's revision by now, or half of it. */
static void note_committed(struct run *run, const struct node *result)
{
    static const char *const signs[] = {"committed", "begun", "promoted"};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        run->attempt.committed = run->attempt.committed || node_bool_or(node_get(result, signs[i]), false);
    }
}

static void note_result(struct run *run, const struct node *result)
{
    note_gates(run, result);
    note_committed(run, result);
}

static bool on_enter(void *ctx, const char *word, const struct node *args, struct doc **result, int64_t *started_ms)
{
    struct run *run = ctx;
    struct attempt *attempt = &run->attempt;
    struct err err = {0};
    int64_t now = clock_wall_ms(run->context->clock);
    str_free(&attempt->word);
    char *asked = node_to_text(args);
    attempt->word = str_format("%s %s", word, asked);
    str_free(&asked);
    enum journal_step step = journal_enter(run->release->journal, word, args, now, result, started_ms, &err);
    attempt->rounds += strcmp(word, "round") == 0;
    if (step == JOURNAL_DIVERGED) {
        run_diverge(run, &err);
        *result = doc_new(); /* no further call is answered, so the script cannot act on this result */
        return true;
    }
    if (step == JOURNAL_RECORDED) {
        note_result(run, doc_root(*result));
        if (!attempt->known) { /* after a rest its waits are as they were */
            note_wait(run, doc_root(*result));
        }
        note_replayed(run);
    }
    if (step == JOURNAL_NEW) {
        attempt->known = false; /* also where the script does not ask again for what it rested for */
    }
    if (step == JOURNAL_NEW && strcmp(word, "round") == 0) {
        attempt->round_started_ms = now;
        requests_note_look(&run->release->requests);
    }
    return step == JOURNAL_RECORDED;
}

static void on_leave(void *ctx, const struct node *result)
{
    struct run *run = ctx;
    struct err err = {0};
    if (!journal_leave(run->release->journal, result, &err)) {
        run_diverge(run, &err);
    } else {
        note_result(run, result);
        note_wait(run, result);
    }
    halt_when_full(run);
}

/* Given the same record a script says the same lines, so that their number tells which it has said before. */
static bool is_line_known(void *ctx)
{
    struct run *run = ctx;
    return ++run->attempt.lines <= run->lines_logged || journal_is_replaying(run->release->journal);
}

static void count_check(struct run *run, const struct node *evidence)
{
    struct canary canary;
    if (run_canary(run, &canary)) {
        gauges_check(&run->context->gauges, &canary.names, evidence);
    }
    canary_fini(&canary);
}

static void on_evidence(void *ctx, const struct node *evidence, const char *where)
{
    struct run *run = ctx;
    if (!run->attempt.known && !journal_is_replaying(run->release->journal)) {
        note_evidence(run->release, run->attempt.rounds, evidence, where);
        count_check(run, evidence);
    }
}

/* By the place that a text about it names. */
static void count_broken_limit(const struct run *run, const char *text)
{
    const struct release *release = run->release;
    struct script_place place;
    bool known = script_place_find(text, &place);
    char *script = known ? str_dup_n(place.file, place.file_len) : str_dup(release->strategy);
    char *line = known ? str_format("%zu", place.line) : str_dup("");
    gauges_limit(&run->context->gauges, release->canary, release->namespace, script, line);
    str_free(&script);
    str_free(&line);
}

/* Tells it once: one minute is like the other. */
static void on_delayed(void *ctx, int64_t wait_ms, enum strategy_budget lack, const char *where)
{
    static const char *const names[] = {
        [STRATEGY_CPU_TIME] = "CPU time", [STRATEGY_QUERIES] = "queries", [STRATEGY_MESSAGES] = "messages"};
    struct run *run = ctx;
    const struct release *release = run->release;
    if (wait_ms == 0) {
        waiting_end(run->waiting, WAIT_BUDGET);
        waiting_end(run->waiting, WAIT_RATE);
        return;
    }
    count_broken_limit(run, where);
    char *text = str_format("Release %s.%s has used up its %s of this minute%s%s: it goes on when the minute is over",
                            release->name, release->namespace, names[lack], where[0] != '\0' ? ", at " : "", where);
    if (!run->delay_told) {
        run->delay_told = true;
        announce_text(run->announcer, "Warning", text);
    }
    run_wait(run, lack == STRATEGY_CPU_TIME ? WAIT_BUDGET : WAIT_RATE, text);
    str_free(&text);
}

static void on_log(void *ctx, const char *message)
{
    struct run *run = ctx;
    char *id = str_format("%s.%s", run->release->canary, run->release->namespace);
    log_info(id, "%s", message);
    str_free(&id);
}

static void tell_broken_limit(const struct run *run, const char *text)
{
    const struct release *release = run->release;
    count_broken_limit(run, text);
    char *event = str_format("A script of release %s.%s broke a limit: %s", release->name, release->namespace, text);
    announce_text(run->announcer, "Warning", event);
    str_free(&event);
}

/* A failed script is replayed once, because the cause may have been a passing shortage. After the next failure the
 * release is taken back. */
static void on_script_ended(void *ctx, enum strategy_end end, const struct err *err)
{
    struct run *run = ctx;
    if (run->verdict != VERDICT_NONE) {
        return; /* an ending was decided before, and its reason counts */
    }
    if (end == STRATEGY_LOST) {
        log_info(NULL, "Release %s.%s: %s", run->release->name, run->release->namespace, err->text);
        run_decide(run, VERDICT_REPLAY);
        return;
    }
    const char *text = end == STRATEGY_RETURNED ? "the strategy returned without finishing the release" : err->text;
    log_error(NULL, "Release %s.%s: %s", run->release->name, run->release->namespace, text);
    if (end == STRATEGY_KILLED) {
        tell_broken_limit(run, text);
    }
    str_free(&run->failure);
    run->failure = str_dup(text);
    run_decide(run, ++run->failures < FAILURES_MAX ? VERDICT_REPLAY : VERDICT_ROLLBACK);
}

/* --- its life --- */

void attempt_start(struct run *run)
{
    struct release *release = run->release;
    struct strategist *strategist = run->context->strategist;
    char *module = canary_strategy_module(release->strategy);
    struct strategy_start start = {
        .module = module,
        .params = doc_root(release->params),
        .sources = doc_root(release->sources),
        .limits = release_has_own_scripts(release) ? &release->limits : NULL,
        .label = release->canary,
        .words = release->words,
        .before = run->attempt.strategy,
        .seed = hash_fnv32(release->uid, strlen(release->uid)),
        .host = {.ctx = run,
                 .call = on_call,
                 .enter = on_enter,
                 .leave = on_leave,
                 .is_line_known = is_line_known,
                 .evidence = on_evidence,
                 .log = on_log,
                 .delayed = on_delayed,
                 .ended = on_script_ended},
    };
    struct err err = {0};
    run->state = RUN_SCRIPT;
    run->attempt.rounds = 0;
    run->attempt.committed = false;
    doc_free(run->attempt.gates);
    run->attempt.gates = NULL;
    run->lines_logged = run->attempt.lines > run->lines_logged ? run->attempt.lines : run->lines_logged;
    run->attempt.lines = 0;
    run->attempt.known = run->attempt.rests;
    run->attempt.rests = false;
    run->attempt.strategy = strategist->ops->start(strategist, &start, &err);
    str_free(&module);
    if (run->attempt.strategy == NULL) {
        on_script_ended(run, STRATEGY_FAILED, &err);
    }
}

void attempt_stop(struct run *run)
{
    forget_operation(run);
    if (run->attempt.strategy != NULL) {
        run->context->strategist->ops->rest(run->attempt.strategy);
    }
    str_free(&run->attempt.word);
}

void attempt_end(struct run *run)
{
    if (run->attempt.strategy != NULL) {
        run->context->strategist->ops->stop(run->attempt.strategy);
        run->attempt.strategy = NULL;
    }
    doc_free(run->attempt.gates);
    run->attempt.gates = NULL;
}

bool attempt_replays(const struct run *run)
{
    return run->state == RUN_SCRIPT && journal_is_replaying(run->release->journal);
}

bool attempt_is_acting(const struct run *run)
{
    const struct attempt *attempt = &run->attempt;
    const struct operation *operation = attempt->call.operation;
    bool between_words = attempt_replays(run) && operation == NULL;
    bool writes = operation != NULL && operation->writes && !attempt->held && attempt->held_answer == NULL;
    return between_words || writes;
}

/* An intent without an answer may be the former engine's, which has died: nobody knows how far it came. */
bool attempt_is_committed(const struct run *run)
{
    const struct attempt *attempt = &run->attempt;
    const struct node *intent = attempt->held_answer == NULL ? doc_root(attempt->call.intent) : NULL;
    return attempt->committed || promotes(intent, (int64_t)node_count(intent));
}
