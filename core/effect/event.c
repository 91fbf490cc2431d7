/* { kind: event, type, message, phase, key }: a message to people, sent again under the same key after a crash. */
#include <inttypes.h>

#include "base/str.h"
#include "effect/kind.h"

static const char *const types[] = {"Normal", "Warning", NULL};

static bool check(const struct place *at, const struct node *effect)
{
    if (node_str(node_get(effect, "message")) == NULL) {
        return err_set(at->err, ERR_INVALID, "%s.message is missing", at->text);
    }
    return (node_get(effect, "type") == NULL || place_check_word(at, effect, "type", types, "Normal or Warning")) &&
           place_check_text(at, effect, "phase");
}

static void complete(struct context *context, const struct release *release, const struct canary *canary, size_t index,
                     struct doc *doc, struct node *effect)
{
    char *key = str_format("%s/%" PRId64 "/%" PRId64 "/%zu", release->uid, release->epoch, release->serial, index);
    effect_set_key(context, doc, effect, key);
    str_free(&key);
}

/* An event that the API server does not take is logged by the announcer; it must not stop a release. */
static void on_announced(void *ctx, const struct err *err)
{
    effect_succeed(ctx);
}

static enum effect_step start(struct effect_call *call, const struct canary *canary, struct kube_write *write,
                              struct err *err)
{
    const struct node *effect = call->effect;
    struct announcement announcement = {.type = node_str_or(node_get(effect, "type"), "Normal"),
                                        .phase = node_str(node_get(effect, "phase")),
                                        .text = node_str_or(node_get(effect, "message"), ""),
                                        .key = node_str(node_get(effect, "key")),
                                        .moment = effect_moment(effect)};
    announce(call->announcer, &announcement, on_announced, call);
    return EFFECT_STARTED;
}

static void cancel(struct effect_call *call)
{
    announcer_disown(call->announcer, call);
}

static const struct contract_field takes[] = {
    EFFECT_NAMED("event"),
    {.name = "type", .type = CONTRACT_STRING, .words = types, .optional = true},
    {.name = "message", .type = CONTRACT_STRING},
    {.name = "phase", .type = CONTRACT_STRING, .optional = true},
    {0},
};

const struct effect_kind effect_event = {
    .name = "event",
    .lists = EFFECTS_IN(EFFECTS_OF_SCRIPT) | EFFECTS_IN(EFFECTS_OF_ENDING) | EFFECTS_IN(EFFECTS_OF_RESTART),
    .takes = takes,
    .again = "sent again under the same key",
    .check = check,
    .complete = complete,
    .start = start,
    .cancel = cancel,
};
