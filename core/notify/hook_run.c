#include "notify/hook_run.h"

#include "base/mem.h"
#include "base/str.h"

struct hook_run {
    struct http *http;
    struct clock *clock;
    struct doc *hooks; /* an array of {hook, body} */
    size_t next;
    struct doc *results;
    char *key_prefix;
    bool stop_at_success;
    struct hook_call *call;
    struct timer turn;
    hook_run_done_fn *done;
    void *ctx;
};

static void run_free(struct hook_run *run)
{
    timer_cancel(&run->turn);
    if (run->call != NULL) {
        hook_cancel(run->call);
    }
    doc_free(run->hooks);
    doc_free(run->results);
    str_free(&run->key_prefix);
    mem_free(run);
}

static void finish(struct hook_run *run)
{
    hook_run_done_fn *done = run->done;
    void *ctx = run->ctx;
    struct doc *results = run->results;
    run->results = NULL;
    run_free(run);
    done(ctx, results);
    doc_free(results);
}

static void call_next(struct hook_run *run);

static const struct node *current_hook(const struct hook_run *run)
{
    return node_get(node_item(doc_root(run->hooks), run->next - 1), "hook");
}

static void on_hook(void *ctx, const struct hook_outcome *outcome)
{
    struct hook_run *run = ctx;
    run->call = NULL;
    const struct node *hook = current_hook(run);
    struct node *result = node_new_object(run->results);
    node_set_str(run->results, result, "name", node_str_or(node_get(hook, "name"), ""));
    node_set_bool(run->results, result, "ok", outcome->error == NULL);
    node_set_str(run->results, result, "error", outcome->error);
    hook_tell(run->results, result, outcome);
    node_set_bool(run->results, result, "mute", node_bool_or(node_get(hook, "muteAlert"), false));
    node_push(doc_root(run->results), result);
    bool passed = outcome->error == NULL;
    if (passed == run->stop_at_success) {
        finish(run);
    } else {
        call_next(run);
    }
}

/* Hooks may share a name, but their keys must differ: to a receiver one key is one delivery. */
static char *key_of(const struct hook_run *run, const char *name)
{
    size_t nth = 0;
    for (size_t i = 0; i < run->next; i++) {
        nth += node_is(node_at(node_item(doc_root(run->hooks), i), "hook", "name"), name);
    }
    if (run->key_prefix == NULL) {
        return NULL;
    }
    return nth > 1 ? str_format("%s/%s/%zu", run->key_prefix, name, nth) : str_format("%s/%s", run->key_prefix, name);
}

static void call_next(struct hook_run *run)
{
    const struct node *item = node_item(doc_root(run->hooks), run->next);
    if (item == NULL) {
        finish(run);
        return;
    }
    run->next++;
    const struct node *hook = node_get(item, "hook");
    char *key = key_of(run, node_str_or(node_get(hook, "name"), ""));
    struct hook_options options = {.http = run->http,
                                   .clock = run->clock,
                                   .hook = hook,
                                   .body = node_str_or(node_get(item, "body"), ""),
                                   .key = key};
    run->call = hook_start(&options, on_hook, run);
    str_free(&key);
}

static void on_turn(struct timer *timer, void *ctx)
{
    call_next(ctx);
}

static struct doc *new_array(void)
{
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_array(doc));
    return doc;
}

struct hook_run *hook_run_start(const struct hook_run_options *options, hook_run_done_fn *done, void *ctx)
{
    struct hook_run *run = mem_new(struct hook_run);
    run->http = options->http;
    run->clock = options->clock;
    run->hooks = new_array();
    run->results = new_array();
    run->key_prefix = str_dup(options->key_prefix);
    run->stop_at_success = options->stop_at_success;
    run->done = done;
    run->ctx = ctx;
    struct node_iter it = node_iterate(node_get(options->canary->analysis, "webhooks"));
    while (node_next(&it)) {
        if (hook_is_type(it.value, options->type)) {
            char *body = hook_payload(options->canary, it.value, options->phase);
            struct node *item = node_new_object(run->hooks);
            node_set(run->hooks, item, "hook", node_copy(run->hooks, it.value));
            node_set_str(run->hooks, item, "body", body);
            node_push(doc_root(run->hooks), item);
            str_free(&body);
        }
    }
    timer_start(run->clock, &run->turn, 0, on_turn, run);
    return run;
}

void hook_run_cancel(struct hook_run *run)
{
    run_free(run);
}

bool hook_run_is_needed(const struct canary *canary, const char *type)
{
    struct node_iter it = node_iterate(node_get(canary->analysis, "webhooks"));
    while (node_next(&it)) {
        if (hook_is_type(it.value, type)) {
            return true;
        }
    }
    return false;
}
