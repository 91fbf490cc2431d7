#include "rollout/operation.h"

#include <math.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "effect/ending.h"
#include "notify/hook_run.h"
#include "prom/query.h"
#include "workload/deployment.h"
#include "workload/tracked_config.h"

static struct doc *new_object_doc(void)
{
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_object(doc));
    return doc;
}

static const char *arg_str(const struct run *run, const char *key)
{
    return node_str_or(node_get(doc_root(run->args), key), "");
}

static struct doc *error_answer(const char *text)
{
    struct doc *doc = new_object_doc();
    node_set_str(doc, doc_root(doc), "error", text);
    return doc;
}

/* --- facts, spec --- */

static void set_routes(struct run *run, const struct canary *canary, struct doc *doc, struct node *facts)
{
    const struct router *router = &run->context->router;
    struct routes live;
    struct err err = {0};
    if (!router->ops->get_routes(router, &canary->names, canary->root, &live, &err)) {
        node_set_str(doc, facts, "route_error", err.text);
        return;
    }
    gauges_weights(&run->context->gauges, canary->names.target, canary->names.namespace, live.primary_pct,
                   live.canary_pct);
    struct node *route = node_ensure_object(doc, facts, "route");
    node_set_int(doc, route, "primary", live.primary_pct);
    node_set_int(doc, route, "canary", live.canary_pct);
    node_set_bool(doc, route, "mirrored", live.mirrored);
}

static struct doc *facts_of(struct run *run, const struct canary *canary)
{
    struct doc *doc = new_object_doc();
    struct node *facts = doc_root(doc);
    node_set_int(doc, facts, "now", clock_wall_ms(run->context->clock));
    node_set_str(doc, facts, "name", canary->names.name);
    node_set_str(doc, facts, "namespace", canary->names.namespace);
    node_set_str(doc, facts, "target", canary->names.target);
    node_set_str(doc, facts, "target_kind", canary->names.target_kind);
    node_set_str(doc, facts, "service", canary->names.apex);
    node_set_str(doc, facts, "provider", canary->provider);
    node_set_str(doc, facts, "phase", canary->phase);
    node_set_int(doc, facts, "failed_checks", canary->failed_checks);
    node_set_int(doc, facts, "iterations", canary->iterations);
    node_set_int(doc, facts, "weight", canary->weight);
    node_set_bool(doc, facts, "restarted", run->release->origin != RELEASE_FROM_REST);
    node_set_int(doc, facts, "interval_ms", canary->interval_ms);
    node_set_int(doc, facts, "generation", node_int_or(node_at(canary->root, "metadata", "generation"), 0));
    set_routes(run, canary, doc, facts);
    return doc;
}

/* A refused or missing Canary freezes or drops the run (rollout/actor.c), so what is read here is always there. */
static bool start_facts(struct run *run, struct doc **answer)
{
    struct canary canary;
    run_canary(run, &canary);
    *answer = facts_of(run, &canary);
    canary_fini(&canary);
    return true;
}

/* What a script decides by and no more, for it stays on record while the word that asked goes on: hooks and alerts, the bulk of many a Canary, are C's. */
static struct doc *spec_of(const struct canary *canary)
{
    static const char *const deciding[] = {"skipAnalysis", "autoscalerRef", "ingressRef", "routeRef", "analysis"};
    struct doc *doc = new_object_doc();
    for (size_t i = 0; i < sizeof deciding / sizeof deciding[0]; i++) {
        const struct node *field = node_get(canary->spec, deciding[i]);
        if (field != NULL) {
            node_set(doc, doc_root(doc), deciding[i], node_copy(doc, field));
        }
    }
    struct node *analysis = node_get(doc_root(doc), "analysis");
    node_remove(analysis, "webhooks");
    node_remove(analysis, "alerts");
    return doc;
}

static bool start_spec(struct run *run, struct doc **answer)
{
    struct canary canary;
    run_canary(run, &canary);
    *answer = spec_of(&canary);
    canary_fini(&canary);
    return true;
}

/* --- tick --- */

static struct doc *now_answer(struct run *run)
{
    struct doc *doc = new_object_doc();
    node_set_int(doc, doc_root(doc), "now", clock_wall_ms(run->context->clock));
    return doc;
}

static void on_due(struct timer *timer, void *ctx)
{
    struct run *run = ctx;
    if (!run->blocked) {
        run_answer(run, now_answer(run));
    }
}

/* Also called when the Canary changes (another interval moves the due time) and when nothing blocks the run any more. */
static void arm_tick(struct run *run)
{
    struct canary canary;
    if (run_canary(run, &canary)) {
        int64_t waited_ms = clock_mono_ms(run->context->clock) - run->tick_began_ms;
        timer_start(run->context->clock, &run->timer, canary.interval_ms - waited_ms, on_due, run);
    }
    canary_fini(&canary);
}

