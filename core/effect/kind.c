/* What the kinds of effects share. */
#include "effect/kind.h"

#include "canary/status.h"
#include "effect/status_write.h"

void effect_succeed(struct effect_call *call)
{
    call->port->succeed(call);
}

void effect_fail(struct effect_call *call, bool begun, const struct err *err)
{
    call->port->fail(call, begun, err);
}

void effect_again(struct effect_call *call, int64_t delay_ms)
{
    call->port->again(call, delay_ms);
}

enum effect_step effect_step_of(enum plan plan)
{
    return plan == PLAN_DONE ? EFFECT_DONE : plan == PLAN_WRITE ? EFFECT_WRITE : EFFECT_FAILED;
}

/* So that whoever asks for something of a Canary knows which release it is about (canary/request.h). */
static void name_release(const struct effect_call *call, const struct canary *canary, struct doc *patch)
{
    if (!node_is(node_get(canary->status, "release"), call->release->name)) {
        node_set_str(patch, node_get(doc_root(patch), "status"), "release", call->release->name);
    }
}

enum effect_step effect_write_status(struct effect_call *call, const struct canary *canary, struct doc *patch,
                                     struct kube_write *write)
{
    counters_complete(&call->release->counters, patch);
    if (status_is_same(canary, patch)) {
        doc_free(patch);
        return EFFECT_DONE;
    }
    name_release(call, canary, patch);
    status_plan_write(call->context, canary, patch, write);
    return EFFECT_WRITE;
}

void effect_set_key(struct context *context, struct doc *doc, struct node *effect, const char *key)
{
    struct event_moment moment = event_moment_next(context->notify.recorder);
    node_set_str(doc, effect, "key", key);
    node_set_int(doc, effect, "key_ms", moment.ms);
    node_set_int(doc, effect, "key_index", (int64_t)moment.index);
}

struct event_moment effect_moment(const struct node *effect)
{
    return (struct event_moment){effect_int(effect, "key_ms", 0), (size_t)effect_int(effect, "key_index", 0)};
}

int64_t effect_int(const struct node *effect, const char *key, int64_t fallback)
{
    return node_int_or(node_get(effect, key), fallback);
}
