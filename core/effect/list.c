/* The last third of effect/effect.h: the effects of a list, one after the other. */
#include <assert.h>

#include "base/mem.h"
#include "effect/kind.h"
#include "effect/writer.h"

enum { CONFLICTS_MAX = 10 };

struct effects {
    struct effect_call call; /* the one under way */
    const struct effect_kind *kind;
    bool started;
    struct doc *list;
    size_t index;
    int conflicts;
    bool begun;
    bool recorded; /* the one under way is on record as begun, by us */
    struct timer turn;
    struct writer *writer;
    void (*record)(void *ctx, const struct node *list);
    effects_done_fn *done;
    void *ctx;
};

static struct effects *of_call(struct effect_call *call)
{
    return (struct effects *)((char *)call - offsetof(struct effects, call));
}

static void effects_free(struct effects *e)
{
    timer_cancel(&e->turn);
    if (e->writer != NULL) {
        writer_cancel(e->writer);
    }
    doc_free(e->list);
    mem_free(e);
}

void effects_cancel(struct effects *e)
{
    if (e->started && e->kind->cancel != NULL) {
        e->kind->cancel(&e->call);
    }
    effects_free(e);
}

static void finish(struct effects *e, const struct err *err)
{
    effects_done_fn *done = e->done;
    void *ctx = e->ctx;
    size_t index = e->index;
    bool begun = e->begun;
    struct err copy = *err;
    effects_free(e);
    done(ctx, index, begun, &copy);
}

static void on_turn(struct timer *timer, void *ctx);

static void next_turn(struct effects *e, int64_t delay_ms)
{
    timer_start(e->call.context->clock, &e->turn, delay_ms, on_turn, e);
}

static void note_written(struct effects *e)
{
    if (e->kind->written != NULL) {
        e->kind->written(&e->call);
    }
}

static bool settle(struct effects *e, const struct err *err)
{
    return e->kind->settle != NULL && e->kind->settle(&e->call, err);
}

static void go_on(struct effects *e)
{
    e->index++;
    e->conflicts = 0;
    e->recorded = false;
    next_turn(e, 0);
}

static void succeed(struct effects *e)
{
    static const struct err none = {0};
    note_written(e);
    settle(e, &none);
    go_on(e);
}

static void on_succeeded(struct effect_call *call)
{
    struct effects *e = of_call(call);
    e->started = false;
    succeed(e);
}

static void on_failed(struct effect_call *call, bool begun, const struct err *err)
{
    struct effects *e = of_call(call);
    e->started = false;
    e->begun = begun;
    finish(e, err);
}

static void on_again(struct effect_call *call, int64_t delay_ms)
{
    struct effects *e = of_call(call);
    e->started = false;
    next_turn(e, delay_ms);
}

static const struct effect_port port = {.succeed = on_succeeded, .fail = on_failed, .again = on_again};

static void on_written(void *ctx, const struct err *err)
{
    struct effects *e = ctx;
    e->writer = NULL;
    /* An effect needs one write. The result is not compared with the wish: a field that the API server does not keep
     * would be written for ever. After a conflict the effect is planned again from the live object. */
    if (err->code == ERR_NONE) {
        succeed(e);
        return;
    }
    note_written(e);
    if (err->code == ERR_CONFLICT && e->conflicts++ < CONFLICTS_MAX) {
        next_turn(e, 0);
    } else if (settle(e, err)) {
        go_on(e);
    } else {
        finish(e, err);
    }
}

/* The list was checked before it went on record, so its kinds are known. */
static void take(struct effects *e, const struct node *effect)
{
    e->call.effect = effect;
    e->kind = effect_kind_find(node_str_or(node_get(effect, "kind"), ""));
}

/* An effect that is done once only is marked as begun, and the mark is on record before it starts. An effect that has
 * the mark from before is not done: it may have been. True: the list goes on later. */
static bool hold_back(struct effects *e, const struct canary *canary)
{
    if (e->kind->once == NULL || e->recorded) {
        return false;
    }
    bool begun = node_bool_or(node_get(e->call.effect, "begun"), false);
    if (begun || !e->kind->once(&e->call, canary)) {
        go_on(e);
        return true;
    }
    assert(e->record != NULL);
    node_set_bool(e->list, node_item(doc_root(e->list), e->index), "begun", true);
    e->record(e->ctx, doc_root(e->list));
    return true;
}

void effects_recorded(struct effects *e)
{
    e->recorded = true;
    next_turn(e, 0);
}

static void on_turn(struct timer *timer, void *ctx)
{
    struct effects *e = ctx;
    struct err err = {0};
    const struct node *effect = node_item(doc_root(e->list), e->index);
    struct canary canary = {0};
    if (effect == NULL || !release_canary(e->call.release, &canary, &err)) {
        canary_fini(&canary);
        finish(e, &err);
        return;
    }
    take(e, effect);
    if (hold_back(e, &canary)) {
        canary_fini(&canary);
        return;
    }
    struct kube_write write = {0};
    e->started = true;
    enum effect_step step = e->kind->start(&e->call, &canary, &write, &err);
    canary_fini(&canary);
    switch (step) {
    case EFFECT_DONE:
        e->started = false;
        succeed(e);
        break;
    case EFFECT_WRITE:
        e->started = false;
        e->writer = writer_start(e->call.context, &write, on_written, e);
        break;
    case EFFECT_STARTED:
        break;
    case EFFECT_FAILED:
        e->started = false;
        finish(e, &err);
        break;
    }
}

struct effects *effects_start(const struct effects_options *options, effects_done_fn *done, void *ctx)
{
    struct effects *e = mem_new(struct effects);
    e->call = (struct effect_call){
        .context = options->context,
        .release = options->release,
        .announcer = options->announcer,
        .redo = options->redo,
        .trusted = options->trusted,
        .port = &port,
    };
    e->list = doc_copy(options->list);
    e->index = options->first;
    e->record = options->record;
    e->done = done;
    e->ctx = ctx;
    next_turn(e, 0);
    return e;
}