/* The record has wall time; the wait itself is monotonic, so that a wall clock set back holds no round up. */
static int64_t tick_began(const struct run *run)
{
    int64_t now = clock_wall_ms(run->context->clock);
    int64_t waited_ms = now - node_int_or(node_get(doc_root(run->args), "since"), now);
    return clock_mono_ms(run->context->clock) - (waited_ms > 0 ? waited_ms : 0);
}

static void observe_round(struct run *run)
{
    struct canary canary = {0};
    if (run->round_started_ms != 0 && run_canary(run, &canary)) {
        double seconds = (double)(clock_wall_ms(run->context->clock) - run->round_started_ms) / 1000;
        gauges_duration(&run->context->gauges, canary.names.target, canary.names.namespace, seconds);
    }
    canary_fini(&canary);
    run->round_started_ms = 0;
}

static bool start_tick(struct run *run, struct doc **answer)
{
    if (journal_is_replaying(run->release->journal)) {
        *answer = now_answer(run);
        return true;
    }
    observe_round(run);
    run->tick_began_ms = tick_began(run);
    arm_tick(run);
    return false;
}

/* --- ready --- */

static struct doc *ready_answer(const char *error)
{
    struct doc *doc = error != NULL ? error_answer(error) : new_object_doc();
    node_set_bool(doc, doc_root(doc), "ready", error == NULL);
    return doc;
}

static char *not_ready_text(const struct canary *canary, bool primary, const char *why)
{
    const struct canary_names *names = &canary->names;
    return primary ? str_format("%s.%s not ready: %s", names->target_primary, names->namespace, why)
                   : str_format("canary deployment %s.%s not ready: %s", names->target, names->namespace, why);
}

static void on_deadline(struct timer *timer, void *ctx);

/* READY and NEVER_READY make an answer; otherwise what is missing is reported and the clock armed for the deadline. */
static struct doc *check_ready(struct run *run)
{
    struct canary canary;
    if (!run_canary(run, &canary)) {
        canary_fini(&canary);
        return NULL; /* the actor has not looked yet; it freezes or drops the run */
    }
    bool primary = strcmp(arg_str(run, "side"), "primary") == 0;
    struct doc *deployment = store_find(context_store(run->context, &KUBE_DEPLOYMENTS), canary.names.namespace,
                                        primary ? canary.names.target_primary : canary.names.target);
    struct err err = {0};
    int64_t now = clock_wall_ms(run->context->clock);
    enum readiness readiness =
        deployment_readiness(doc_root(deployment), canary.progress_deadline_s,
                             primary ? canary.primary_ready_pct : canary.canary_ready_pct, now, &err);
    struct doc *answer = NULL;
    if (readiness == READY) {
        answer = ready_answer(NULL);
        trouble_clear(&run->trouble);
        waiting_end(run->waiting, WAIT_PODS);
    } else {
        char *text = not_ready_text(&canary, primary, err.text);
        if (readiness == NEVER_READY) {
            trouble_tell(&run->trouble, text);
            answer = ready_answer(text);
        } else {
            trouble_tell_wait(&run->trouble, text, canary.interval_ms);
            run_wait(run, WAIT_PODS, text);
            int64_t deadline = deployment_deadline_wall_ms(doc_root(deployment), canary.progress_deadline_s);
            if (deadline >= 0) {
                timer_start_at_wall(run->context->clock, &run->timer, deadline + 1, on_deadline, run);
            }
        }
        str_free(&text);
    }
    doc_free(deployment);
    canary_fini(&canary);
    return answer;
}

static void poke_ready(struct run *run)
{
    struct doc *answer = check_ready(run);
    if (answer != NULL) {
        run_answer(run, answer);
    }
}

static void on_deadline(struct timer *timer, void *ctx)
{
    struct run *run = ctx;
    if (!run->frozen) {
        poke_ready(run);
    }
}

static bool start_ready(struct run *run, struct doc **answer)
{
    *answer = check_ready(run);
    return *answer != NULL;
}

/* --- query --- */

/* JSON has no infinity: only its sign is on record. */
static void set_value(struct doc *doc, struct node *answer, double value)
{
    if (isinf(value)) {
        node_set_int(doc, answer, "infinite", value > 0 ? 1 : -1);
    } else {
        node_set(doc, answer, "value", node_new_real(doc, value));
    }
}

