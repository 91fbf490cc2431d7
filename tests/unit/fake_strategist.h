/* A strategist for tests: the test itself is the script.
 *
 *     fake_script_enter(s, "round", NULL);                       // true: it is on record, s->result is its result
 *     fake_script_call(s, "facts", "{}");                        // true: answered at once; else on a later turn
 *     fake_doc_expect(doc_root(s->answer), "{'ok':true}");
 *     fake_script_leave(s, "{'done':true}");
 *     fake_script_fail(s, "canary.lua:7: no");
 *
 * A header alone, because every test program links all fake_*.c and most have no rollout. */
#pragma once

#include "fake_doc.h"
#include "rollout/strategist.h"

struct fake_strategist {
    struct strategist base;
    struct strategy_host host; /* of the script that runs */
    struct limits limits;      /* that it was started with */
    bool is_limited;           /* it was; the engine's own scripts are not */
    int started;
    bool running;
    int64_t words;      /* that it is to speak */
    struct doc *answer; /* of the last call; NULL: not yet */
    struct doc *result; /* of the last word on record */
    int64_t word_started_ms;
    struct err refused; /* of the last call: it would be raised */
    bool again;         /* it was told so when it started last */
    bool apart;         /* it has a VM to itself */
};

static inline struct strategy *fake_strategist_start(struct strategist *strategist, const struct strategy_start *start,
                                                     struct err *err)
{
    struct fake_strategist *s = (struct fake_strategist *)strategist;
    s->host = start->host;
    s->again = start->before != NULL;
    s->is_limited = start->limits != NULL;
    s->limits = s->is_limited ? *start->limits : (struct limits){0};
    s->started++;
    s->running = true;
    s->words = start->words;
    return (struct strategy *)s;
}

static inline void fake_strategist_answer(struct strategy *strategy, const struct node *answer)
{
    struct fake_strategist *s = (struct fake_strategist *)strategy;
    doc_free(s->answer);
    s->answer = doc_copy(answer);
}

static inline void fake_strategist_stop(struct strategy *strategy)
{
    struct fake_strategist *s = (struct fake_strategist *)strategy;
    s->running = false;
}

static inline void fake_strategist_rest(struct strategy *strategy)
{
    struct fake_strategist *s = (struct fake_strategist *)strategy;
    s->running = false;
}

static inline bool fake_strategist_is_apart(const struct strategy *strategy)
{
    return ((const struct fake_strategist *)strategy)->apart;
}

static inline struct node *fake_strategist_sources(struct strategist *strategist, const char *name, struct doc *doc)
{
    return node_new_object(doc);
}

static inline struct limits fake_strategist_limits(const struct strategist *strategist)
{
    return limits_default();
}

static inline void fake_strategist_list_checks(const struct strategist *strategist, struct str_list *names)
{
}

static inline void fake_strategist_init(struct fake_strategist *s)
{
    static const struct strategist_ops ops = {.start = fake_strategist_start,
                                              .answer = fake_strategist_answer,
                                              .stop = fake_strategist_stop,
                                              .rest = fake_strategist_rest,
                                              .is_apart = fake_strategist_is_apart,
                                              .limits = fake_strategist_limits,
                                              .sources = fake_strategist_sources,
                                              .list_checks = fake_strategist_list_checks};
    *s = (struct fake_strategist){.base = {.ops = &ops}};
}

static inline void fake_strategist_fini(struct fake_strategist *s)
{
    assert_false(s->running);
    doc_free(s->answer);
    doc_free(s->result);
}

static inline bool fake_script_enter(struct fake_strategist *s, const char *word)
{
    struct doc *args = fake_doc("{}");
    doc_free(s->result);
    s->result = NULL;
    bool recorded = s->host.enter(s->host.ctx, word, doc_root(args), &s->result, &s->word_started_ms);
    doc_free(args);
    return recorded;
}

static inline void fake_script_leave(struct fake_strategist *s, const char *result)
{
    struct doc *doc = fake_doc(result);
    s->host.leave(s->host.ctx, doc_root(doc));
    doc_free(doc);
}

static inline bool fake_script_call(struct fake_strategist *s, const char *operation, const char *args)
{
    struct doc *doc = fake_doc(args), *answer = NULL;
    doc_free(s->answer);
    s->answer = NULL;
    s->refused = (struct err){0};
    bool answered = s->host.call(s->host.ctx, operation, doc_root(doc), &answer, &s->refused);
    if (answered) {
        s->answer = answer;
    }
    doc_free(doc);
    return answered;
}

static inline void fake_script_end(struct fake_strategist *s, enum strategy_end end, const char *text)
{
    struct err err = {0};
    err_set(&err, ERR_SCRIPT, "%s", text);
    s->host.ended(s->host.ctx, end, &err);
}

static inline void fake_script_fail(struct fake_strategist *s, const char *text)
{
    fake_script_end(s, STRATEGY_FAILED, text);
}
