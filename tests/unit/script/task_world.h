/* The strategist with a test at either side: a strategy whose body the test gives, and an engine that writes down what
 * is asked of it.
 *
 *     run(e, "host.call('ask')");             // loads it and lets it run as far as it comes
 *     expect_seen(e, "call ask {};");
 *     answer(e, "{\"ready\":true}");
 *
 * A header alone, because every test program links all fake_*.c and most have no scripts. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "fake_clock.h"
#include "script/strategist.h"

/* The engine's side: writes down what is asked of it, one line each, and answers as it is told. */
struct engine {
    struct fake_clock *time;
    struct strategist *strategist;
    struct strategy *strategy;
    struct doc *pinned;
    struct buf seen;
    const char *later;           /* an operation that is answered later */
    const char *recorded;        /* a word that is on record with the result "recorded" */
    const char *stop_in;         /* an operation or word during which the strategy is stopped */
    const struct limits *limits; /* that the scripts ask for; NULL: they are the engine's own */
    int delays, resumptions;     /* of the budget */
    enum strategy_budget lack;   /* at the last one, and where it stood */
    char delayed_at[64];
    int *others, others_at_end; /* turns of somebody else */
    int ended;
    enum strategy_end end;
    struct err err;
};

static inline void note(struct engine *e, const char *what, const char *name, const struct node *n)
{
    char *json = n ? node_to_text(n) : str_dup("");
    buf_printf(&e->seen, "%s %s%s%s;", what, name, n ? " " : "", json);
    mem_free(json);
}

static inline void stop(struct engine *e)
{
    e->strategist->ops->stop(e->strategy);
    e->strategy = NULL;
}

static inline bool on_call(void *ctx, const char *operation, const struct node *args, struct doc **answer,
                           struct err *err)
{
    struct engine *e = ctx;
    note(e, "call", operation, args);
    if (str_equal(e->stop_in, operation))
        stop(e);
    if (str_equal(e->later, operation))
        return false;
    *answer = doc_copy(args);
    return true;
}

static inline bool on_enter(void *ctx, const char *word, const struct node *args, struct doc **result,
                            int64_t *started_ms)
{
    struct engine *e = ctx;
    note(e, "enter", word, args);
    if (str_equal(e->stop_in, word))
        stop(e);
    *started_ms = 1773216907000;
    if (!str_equal(e->recorded, word))
        return false;
    *result = doc_new();
    doc_set_root(*result, node_new_str(*result, "recorded"));
    return true;
}

static inline void on_leave(void *ctx, const struct node *result)
{
    note(ctx, "leave", "", result);
}

static inline void on_evidence(void *ctx, const struct node *evidence, const char *where)
{
    note(ctx, "evidence", where, evidence);
}

static inline void on_log(void *ctx, const char *message)
{
    note(ctx, "log", message, NULL);
}

static inline void on_delayed(void *ctx, int64_t wait_ms, enum strategy_budget lack, const char *where)
{
    struct engine *e = ctx;
    if (wait_ms > 0) {
        e->lack = lack;
        str_copy(e->delayed_at, sizeof e->delayed_at, where);
    }
    e->delays += wait_ms > 0;
    e->resumptions += wait_ms == 0;
}

static inline void on_ended(void *ctx, enum strategy_end end, const struct err *err)
{
    struct engine *e = ctx;
    e->ended++;
    e->others_at_end = e->others != NULL ? *e->others : 0;
    e->end = end;
    e->err = *err;
}

static const char start[] =
    "local host = require 'host' return { start = function(definition) return definition.run('rollout', host) end }";
static const char steps[] = "return { enter = require('host').enter, spin = function() while true do end end, "
                            "grow = function() local t = {} while true do t[#t + 1] = { t } end end }";
static const char builtin[] = "return { name = 'plain', run = function() end }";
static const struct embedded_module modules[] = {
    {"stdlib.start", start, sizeof start - 1},
    {"stdlib.steps", steps, sizeof steps - 1},
    {"strategies.plain", builtin, sizeof builtin - 1},
};

static inline int setup(void **state)
{
    struct engine *e = mem_new(struct engine);
    e->time = fake_clock_new(1773216907000);
    e->strategist = script_strategist_new(fake_clock_clock(e->time), modules, sizeof modules / sizeof modules[0]);
    buf_init(&e->seen, 64 * 1024);
    *state = e;
    return 0;
}

static inline int teardown(void **state)
{
    struct engine *e = *state;
    if (e->strategy)
        stop(e);
    script_strategist_free(e->strategist);
    fake_clock_free(e->time);
    doc_free(e->pinned);
    buf_fini(&e->seen);
    mem_free(e);
    return 0;
}

static inline bool start_named(struct engine *e, const char *name, struct err *err)
{
    char *module = str_format("strategies.%s", name);
    struct strategy_start order = {.module = module,
                                   .sources = doc_root(e->pinned),
                                   .limits = e->limits,
                                   .label = "podinfo.test",
                                   .seed = 7,
                                   .host = {.ctx = e,
                                            .call = on_call,
                                            .enter = on_enter,
                                            .leave = on_leave,
                                            .evidence = on_evidence,
                                            .log = on_log,
                                            .delayed = on_delayed,
                                            .ended = on_ended}};
    e->strategy = e->strategist->ops->start(e->strategist, &order, err);
    str_free(&module);
    return e->strategy != NULL;
}

static inline bool start_source(struct engine *e, const char *source, struct err *err)
{
    doc_free(e->pinned);
    e->pinned = doc_new();
    struct node *pinned = node_new_object(e->pinned);
    doc_set_root(e->pinned, pinned);
    node_set_str(e->pinned, pinned, "strategies.t", source);
    return start_named(e, "t", err);
}

/* Starts a strategy with this body and lets it run as far as it comes. */
static inline void run(struct engine *e, const char *body)
{
    struct err err;
    char *source = str_format("return { name = 't', run = function(rollout, host)\n%s\nend }", body);
    bool started = start_source(e, source, &err);
    mem_free(source);
    if (!started)
        fail_msg("%s", err.text);
    fake_clock_run(e->time);
}

static inline void answer(struct engine *e, const char *json)
{
    struct err err;
    struct doc *doc = doc_parse(json, strlen(json), &err);
    e->strategist->ops->answer(e->strategy, doc_root(doc));
    doc_free(doc);
    fake_clock_run(e->time);
}

static inline void expect_seen(struct engine *e, const char *wanted)
{
    assert_string_equal(buf_str(&e->seen), wanted);
}

static inline void expect_returned(struct engine *e)
{
    assert_int_equal(e->ended, 1);
    if (e->end != STRATEGY_RETURNED)
        fail_msg("%s", e->err.text);
}