static void on_query(void *ctx, const struct prom_answer *result)
{
    struct run *run = ctx;
    run->query = NULL;
    struct doc *doc = new_object_doc();
    struct node *answer = doc_root(doc);
    switch (result->kind) {
    case PROM_SEVERAL:
        node_set_int(doc, answer, "several", (int64_t)result->series_count);
        set_value(doc, answer, result->value);
        break;
    case PROM_VALUE:
        set_value(doc, answer, result->value);
        break;
    case PROM_NOTHING:
    case PROM_NAN:
        node_set_bool(doc, answer, "none", true);
        node_set_str(doc, answer, "error", "no values found");
        break;
    case PROM_ERROR:
        node_set_str(doc, answer, "error", result->err.text);
        break;
    }
    run_answer(run, doc);
}

static bool start_query(struct run *run, struct doc **answer)
{
    struct canary canary;
    run_canary(run, &canary);
    const char *server = arg_str(run, "server");
    run->query = prom_query_start(run->context->http, server[0] != '\0' ? server : canary.metrics_server,
                                  arg_str(run, "query"), on_query, run);
    canary_fini(&canary);
    return false;
}

/* --- hooks --- */

static bool is_question(const char *type)
{
    static const char *const questions[] = {"confirm-rollout", "confirm-traffic-increase", "confirm-promotion",
                                            "rollback"};
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        if (strcmp(type, questions[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void on_hooks(void *ctx, const struct doc *results)
{
    struct run *run = ctx;
    run->hooks = NULL;
    run_answer(run, doc_copy(doc_root(results)));
}

static void send_hooks(struct run *run)
{
    struct canary canary;
    run_canary(run, &canary);
    char *prefix = str_format("%s/%lld/%s", run->release->uid, (long long)journal_words(run->release->journal),
                              arg_str(run, "type"));
    struct hook_run_options options = {
        .http = run->context->http,
        .clock = run->context->clock,
        .canary = &canary,
        .type = arg_str(run, "type"),
        .phase = arg_str(run, "phase"),
        .stop_at_success = strcmp(arg_str(run, "stop"), "success") == 0,
        .key_prefix = prefix,
    };
    run->hooks = hook_run_start(&options, on_hooks, run);
    str_free(&prefix);
    canary_fini(&canary);
}

static bool start_hooks(struct run *run, struct doc **answer)
{
    struct canary canary;
    run_canary(run, &canary);
    bool needed = hook_run_is_needed(&canary, arg_str(run, "type"));
    canary_fini(&canary);
    if (!needed) {
        *answer = doc_new();
        doc_set_root(*answer, node_new_array(*answer));
        return true;
    }
    if (run->intent != NULL || is_question(arg_str(run, "type"))) {
        send_hooks(run);
        return false;
    }
    journal_intend(run->release->journal, doc_root(run->args));
    run_flush(run, send_hooks);
    return false;
}

/* --- act --- */

static struct doc *act_answer(size_t failed, bool begun, const struct err *err)
{
    bool ok = err->code == ERR_NONE;
    struct doc *doc = ok ? new_object_doc() : error_answer(err->text);
    node_set_bool(doc, doc_root(doc), "ok", ok);
    if (!ok) {
        node_set_int(doc, doc_root(doc), "failed", (int64_t)failed + 1);
    }
    if (begun) {
        node_set_bool(doc, doc_root(doc), "begun", true);
    }
    return doc;
}

/* Not only told: what could not be done is told by an order of its own. */
static bool changes_something(const struct node *list)
{
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        if (!node_is(node_get(it.value, "kind"), "event") && !node_is(node_get(it.value, "kind"), "gauge")) {
            return true;
        }
    }
    return false;
}

static void on_acted(void *ctx, size_t failed, bool begun, const struct err *err)
{
    struct run *run = ctx;
    run->effects = NULL;
    if (err->code != ERR_NONE) {
        run_wait(run, WAIT_EFFECT, err->text); /* the script tells it */
    } else if (changes_something(doc_root(run->intent))) {
        waiting_end(run->waiting, WAIT_EFFECT);
    }
    run_answer(run, act_answer(failed, begun, err));
}

static void start_effects(struct run *run, bool redo)
{
    struct effects_options options = {
        .context = run->context,
        .release = run->release,
        .announcer = run->announcer,
        .list = doc_root(run->intent),
        .redo = redo,
    };
    run->effects = effects_start(&options, on_acted, run);
}

static void on_act_recorded(struct run *run)
{
    start_effects(run, false);
}

static bool is_only_gauges(const struct node *list)
{
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        if (!node_is(node_get(it.value, "kind"), "gauge")) {
            return false;
        }
    }
    return true;
}

static bool start_act(struct run *run, struct doc **answer)
{
    struct err err = {0};
    if (run->intent != NULL) {
        start_effects(run, true);
        return false;
    }
    struct doc *prepared = doc_new();
    if (!effects_prepare(run->context, run->release, doc_root(run->args), EFFECTS_OF_SCRIPT, prepared, &err)) {
        doc_free(prepared);
        *answer = act_answer(0, false, &err);
        return true;
    }
    run->intent = prepared;
    if (is_only_gauges(doc_root(prepared))) {
        start_effects(run, false);
        return false;
    }
    journal_intend(run->release->journal, doc_root(prepared));
    run_note_orders(run, doc_root(prepared));
    run_flush(run, on_act_recorded);
    return false;
}

/* --- pin --- */

bool run_pin(struct run *run, struct err *err)
{
    struct context *context = run->context;
    struct release *release = run->release;
    struct canary canary;
    if (!release_canary(release, &canary, err)) {
        canary_fini(&canary);
        return false;
    }
    struct doc *target = store_find(context_store(context, &KUBE_DEPLOYMENTS), release->namespace, canary.names.target);
    struct doc *checksums = doc_new();
    struct node *map = NULL;
    bool ok = target != NULL ||
              err_set(err, ERR_NOT_FOUND, "deployment %s.%s get query error: deployments.apps \"%s\" not found",
                      canary.names.target, release->namespace, canary.names.target);
    if (ok && context->config_tracking) {
        ok = tracked_config_checksums(checksums, doc_root(target), NULL, context_store(context, &KUBE_CONFIG_MAPS),
                                      context_store(context, &KUBE_SECRETS), release->namespace, &map, err);
    }
    if (ok) {
        doc_set_root(checksums, map);
        doc_free(release->checksums);
        release->checksums = checksums;
        str_free(&release->revision);
        release->revision = str_dup(deployment_revision(doc_root(target)));
        release->pinned = true;
        run_note_revision(run);
    } else {
        doc_free(checksums);
    }
    doc_free(target);
    canary_fini(&canary);
    return ok;
}

static struct doc *pin_answer(struct run *run)
{
    struct err err = {0};
    if (!run_pin(run, &err)) {
        if (err.code == ERR_NO_DATA) {
            return NULL; /* the actor reads it, and wakes us */
        }
        trouble_tell(&run->trouble, err.text);
        run_wait(run, WAIT_REVISION, err.text);
        return NULL;
    }
    waiting_end(run->waiting, WAIT_REVISION);
    struct doc *doc = new_object_doc();
    node_set_str(doc, doc_root(doc), "revision", run->release->revision);
    return doc;
}

static void poke_pin(struct run *run)
{
    struct doc *answer = pin_answer(run);
    if (answer != NULL) {
        run_answer(run, answer);
    }
}

static bool start_pin(struct run *run, struct doc **answer)
{
    *answer = pin_answer(run);
    return *answer != NULL;
}

/* --- operations that end the script --- */

static void start_ending(struct run *run, struct doc *list)
{
    run_set_ending(run, doc_root(list));
    doc_free(list);
    run_decide(run, VERDICT_ROLLBACK);
}

static bool start_rollback(struct run *run, struct doc **answer)
{
    struct canary canary;
    run_canary(run, &canary);
    run_explain_rollback(run, node_get(doc_root(run->args), "events"));
    start_ending(run, ending_rollback(&canary, node_get(doc_root(run->args), "events")));
    canary_fini(&canary);
    return false;
}

static bool start_fail_promotion(struct run *run, struct doc **answer)
{
    struct canary canary;
    run_canary(run, &canary);
    run_explain_promotion(run, arg_str(run, "error"));
    start_ending(run, ending_failed_promotion(&canary, arg_str(run, "error")));
    canary_fini(&canary);
    return false;
}

static bool start_finish(struct run *run, struct doc **answer)
{
    bool skipped = node_bool_or(node_get(doc_root(run->args), "skipped"), false);
    run_decide(run, skipped ? VERDICT_SKIPPED : VERDICT_SUCCEEDED);
    return false;
}

static const struct operation operations[] = {
    {"facts", true, start_facts, NULL},
    {"spec", true, start_spec, NULL},
    {"tick", false, start_tick, arm_tick},
    {"ready", true, start_ready, poke_ready},
    {"query", true, start_query, NULL},
    {"hooks", true, start_hooks, NULL},
    {"act", true, start_act, NULL},
    {"pin", true, start_pin, poke_pin},
    {"rollback", false, start_rollback, NULL},
    {"fail_promotion", false, start_fail_promotion, NULL},
    {"finish", false, start_finish, NULL},
};

const struct operation *operation_find(const char *name)
{
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        if (strcmp(operations[i].name, name) == 0) {
            return &operations[i];
        }
    }
    return NULL;
}

void operation_cancel(struct run *run)
{
    timer_cancel(&run->timer);
    if (run->query != NULL) {
        prom_query_cancel(run->query);
        run->query = NULL;
    }
    if (run->hooks != NULL) {
        hook_run_cancel(run->hooks);
        run->hooks = NULL;
    }
    if (run->effects != NULL) {
        effects_cancel(run->effects);
        run->effects = NULL;
    }
}
