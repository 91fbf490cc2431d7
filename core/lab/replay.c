#include "lab/replay.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "canary/canary.h"
#include "canary/params.h"
#include "io/virtual_clock.h"
#include "lab/rejudge.h"
#include "release/release.h"
#include "rollout/operation/operation.h"
#include "script/kill.h"
#include "script/strategist.h"
#include "script/where.h"

enum { TIME_MAX_MS = 24 * 60 * 60 * 1000 }; /* nothing waits but for a script's own budget */

struct replay {
    const struct replay_order *order;
    struct virtual_clock *time;
    struct strategist *strategist;
    struct strategy *strategy; /* NULL: it has ended */
    char *module;
    struct doc *sources, *params;
    struct journal *journal;
    int depth;        /* words inside words, of the one in progress */
    int64_t words;    /* that agree */
    int64_t rejudged; /* checks among them, of other bounds */
    int64_t last_ms;  /* when the last of them began */
    struct doc *found;
};

static struct node *object_in(struct replay *replay, const char *key)
{
    return node_ensure_object(replay->found, doc_root(replay->found), key);
}

/* Ends the play, also from inside a callback. */
static void end(struct replay *replay, const char *why)
{
    struct node *root = doc_root(replay->found);
    node_set_str(replay->found, root, "end", why);
    node_set_int(replay->found, root, "words", replay->words);
    node_set_int(replay->found, root, "rejudged", replay->rejudged);
    replay->strategist->ops->stop(replay->strategy);
    replay->strategy = NULL;
}

/* --- words --- */

static void note_said(struct replay *replay, const char *word, const struct node *args)
{
    char where[KILL_WHERE_SIZE];
    struct node *said = object_in(replay, "word");
    replay->strategist->ops->where(replay->strategy, where, sizeof where);
    node_set_str(replay->found, said, "name", word);
    node_set(replay->found, said, "args", node_copy(replay->found, args));
    node_set_str(replay->found, said, "where", where_is_script(where) ? where : NULL);
}

static void note_recorded(struct replay *replay, const struct journal_ahead *ahead)
{
    struct node *recorded = object_in(replay, "recorded");
    node_set_str(replay->found, recorded, "name", ahead->word);
    node_set_int(replay->found, recorded, "at_ms", ahead->started_ms);
}

/* A check of other bounds is judged again. True: it says the same, and *result is its new outcome. */
static bool agrees_rejudged(struct replay *replay, const struct node *args, struct doc **result)
{
    struct rejudged again;
    if (!rejudge(replay->journal, doc_root(replay->sources), args, &again)) {
        end(replay, "differs");
        return false;
    }
    if (again.is_same) {
        *result = again.outcome;
        replay->rejudged++;
        return true;
    }
    node_set(replay->found, doc_root(replay->found), "verdict", node_copy(replay->found, doc_root(again.told)));
    doc_free(again.told);
    doc_free(again.outcome);
    end(replay, "verdict");
    return false;
}

/* True: it is on record. */
static bool answer_word(struct replay *replay, const char *word, const struct node *args, struct doc **result,
                        int64_t *started_ms)
{
    struct journal_ahead ahead = {0};
    struct err err = {0};
    bool is_ahead = journal_look_ahead(replay->journal, &ahead);
    int64_t recorded_ms = ahead.started_ms;
    switch (journal_enter(replay->journal, word, args, replay->last_ms, result, started_ms, &err)) {
    case JOURNAL_RECORDED:
        break;
    case JOURNAL_DIVERGED:
        note_said(replay, word, args);
        note_recorded(replay, &ahead);
        *started_ms = recorded_ms;
        if (strcmp(ahead.word, word) != 0 || strcmp(word, "check") != 0) {
            end(replay, "differs");
            return false;
        } else if (!agrees_rejudged(replay, args, result)) {
            return false;
        }
        break;
    default:
        replay->depth = 1;
        note_said(replay, word, args);
        if (!journal_is_replaying(replay->journal)) {
            end(replay, "record");
        }
        return false;
    }
    replay->words++;
    replay->last_ms = is_ahead ? recorded_ms : replay->last_ms;
    return true;
}

static bool on_enter(void *ctx, const char *word, const struct node *args, struct doc **result, int64_t *started_ms)
{
    struct replay *replay = ctx;
    *result = NULL;
    *started_ms = replay->last_ms;
    if (replay->strategy == NULL) {
        return false;
    }
    if (replay->depth > 0) {
        replay->depth++;
        return false;
    }
    if (replay->words + 1 == replay->order->words_max) {
        note_said(replay, word, args);
        end(replay, "word");
        return false;
    }
    return answer_word(replay, word, args, result, started_ms);
}

