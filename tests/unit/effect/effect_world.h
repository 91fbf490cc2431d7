/* A list of effects on a context: started, watched, done again after a crash. */
#pragma once

#include "effect/effect.h"
#include "fake_context.h"

struct world {
    struct fake_context f;
    struct release *release;
    struct effects *effects;
    int done;
    size_t failed;
    bool begun;
    struct err err;
};

static inline void open_world(struct world *w)
{
    *w = (struct world){0};
    fake_context_open(&w->f);
    w->release =
        fake_context_release(&w->f, "{'epoch':2,'serial':7,'state':'Running','revision':'pinned','pinned':true}");
}

static inline void close_world(struct world *w)
{
    if (w->effects != NULL) {
        effects_cancel(w->effects);
    }
    release_free(w->release);
    fake_context_close(&w->f);
}

static inline void on_done(void *ctx, size_t failed, bool begun, const struct err *err)
{
    struct world *w = ctx;
    w->effects = NULL;
    w->done++;
    w->failed = failed;
    w->begun = begun;
    w->err = *err;
}

/* Starts a list as it stands on record: again after a crash (`redo`), or as the engine's own ending (`trusted`). */
static inline void start(struct world *w, const char *list, bool redo, bool trusted)
{
    struct doc *doc = fake_doc(list);
    struct effects_options options = {.context = &w->f.context,
                                      .release = w->release,
                                      .announcer = w->f.announcer,
                                      .list = doc_root(doc),
                                      .redo = redo,
                                      .trusted = trusted};
    w->done = 0;
    w->effects = effects_start(&options, on_done, w);
    doc_free(doc);
    assert_int_equal(w->done, 0);
}

static inline void finish(struct world *w)
{
    fake_clock_run(w->f.fc);
    assert_int_equal(w->done, 1);
}

static inline void expect_ok(struct world *w)
{
    finish(w);
    assert_string_equal(w->err.text, "");
    assert_int_equal(w->err.code, ERR_NONE);
}

static inline void expect_failure(struct world *w, size_t failed, const char *text)
{
    finish(w);
    assert_string_equal(w->err.text, text);
    assert_int_equal(w->failed, failed);
}

static inline size_t writes(struct world *w)
{
    return fake_http_count(w->f.fh, "PATCH", NULL) + fake_http_count(w->f.fh, "POST", NULL) +
           fake_http_count(w->f.fh, "PUT", NULL) + fake_http_count(w->f.fh, "DELETE", NULL);
}

static inline void do_list(struct world *w, const char *list)
{
    start(w, list, false, false);
    expect_ok(w);
}

/* The same list again after a crash, and how many writes that took. */
static inline size_t redo(struct world *w, const char *list)
{
    size_t before = writes(w);
    start(w, list, true, false);
    expect_ok(w);
    return writes(w) - before;
}

static inline void expect_routes(struct world *w, const char *want)
{
    fake_context_expect(&w->f, ROUTES, want, "spec", "http");
}
