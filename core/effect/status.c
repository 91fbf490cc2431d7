/* The kinds that write the Canary's status. They compare, and write only what differs:
 *
 *   { kind: phase, phase }                                     the phase alone
 *   { kind: status, weight, iterations, failed_checks }        counters, those that are named
 *   { kind: sync, phase, weight, iterations, failed_checks }   all of it, with the revision and the tracked configs
 *
 * When a write of counters is refused, they count in the record of the release (release/counters.h), and go into the
 * status with its next write. A phase is nowhere but in the status, so a list does not go on without it. */
#include "canary/status.h"
#include "base/str.h"
#include "effect/kind.h"
#include "effect/status_write.h"

static const char *phase_of(const struct node *effect)
{
    return node_str_or(node_get(effect, "phase"), "");
}

static bool check_phase(const struct place *at, const struct node *effect)
{
    return phase_is_of_release(phase_of(effect)) ||
           err_set(at->err, ERR_INVALID, "%s.phase: \"%s\" is not a phase of a release", at->text, phase_of(effect));
}

/* One iteration can be taken back before the first (stdlib/shared_words.lua). */
static bool check_counters(const struct place *at, const struct node *effect)
{
    return place_check_int(at, effect, "weight", 0, 100, "a share of 0 to 100 percent") &&
           place_check_int(at, effect, "iterations", -1, INT32_MAX, "a count") &&
           place_check_int(at, effect, "failed_checks", 0, INT32_MAX, "a count");
}

static bool check_sync(const struct place *at, const struct node *effect)
{
    return check_phase(at, effect) && check_counters(at, effect);
}

static bool check_own_sync(const struct place *at, enum effects_of of, const struct node *effect)
{
    const struct node *phase = node_get(effect, "phase");
    return node_is(phase, of == EFFECTS_OF_ENDING ? PHASE_FAILED : PHASE_PROGRESSING) ||
           place_refuse(at, "phase", phase, "the phase of such a list");
}

static enum effect_step start_phase(struct effect_call *call, const struct canary *canary, struct kube_write *write,
                                    struct err *err)
{
    struct context *context = call->context;
    const char *phase = phase_of(call->effect);
    gauges_phase(&context->gauges, canary->names.target, canary->names.namespace, phase);
    return effect_write_status(call, canary, status_set_phase(canary, phase, clock_wall_ms(context->clock)), write);
}

static enum effect_step start_counters(struct effect_call *call, const struct canary *canary, struct kube_write *write,
                                       struct err *err)
{
    struct doc *patch = status_counters(
        canary, effect_int(call->effect, "weight", INT64_MIN), effect_int(call->effect, "iterations", INT64_MIN),
        effect_int(call->effect, "failed_checks", INT64_MIN), clock_wall_ms(call->context->clock));
    return effect_write_status(call, canary, patch, write);
}

static enum effect_step start_sync(struct effect_call *call, const struct canary *canary, struct kube_write *write,
                                   struct err *err)
{
    struct context *context = call->context;
    struct status_sync sync = {
        .phase = phase_of(call->effect),
        .weight = effect_int(call->effect, "weight", 0),
        .iterations = effect_int(call->effect, "iterations", 0),
        .failed_checks = effect_int(call->effect, "failed_checks", 0),
        .revision = call->release->revision,
        .checksums = doc_root(call->release->checksums),
    };
    gauges_phase(&context->gauges, canary->names.target, canary->names.namespace, sync.phase);
    return effect_write_status(call, canary, status_sync(canary, &sync, clock_wall_ms(context->clock)), write);
}

/* A write has taken with it what the record had counted. */
static bool settle(struct effect_call *call, const struct err *err)
{
    if (err->code == ERR_NONE) {
        counters_clear(&call->release->counters);
    } else if (status_write_is_refused(err)) {
        gauges_status_refused(&call->context->gauges, call->release->canary, call->release->namespace);
    }
    return false;
}

static bool settle_counters(struct effect_call *call, const struct err *err)
{
    struct release *release = call->release;
    settle(call, err);
    if (!status_write_is_refused(err)) {
        return false;
    }
    if (counters_are_none(&release->counters)) { /* else told by the first of them */
        char *text = str_format("%s; Release %s counts on in its own record", err->text, release->name);
        announce_text(call->announcer, "Warning", text);
        str_free(&text);
    }
    struct counters ordered = {
        .weight = effect_int(call->effect, "weight", COUNTER_NONE),
        .iterations = effect_int(call->effect, "iterations", COUNTER_NONE),
        .failed_checks = effect_int(call->effect, "failed_checks", COUNTER_NONE),
    };
    counters_take(&release->counters, &ordered);
    return true;
}

static const struct contract_field takes_phase[] = {
    EFFECT_NAMED("phase"),
    {.name = "phase", .type = CONTRACT_STRING},
    {0},
};

const struct effect_kind effect_phase = {
    .name = "phase",
    .lists = EFFECTS_IN(EFFECTS_OF_SCRIPT),
    .takes = takes_phase,
    .again = "compared, only what differs is written",
    .check = check_phase,
    .start = start_phase,
    .settle = settle,
};
static const struct contract_field takes_counters[] = {
    EFFECT_NAMED("status"),
    {.name = "weight", .type = CONTRACT_INTEGER, .optional = true, .min = 0, .max = 100},
    {.name = "iterations", .type = CONTRACT_INTEGER, .optional = true},
    {.name = "failed_checks", .type = CONTRACT_INTEGER, .optional = true},
    {0},
};

const struct effect_kind effect_status = {
    .name = "status",
    .lists = EFFECTS_IN(EFFECTS_OF_SCRIPT),
    .takes = takes_counters,
    .again = "compared, only what differs is written",
    .check = check_counters,
    .start = start_counters,
    .settle = settle_counters,
};
static const struct contract_field takes_sync[] = {
    EFFECT_NAMED("sync"),
    {.name = "phase", .type = CONTRACT_STRING},
    {.name = "weight", .type = CONTRACT_INTEGER, .optional = true, .min = 0, .max = 100},
    {.name = "iterations", .type = CONTRACT_INTEGER, .optional = true},
    {.name = "failed_checks", .type = CONTRACT_INTEGER, .optional = true},
    {0},
};

const struct effect_kind effect_sync = {
    .name = "sync",
    .lists = EFFECTS_IN(EFFECTS_OF_SCRIPT) | EFFECTS_IN(EFFECTS_OF_ENDING) | EFFECTS_IN(EFFECTS_OF_RESTART),
    .takes = takes_sync,
    .again = "compared, only what differs is written",
    .check = check_sync,
    .check_own = check_own_sync,
    .start = start_sync,
    .settle = settle,
};
