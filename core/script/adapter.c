#include "script/adapter.h"

#include <assert.h>
#include <lauxlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "script/adapter_inner.h"
#include "script/chunks.h"

/* --- a question, and those who wait for its answer --- */

struct waiter {
    struct adapter_call base;
    struct question *question;
    struct waiter *next;
    adapter_done_fn *done;
    void *ctx;
};

struct question {
    struct scripted_adapters *all;
    struct question *next;
    struct waiter *waiters;
    bool is_answered; /* they are being told */
    char *name;
    struct doc *guest; /* {sources, urls}; NULL: it is none */
    struct doc *ask, *keep;
    struct adapter_request request;
    int steps;
    struct timer turn;
};

static void leave_list(struct question *question)
{
    struct question **place = &question->all->questions;
    while (*place != NULL && *place != question) {
        place = &(*place)->next;
    }
    if (*place != NULL) {
        *place = question->next;
    }
}

static void question_free(struct question *question)
{
    struct scripted_adapters *all = question->all;
    leave_list(question);
    timer_cancel(&question->turn);
    adapter_request_cancel(&question->request);
    doc_free(question->guest);
    doc_free(question->ask);
    doc_free(question->keep);
    str_free(&question->name);
    mem_free(question);
    if (--all->under_way == 0) {
        adapter_vm_close(&all->shared);
        chunks_clear(all->modules.chunks);
    }
}

/* Tells everybody. From here on the same question is a new one, and whoever is told may cancel the others. */
static void finish(struct question *question, const struct node *answer, const struct err *err)
{
    leave_list(question);
    question->is_answered = true;
    struct doc *kept = answer != NULL ? doc_copy(answer) : NULL;
    while (question->waiters != NULL) {
        struct waiter waiter = *question->waiters;
        mem_free(question->waiters);
        question->waiters = waiter.next;
        waiter.done(waiter.ctx, doc_root(kept), err);
    }
    doc_free(kept);
    question_free(question);
}

static void fail(struct question *question, const struct err *err)
{
    finish(question, NULL, err);
}

static void on_response(void *ctx, const struct adapter_response *response);

static void send_request(struct timer *timer, void *ctx)
{
    struct question *question = ctx;
    adapter_request_send(&question->request, question->all, on_response, question);
}

static const struct node *of_guest(const struct question *question, const char *field)
{
    return node_get(doc_root(question->guest), field);
}

/* A step has said what comes next: a request, or the answer. */
static void take_step(struct question *question, const struct node *said)
{
    struct err err = {0};
    const struct node *order = node_get(said, "request");
    if (order == NULL) {
        finish(question, said, &err);
        return;
    }
    if (++question->steps > ADAPTER_STEPS_MAX) {
        err_set(&err, ERR_LIMIT, "%s: more than %d requests for one question", question->name, ADAPTER_STEPS_MAX);
        fail(question, &err);
        return;
    }
    bool is_own = question->guest != NULL || adapter_is_own(question->all, question->name);
    if (node_get(order, "kube") != NULL && is_own) {
        err_set(&err, ERR_INVALID, "%s: request.kube: only the engine's own adapters may ask the API server",
                question->name);
        fail(question, &err);
        return;
    }
    doc_free(question->keep);
    question->keep = node_get(said, "keep") != NULL ? doc_copy(node_get(said, "keep")) : NULL;
    int64_t wait_ms;
    if (!adapter_request_read(&question->request, order, of_guest(question, "urls"), &wait_ms, &err)) {
        err_wrap(&err, "%s", question->name);
        fail(question, &err);
        return;
    }
    timer_start(question->all->options.clock, &question->turn, wait_ms, send_request, question);
}

static void run_step(struct question *question, const struct adapter_response *response)
{
    struct err err = {0};
    struct adapter_step step = {.name = question->name,
                                .sources = of_guest(question, "sources"),
                                .ask = doc_root(question->ask),
                                .keep = doc_root(question->keep),
                                .response = response};
    struct doc *said = adapter_vm_run(question->all, &step, &err);
    if (said == NULL) {
        fail(question, &err);
    } else {
        take_step(question, doc_root(said));
    }
    doc_free(said);
}

static void on_response(void *ctx, const struct adapter_response *response)
{
    run_step(ctx, response);
}

static void begin(struct timer *timer, void *ctx)
{
    run_step(ctx, NULL);
}

/* --- the port --- */

static bool have(const struct adapters *adapters, const char *name)
{
    const struct scripted_adapters *all = (const struct scripted_adapters *)adapters;
    char *module = str_format("adapters.%s", name);
    size_t len;
    bool found = module_find(&all->modules, module, &len) != NULL;
    str_free(&module);
    return found;
}

/* The same question to the same server at the same moment, of several Canaries: it is asked once. */
static struct question *find_equal(struct scripted_adapters *all, const char *name, const struct doc *guest,
                                   const struct node *ask)
{
    struct question *question = all->questions;
    while (question != NULL && !(str_equal(question->name, name) && node_equal(doc_root(question->ask), ask) &&
                                 node_equal(doc_root(question->guest), doc_root(guest)))) {
        question = question->next;
    }
    return question;
}

