/* A run of Release podinfo-1 whose script is the test, for test_run.c and its like. */
#pragma once

#include "fake_context.h"
#include "fake_strategist.h"
#include "rollout/run.h"

struct world {
    struct fake_context f;
    struct fake_strategist script;
    struct waiting waiting;
    struct run *run;
    int ended, settled, woken;
    enum run_end how;
};

static inline void on_ended(void *ctx, enum run_end end)
{
    struct world *w = ctx;
    w->ended++;
    w->how = end;
}

static inline void on_settled(void *ctx)
{
    struct world *w = ctx;
    w->settled++;
}

static inline void on_waiting(void *ctx)
{
    ((struct world *)ctx)->woken++;
}

static inline void begin(struct world *w, struct release *release)
{
    static const struct run_events events = {.ended = on_ended, .settled = on_settled};
    w->run = run_start(&w->f.context, w->f.announcer, &w->waiting, release, &events, w);
    run_freeze(w->run, false);       /* nobody edits its Canary */
    assert_false(w->script.running); /* not before the claim */
    fake_clock_run(w->f.fc);
}

static inline void open_world(struct world *w)
{
    *w = (struct world){0};
    fake_context_open(&w->f);
    fake_strategist_init(&w->script);
    w->f.context.strategist = &w->script.base;
    waiting_init(&w->waiting, &w->f.context.notify, w->f.announcer, "test", "podinfo", on_waiting, w);
}

static inline void close_world(struct world *w)
{
    run_free(w->run);
    waiting_fini(&w->waiting);
    fake_strategist_fini(&w->script);
    fake_context_close(&w->f);
}

static inline void open_run(struct world *w, const char *spec, const char *status)
{
    open_world(w);
    begin(w, fake_context_release_of(&w->f, spec, status));
}

static inline void expect_state(struct world *w, const char *state)
{
    assert_string_equal(node_str(node_at(fake_api_find(w->f.api, RELEASE), "status", "state")), state);
}