/* The word in progress, in which an engine died. That one may have spoken of more operations: today's words ask for
 * what they need, as when a release goes on. */
static void on_leave(void *ctx, const struct node *result)
{
    struct replay *replay = ctx;
    if (replay->strategy != NULL && --replay->depth == 0) {
        end(replay, "record");
    }
}

/* --- operations, of the word in progress and of waits between words --- */

static struct doc *waited(const struct replay *replay)
{
    struct doc *answer = doc_new();
    doc_set_root(answer, node_new_object(answer));
    node_set_int(answer, doc_root(answer), "now", replay->last_ms);
    return answer;
}

static bool on_call(void *ctx, const char *name, const struct node *args, struct doc **answer, struct err *err)
{
    struct replay *replay = ctx;
    if (replay->strategy == NULL) {
        return false;
    }
    const struct operation *operation = operation_accept(name, args, err);
    if (operation == NULL) {
        return false;
    }
    if (operation->rests && !operation->recorded) {
        *answer = waited(replay);
        return true;
    }
    struct err differs = {0};
    struct doc *known = NULL;
    enum journal_step step =
        operation->recorded ? journal_ask(replay->journal, name, args, &known, &differs) : JOURNAL_NEW;
    if (step == JOURNAL_RECORDED) {
        *answer = known;
        return true;
    }
    doc_free(known);
    if (step == JOURNAL_DIVERGED) {
        node_set_str(replay->found, doc_root(replay->found), "problem", differs.text);
    }
    end(replay, step == JOURNAL_DIVERGED ? "operation" : "record");
    return false;
}

/* --- what is only noted elsewhere --- */

static bool is_line_known(void *ctx)
{
    return true;
}

static void on_evidence(void *ctx, const struct node *evidence, const char *where)
{
}

static void on_log(void *ctx, const char *message)
{
}

static void on_delayed(void *ctx, int64_t wait_ms, enum strategy_budget lack, const char *where)
{
}

static void on_ended(void *ctx, enum strategy_end why, const struct err *err)
{
    struct replay *replay = ctx;
    if (replay->strategy == NULL) {
        return;
    }
    struct journal_ahead ahead;
    if (journal_look_ahead(replay->journal, &ahead)) {
        note_recorded(replay, &ahead);
    }
    node_set_str(replay->found, doc_root(replay->found), "problem", err->text);
    end(replay, "script");
}

/* --- what it is played with --- */

static struct doc *pick(const struct node *recorded, const struct node *declared)
{
    struct doc *given = doc_new();
    doc_set_root(given, node_new_object(given));
    struct node_iter it = node_iterate(recorded);
    while (node_next(&it)) {
        if (node_get(declared, it.key) != NULL) {
            node_set(given, doc_root(given), it.key, node_copy(given, it.value));
        }
    }
    return given;
}

/* Of those on record, what the other script declares, too; it has its own defaults for the rest. */
static bool take_params(struct replay *replay, const struct node *recorded, const struct limits *limits,
                        struct err *err)
{
    struct doc *declared =
        replay->strategist->ops->inspect(replay->strategist, replay->module, doc_root(replay->sources), limits, err);
    if (declared == NULL) {
        return false;
    }
    const struct node *params = node_get(doc_root(declared), "params");
    const char *kind = node_str_or(node_get(doc_root(declared), "kind"), "nothing");
    if (strcmp(kind, "strategy") != 0) {
        err_set(err, ERR_INVALID, "a strategy is wanted, got a %s", kind);
        doc_free(declared);
        return false;
    }
    struct doc *given = pick(recorded, params);
    struct str_list reasons = {0};
    bool ok = params_are_sound(params, &reasons) && params_fit(params, doc_root(given), "spec.params", &reasons);
    if (ok) {
        replay->params = doc_new();
        doc_set_root(replay->params, params_fill(replay->params, params, doc_root(given)));
    } else {
        err_set(err, ERR_INVALID, "%s", reasons.count > 0 ? reasons.items[0] : "its parameters do not fit");
    }
    str_list_fini(&reasons);
    doc_free(given);
    doc_free(declared);
    return ok;
}

