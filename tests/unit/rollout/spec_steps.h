/* Steps of the tests about the spec that a release under way goes by, on the world of actor_world.h. */
#pragma once

#include "actor_world.h"

#define REFUSED "{'spec':{'analysis':{'threshold':1.5}}}"
#define ACCEPTED "{'spec':{'analysis':{'threshold':7}}}"

static inline void expect_threshold(struct world *w, const char *want)
{
    fake_script_call(&w->script, "spec", "{}");
    fake_clock_run(w->fc);
    fake_doc_expect(node_at(doc_root(w->script.answer), "analysis", "threshold"), want);
}

/* The script of a release that the next engine goes on with, up to the act in which it was. */
static inline void replay_to_act(struct world *w)
{
    assert_true(w->script.running);
    assert_true(fake_script_enter(&w->script, "begin"));
    fake_script_enter(&w->script, "shift");
    fake_script_call(&w->script, "act", "[{'kind':'route','primary':50,'canary':50},{'kind':'status','weight':50}]");
    fake_clock_run(w->fc);
}

static inline void replay(struct world *w)
{
    replay_to_act(w);
    fake_script_leave(&w->script, "{'done':true}");
}
