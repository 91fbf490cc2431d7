/* { kind: hooks, type, phase, event_phase, key }: the post-rollout hooks at the end of a release that C finishes.
 * Their answers are told in events and have no other effect. They are sent again under the same key after a crash. */
#include "base/str.h"
#include "effect/kind.h"
#include "notify/hook_run.h"

static const char *const types[] = {"post-rollout", NULL};

static bool check(const struct place *at, const struct node *effect)
{
    return place_check_word(at, effect, "type", types, "a type of hooks that ends a release") &&
           place_check_text(at, effect, "phase") && place_check_text(at, effect, "event_phase");
}

static void complete(struct context *context, const struct release *release, const struct canary *canary, size_t index,
                     struct doc *doc, struct node *effect)
{
    char *key = str_format("%s/end", release->uid);
    effect_set_key(context, doc, effect, key);
    str_free(&key);
}

static void on_told(void *ctx, const struct err *err)
{
    effect_succeed(ctx);
}

/* An event about a delivery has a key of its own, so that a repetition after a crash is the same event. */
static void tell(struct effect_call *call, const struct node *result, size_t index, announcer_done_fn *done)
{
    const struct node *effect = call->effect;
    const char *name = node_str_or(node_get(result, "name"), "");
    const char *key = node_str(node_get(effect, "key"));
    bool ok = node_bool_or(node_get(result, "ok"), false);
    char *text = ok ? str_format("Post-rollout check %s passed", name)
                    : str_format("Post-rollout hook %s failed %s", name, node_str_or(node_get(result, "error"), ""));
    char *event_key = key != NULL ? str_format("%s/event/%zu/%s", key, index, ok ? "passed" : "failed") : NULL;
    struct announcement announcement = {.type = ok ? "Normal" : "Warning",
                                        .phase = node_str(node_get(effect, "event_phase")),
                                        .text = text,
                                        .key = event_key,
                                        .moment = effect_moment(effect)};
    announcement.moment.index += index;
    announce(call->announcer, &announcement, done, call);
    str_free(&event_key);
    str_free(&text);
}

/* The effect ends when its last event was accepted: a recorded effect must not still be running. Events are sent in
 * order, so waiting for the last one suffices. */
static void on_answered(void *ctx, const struct doc *results)
{
    struct effect_call *call = ctx;
    size_t count = node_count(doc_root(results));
    call->under_way = NULL;
    struct node_iter it = node_iterate(doc_root(results));
    while (node_next(&it)) {
        tell(call, it.value, it.index, it.index == count - 1 ? on_told : NULL);
    }
    if (count == 0) {
        effect_succeed(call);
    }
}

static enum effect_step start(struct effect_call *call, const struct canary *canary, struct kube_write *write,
                              struct err *err)
{
    const struct node *effect = call->effect;
    struct hook_run_options options = {
        .http = call->context->http,
        .clock = call->context->clock,
        .canary = canary,
        .type = node_str_or(node_get(effect, "type"), ""),
        .phase = node_str_or(node_get(effect, "phase"), ""),
        .key_prefix = node_str(node_get(effect, "key")),
    };
    call->under_way = hook_run_start(&options, on_answered, call);
    return EFFECT_STARTED;
}

static void cancel(struct effect_call *call)
{
    if (call->under_way != NULL) {
        hook_run_cancel(call->under_way);
    }
    announcer_disown(call->announcer, call);
}

const struct effect_kind effect_hooks = {
    .name = "hooks",
    .lists = EFFECTS_IN(EFFECTS_OF_ENDING),
    .again = "sent again under the same key",
    .check = check,
    .complete = complete,
    .start = start,
    .cancel = cancel,
};