static bool take_sources(struct replay *replay, const struct node *spec, const struct limits *limits, struct err *err)
{
    const struct node *sources = node_get(spec, "sources");
    replay->module = canary_strategy_module(node_str_or(node_get(spec, "strategy"), "canary"));
    if (replay->order->script == NULL) {
        replay->sources = doc_copy(sources);
        replay->params = doc_copy(node_get(spec, "params"));
        return true;
    }
    replay->sources = doc_new();
    doc_set_root(replay->sources, node_type(sources) == NODE_OBJECT ? node_copy(replay->sources, sources)
                                                                    : node_new_object(replay->sources));
    node_set_str(replay->sources, doc_root(replay->sources), replay->module, replay->order->script);
    return take_params(replay, node_get(spec, "params"), limits, err);
}

static bool start(struct replay *replay, const struct node *spec, const struct limits *limits, struct err *err)
{
    const char *uid = node_str_or(node_get(node_get(replay->order->object, "metadata"), "uid"), "");
    struct strategy_start order = {.module = replay->module,
                                   .params = doc_root(replay->params),
                                   .sources = doc_root(replay->sources),
                                   .limits = limits,
                                   .label = node_str_or(node_get(spec, "canary"), ""),
                                   .words = node_int_or(node_get(spec, "words"), 0),
                                   .seed = hash_fnv32(uid, strlen(uid)),
                                   .host = {.ctx = replay,
                                            .call = on_call,
                                            .enter = on_enter,
                                            .leave = on_leave,
                                            .is_line_known = is_line_known,
                                            .evidence = on_evidence,
                                            .log = on_log,
                                            .delayed = on_delayed,
                                            .ended = on_ended}};
    replay->strategy = replay->strategist->ops->start(replay->strategist, &order, err);
    return replay->strategy != NULL;
}

/* A release that replaces another one in mid-run begins with a word of the engine's own (rollout/restart.c). */
static bool pass_restart(struct replay *replay, const struct node *spec, struct err *err)
{
    if (!node_bool_or(node_get(spec, "restarted"), false)) {
        return true;
    }
    struct doc *result = NULL;
    int64_t started_ms = 0;
    enum journal_step step = journal_enter(replay->journal, "restart", NULL, 0, &result, &started_ms, err);
    doc_free(result);
    if (step == JOURNAL_NEW) {
        err_set(err, ERR_INVALID, "status: the record ends before the first word of a script");
    } else if (step == JOURNAL_RECORDED) {
        replay->words++;
        replay->last_ms = started_ms;
    }
    return step == JOURNAL_RECORDED;
}

static bool play(struct replay *replay, struct err *err)
{
    const struct node *spec = node_get(replay->order->object, "spec");
    struct limits limits = limits_of_record(node_get(spec, "limits"));
    int64_t words = node_int_or(node_get(spec, "words"), 0);
    if (words < 1 || words > RELEASE_WORDS) {
        return err_set(err, ERR_INVALID, "spec.words: its words are of version %lld, this engine speaks 1 to %d",
                       (long long)words, RELEASE_WORDS);
    }
    if (!take_sources(replay, spec, &limits, err) || !pass_restart(replay, spec, err) ||
        !start(replay, spec, &limits, err)) {
        return false;
    }
    virtual_clock_run(replay->time, TIME_MAX_MS);
    if (replay->strategy != NULL) {
        node_set_str(replay->found, doc_root(replay->found), "problem", "it comes to no end");
        end(replay, "script");
    }
    virtual_clock_run(replay->time, 2 * TIME_MAX_MS); /* one that was stopped from inside is freed on its turn */
    return true;
}

struct doc *replay_play(const struct replay_order *order, struct err *err)
{
    struct replay replay = {.order = order};
    if (!release_check(order->object, err)) {
        return NULL;
    }
    replay.journal = journal_load(node_get(order->object, "status"), err);
    if (replay.journal == NULL) {
        return NULL;
    }
    replay.found = doc_new();
    doc_set_root(replay.found, node_new_object(replay.found));
    replay.time = virtual_clock_new(0);
    replay.strategist = script_strategist_new(virtual_clock_clock(replay.time), embedded_modules, embedded_count);
    if (!play(&replay, err)) {
        doc_free(replay.found);
        replay.found = NULL;
    }
    script_strategist_free(replay.strategist);
    virtual_clock_free(replay.time);
    journal_free(replay.journal);
    doc_free(replay.sources);
    doc_free(replay.params);
    str_free(&replay.module);
    return replay.found;
}