/* Takes name and guest. */
static struct question *new_question(struct scripted_adapters *all, char *name, struct doc *guest,
                                     const struct node *ask)
{
    struct question *question = mem_new(struct question);
    question->all = all;
    all->under_way++;
    question->name = name;
    question->guest = guest;
    question->ask = doc_copy(ask);
    question->next = all->questions;
    all->questions = question;
    timer_start(all->options.clock, &question->turn, 0, begin, question);
    return question;
}

/* Takes name and guest. */
static struct adapter_call *wait_for_answer(struct scripted_adapters *all, char *name, struct doc *guest,
                                            const struct node *ask, adapter_done_fn *done, void *ctx)
{
    struct waiter *waiter = mem_new(struct waiter);
    waiter->question = find_equal(all, name, guest, ask);
    if (waiter->question == NULL) {
        waiter->question = new_question(all, name, guest, ask);
    } else {
        str_free(&name);
        doc_free(guest);
    }
    waiter->base.adapters = &all->base;
    waiter->done = done;
    waiter->ctx = ctx;
    struct waiter **end = &waiter->question->waiters;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = waiter;
    return &waiter->base;
}

static struct adapter_call *start(struct adapters *adapters, const char *name, const struct node *ask,
                                  adapter_done_fn *done, void *ctx)
{
    struct scripted_adapters *all = (struct scripted_adapters *)adapters;
    return wait_for_answer(all, str_format("adapters.%s", name), NULL, ask, done, ctx);
}

static struct adapter_call *start_guest(struct adapters *adapters, const struct adapter_guest *guest,
                                        const struct node *ask, adapter_done_fn *done, void *ctx)
{
    struct scripted_adapters *all = (struct scripted_adapters *)adapters;
    struct doc *copy = doc_new();
    doc_set_root(copy, node_new_object(copy));
    node_set(copy, doc_root(copy), "sources", node_copy(copy, guest->sources));
    node_set(copy, doc_root(copy), "urls", guest->urls != NULL ? node_copy(copy, guest->urls) : node_new_array(copy));
    return wait_for_answer(all, str_dup(guest->module), copy, ask, done, ctx);
}

static void cancel(struct adapter_call *call)
{
    struct waiter *waiter = (struct waiter *)call;
    struct question *question = waiter->question;
    struct waiter **place = &question->waiters;
    while (*place != waiter) {
        place = &(*place)->next;
    }
    *place = waiter->next;
    mem_free(waiter);
    if (question->waiters == NULL && !question->is_answered) {
        question_free(question);
    }
}

/* --- a team's own --- */

static bool is_bundled(const struct scripted_adapters *all, const char *module)
{
    struct module_set bundled = all->modules;
    size_t len;
    bundled.pinned = NULL;
    return module_find(&bundled, module, &len) != NULL;
}

/* One that has the name of an adapter of the engine's stays out: nobody may take its place. */
static void set_own(struct adapters *adapters, const struct node *texts)
{
    struct scripted_adapters *all = (struct scripted_adapters *)adapters;
    struct doc *own = doc_new();
    doc_set_root(own, node_new_object(own));
    struct node_iter it = node_iterate(texts);
    while (node_next(&it)) {
        char *module = str_format("adapters.%s", it.key);
        if (!is_bundled(all, module)) {
            node_set(own, doc_root(own), module, node_copy(own, it.value));
        }
        str_free(&module);
    }
    doc_free(all->own);
    all->own = own;
    all->modules.pinned = doc_root(own);
}

static bool load(struct adapters *adapters, const char *name, struct err *err)
{
    struct scripted_adapters *all = (struct scripted_adapters *)adapters;
    char *module = str_format("adapters.%s", name);
    bool ok = is_bundled(all, module) ? err_set(err, ERR_CONFLICT, "the engine brings an adapter of this name")
                                      : adapter_vm_load(all, module, NULL, err);
    str_free(&module);
    return ok;
}

static bool load_guest(struct adapters *adapters, const struct adapter_guest *guest, struct err *err)
{
    return adapter_vm_load((struct scripted_adapters *)adapters, guest->module, guest->sources, err);
}

static const struct adapters_ops ops = {.have = have,
                                        .start = start,
                                        .cancel = cancel,
                                        .set_own = set_own,
                                        .load = load,
                                        .start_guest = start_guest,
                                        .load_guest = load_guest};

struct adapters *script_adapters_new(const struct adapters_options *options)
{
    struct scripted_adapters *all = mem_new(struct scripted_adapters);
    all->base.ops = &ops;
    all->options = *options;
    all->limits = SCRIPT_LIMITS_DEFAULT;
    all->limits.memory_max = ADAPTER_MEMORY_MAX;
    if (options->measured) {
        all->limits.cpu = SCRIPT_CPU_MEASURED;
    }
    budget_init(&all->budget, options->clock, &all->limits.budget, NULL);
    all->modules = (struct module_set){.embedded = options->modules,
                                       .embedded_count = options->module_count,
                                       .chunks = options->shares ? chunks_shared() : chunks_new()};
    return &all->base;
}

void script_adapters_free(struct adapters *adapters)
{
    struct scripted_adapters *all = (struct scripted_adapters *)adapters;
    if (all == NULL) {
        return;
    }
    assert(all->under_way == 0);
    adapter_vm_close(&all->shared);
    doc_free(all->own);
    budget_fini(&all->budget);
    chunks_free(all->modules.chunks);
    mem_free(all);
}
