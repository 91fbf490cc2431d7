/* The dice of a random world: what it consists of, and what will happen in it when (see world.h). */
#pragma once

static const char config_text[] =
    "{apiVersion: v1, kind: ConfigMap, metadata: {name: podinfo, namespace: test}, data: {version: MA==}}\n"
    "---\n"
    "{apiVersion: v1, kind: Secret, metadata: {name: podinfo, namespace: test}, data: {version: MA==}}\n";

static const char autoscaler_text[] =
    "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: podinfo, namespace: test},\n"
    " spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}, minReplicas: 2, maxReplicas: 4,\n"
    "  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 90}}}]}}\n";

#define TARGET_TEXT                                                                                                    \
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: podinfo, namespace: test, labels: {app: podinfo}},\n"    \
    " spec: {replicas: 2, progressDeadlineSeconds: 120, selector: {matchLabels: {app: podinfo}},\n"                    \
    "  template: {metadata: {labels: {app: podinfo}}, spec: {containers: [{name: podinfod, image: 'podinfo:1',\n"      \
    "   ports: [{name: http, containerPort: 9898}], envFrom: [%s]}]}}}}\n"
#define CONFIG_REFERENCES "{configMapRef: {name: podinfo}}, {secretRef: {name: podinfo}}"

#define CANARY_TEXT                                                                                                    \
    "{apiVersion: flagger.app/v1beta1, kind: Canary, metadata: {name: podinfo, namespace: test},\n"                    \
    " spec: {targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}, progressDeadlineSeconds: 120,%s\n"     \
    "  service: " SERVICE_TEXT("app.example.com", "port: 9898") ", analysis: %s}}\n"
#define AUTOSCALER_REFERENCE                                                                                           \
    " autoscalerRef: {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, name: podinfo},"

#define ANALYSIS_TEXT                                                                                                  \
    "{interval: 10s, threshold: %d, %s,\n"                                                                             \
    " metrics: [{name: request-success-rate, thresholdRange: {min: 99}, interval: 1m},\n"                              \
    "  {name: request-duration, thresholdRange: {max: 500}, interval: 30s}],\n"                                        \
    " webhooks: [%s]}"

/* --- the Canary and what belongs to it --- */

static inline char *plan_weights(struct world *w)
{
    if (dice_chance(&w->dice, 25)) {
        int first = (int)dice_between(&w->dice, 1, 40);
        int second = (int)dice_between(&w->dice, first + 1, 90);
        return str_format("stepWeights: [%d, %d, %d]", first, second, (int)dice_between(&w->dice, second + 1, 100));
    }
    return str_format("maxWeight: %d, stepWeight: %d", (int)dice_between(&w->dice, 2, 10) * 10,
                      (int)dice_between(&w->dice, 5, 50));
}

static inline char *plan_strategy(struct world *w)
{
    int64_t strategy = dice_between(&w->dice, 1, 100);
    const char *mirror = dice_chance(&w->dice, 25) ? ", mirror: true" : "";
    if (strategy <= 20) {
        return str_format("iterations: %d, match: [{headers: {x-canary: {exact: insider}}}]",
                          (int)dice_between(&w->dice, 1, 5));
    }
    if (strategy <= 40) {
        return str_format("iterations: %d%s", (int)dice_between(&w->dice, 1, 5), mirror);
    }
    char *weights = plan_weights(w);
    int promotion = dice_chance(&w->dice, 30) ? (int)dice_between(&w->dice, 10, 100) : 0;
    char *text = str_format("%s%s%s", weights, mirror, promotion > 0 ? ", stepWeightPromotion: " : "");
    char *whole = promotion > 0 ? str_format("%s%d", text, promotion) : str_dup(text);
    str_free(&weights);
    str_free(&text);
    return whole;
}

static inline char *plan_hooks(struct world *w)
{
    static const char *const types[] = {"confirm-rollout",   "pre-rollout",  "rollout", "confirm-traffic-increase",
                                        "confirm-promotion", "post-rollout", "event",   "rollback"};
    struct buf text;
    buf_init(&text, 4096);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (dice_chance(&w->dice, 35)) {
            buf_printf(&text, "%s{name: h%zu, type: %s, url: 'http://hooks/%s'}", text.len > 0 ? ", " : "", i, types[i],
                       types[i]);
        }
    }
    return buf_take(&text);
}

static inline char *plan_analysis(struct world *w)
{
    char *strategy = plan_strategy(w), *hooks = plan_hooks(w);
    int threshold = (int)dice_between(&w->dice, 1, 5);
    char *text = str_format(ANALYSIS_TEXT, threshold, strategy, hooks != NULL ? hooks : "");
    str_free(&strategy);
    str_free(&hooks);
    return text;
}

static inline void plan_objects(struct world *w)
{
    w->has_configs = dice_chance(&w->dice, 30);
    w->has_autoscaler = dice_chance(&w->dice, 20);
    char *target = str_format(TARGET_TEXT, w->has_configs ? CONFIG_REFERENCES : "");
    char *analysis = plan_analysis(w);
    w->canary_text = str_format(CANARY_TEXT, w->has_autoscaler ? AUTOSCALER_REFERENCE : "", analysis);
    tell(w, "%s%sanalysis: %s", w->has_configs ? "tracked configs, " : "", w->has_autoscaler ? "an autoscaler, " : "",
         analysis);
    create_text(w, "namespace", "{apiVersion: v1, kind: Namespace, metadata: {name: test}}\n");
    if (w->has_configs) {
        create_text(w, "configs", config_text);
    }
    create_text(w, "target", target);
    if (w->has_autoscaler) {
        create_text(w, "autoscaler", autoscaler_text);
    }
    create_text(w, "canary", w->canary_text);
    str_free(&target);
    str_free(&analysis);
}

/* --- revisions --- */

static inline void plan_behaviour(struct world *w, int number)
{
    struct revision *revision = &w->revisions[number];
    int64_t lot = number == 1 ? 100 : dice_between(&w->dice, 1, 100);
    struct behaviour behaviour = {.latency_ms = 5, .latency_p99_ms = 25};
    behaviour.ready_ms = dice_between(&w->dice, 0, 1) == 0 ? 1000 : dice_between(&w->dice, 0, 50) * SECOND_MS;
    if (lot <= 15) {
        behaviour.errors = (double)dice_between(&w->dice, 30, 100) / 100;
    } else if (lot <= 25) {
        behaviour.latency_ms = 1500;
        behaviour.latency_p99_ms = 4000;
    } else if (lot <= 35) {
        behaviour.ready_ms = -1;
    }
    revision->bad = lot <= 35;
    w->must_succeed = w->must_succeed && lot > 45;
    if (lot > 35 && lot <= 45) {
        behaviour.errors = (double)dice_between(&w->dice, 1, 30) / 1000; /* may pass, may not */
    }
    revision->behaviour = behaviour;
    set_behaviour(w, number);
    tell(w, "podinfo:%d: errors %.3f, p99 %.0f ms, ready after %lld ms", number, behaviour.errors,
         behaviour.latency_p99_ms, (long long)behaviour.ready_ms);
}

static inline void plan_kills(struct world *w, int64_t from_ms, int64_t until_ms)
{
    for (int64_t kills = dice_between(&w->dice, 0, 5); kills > 0; kills--) {
        bool exact = dice_chance(&w->dice, 30);
        act_at(w, dice_between(&w->dice, from_ms, until_ms), exact ? kill_now : kill_soon,
               dice_between(&w->dice, 1, 16));
    }
}

/* An engine is stopped and goes on later: before its Lease has expired, or beside a successor. */
static inline void plan_sleep(struct world *w, int64_t from_ms, int64_t until_ms)
{
    act_at(w, dice_between(&w->dice, from_ms, until_ms), dice_chance(&w->dice, 30) ? stop_now : stop_soon,
           dice_between(&w->dice, 0, 4));
}

static inline void plan_fault(struct world *w, int64_t from_ms, int64_t until_ms)
{
    static const char *const hosts[] = {NULL, "kubernetes", "kubernetes", "prometheus", "hooks"};
    struct fault fault = {.from_ms = from_ms, .until_ms = until_ms, .percent = (int)dice_between(&w->dice, 5, 100)};
    fault.host = hosts[dice_between(&w->dice, 0, 4)];
    switch (dice_between(&w->dice, 1, 9)) {
    case 1:
        fault.delay_ms = dice_between(&w->dice, 1, 25) * SECOND_MS;
        break;
    case 2:
        fault.fate.code = ERR_UNREACHABLE;
        break;
    case 3:
        fault.fate.lose_answer = true;
        break;
    case 4:
        fault.status = 500;
        break;
    case 5:
        fault.status = 409;
        break;
    case 6:
        fault.fate.code = ERR_TIMEOUT;
        fault.delay_ms = 10 * SECOND_MS;
        break;
    case 7:
        fault.fate.status = 401;
        break;
    case 8:
        fault.fate.status = 429;
        fault.fate.retry_after_ms = dice_between(&w->dice, 1, 10) * SECOND_MS;
        break;
    case 9:
        fault.fate.status = 503;
        break;
    }
    w->faults[w->fault_count++] = fault;
    act_at(w, until_ms, NULL, 0);
    tell(w, "from %lld s until %lld s, %d%% of the requests to %s: delay %lld ms, %s, answer lost %d, status %d or %d",
         (long long)(from_ms / SECOND_MS), (long long)(until_ms / SECOND_MS), fault.percent,
         fault.host != NULL ? fault.host : "all", (long long)fault.delay_ms, err_code_name(fault.fate.code),
         fault.fate.lose_answer, fault.status, fault.fate.status);
}

/* Its configs can be written, the primary cannot: a promotion stops half way. */
static inline void plan_half_promotion(struct world *w, int64_t from_ms, int64_t until_ms)
{
    tell(w, "from %lld s until %lld s the primary cannot be written", (long long)(from_ms / SECOND_MS),
         (long long)(until_ms / SECOND_MS));
    w->faults[w->fault_count++] = (struct fault){.from_ms = from_ms,
                                                 .until_ms = until_ms,
                                                 .path = "/deployments/podinfo-primary",
                                                 .percent = 100,
                                                 .status = 500};
    act_at(w, until_ms, NULL, 0);
}

static inline void plan_trouble(struct world *w, int64_t from_ms, int64_t until_ms)
{
    for (int64_t count = dice_between(&w->dice, 0, 2); count > 0; count--) {
        int64_t at_ms = dice_between(&w->dice, from_ms, until_ms);
        plan_fault(w, at_ms, at_ms + dice_between(&w->dice, 1, 120) * SECOND_MS);
    }
    for (int64_t count = dice_between(&w->dice, 0, 2); count > 0; count--) {
        act_at(w, dice_between(&w->dice, from_ms, until_ms), cut_streams, dice_chance(&w->dice, 30));
    }
    if (w->has_configs && dice_chance(&w->dice, 30)) {
        plan_half_promotion(w, from_ms, until_ms);
    }
    if (dice_chance(&w->dice, 20)) {
        int64_t at_ms = dice_between(&w->dice, from_ms, until_ms);
        act_at(w, at_ms, set_blind, 1);
        act_at(w, at_ms + dice_between(&w->dice, 1, 60) * SECOND_MS, set_blind, 0);
    }
}

static inline void plan_streams(struct world *w)
{
    struct err err;
    static const char insider[] = "{\"x-canary\":\"insider\"}";
    struct doc *headers = doc_parse(insider, strlen(insider), &err);
    struct traffic *traffic = cluster_traffic(w->stage.cluster);
    traffic_flow(traffic, "app.example.com", 100, NULL);
    traffic_flow(traffic, "app.example.com", 20, doc_root(headers));
    traffic_flow(traffic, "podinfo-canary.test", 20, NULL); /* the load tester's */
    traffic_flow(traffic, "web-canary.test", 20, NULL);     /* and of a service with another name (edit_service) */
    doc_free(headers);
}

/* What people do to the Canary, and take back. */
static inline void plan_meddling(struct world *w, int64_t from_ms, int64_t until_ms)
{
    int64_t at_ms = dice_between(&w->dice, from_ms, until_ms), lot = dice_between(&w->dice, 1, 100);
    int64_t end_ms = at_ms + dice_between(&w->dice, 10, 300) * SECOND_MS;
    if (lot <= 30) {
        act_at(w, at_ms, set_gate, dice_between(&w->dice, GATE_ROLLOUT, GATES_CLOSED));
        act_at(w, end_ms, set_gate, GATES_OPEN);
    } else if (lot <= 40) {
        act_at(w, at_ms, set_suspended, true);
        act_at(w, end_ms, set_suspended, false);
    } else if (lot <= 50) {
        act_at(w, at_ms, set_rollback, true);
        act_at(w, end_ms, set_rollback, false);
        w->must_succeed = false;
    } else if (lot <= 60) {
        act_at(w, at_ms, edit_analysis, 0);
    } else if (lot <= 65) {
        act_at(w, at_ms, delete_canary, 0);
        act_at(w, end_ms, create_canary, 0);
    } else if (lot <= 70) {
        act_at(w, at_ms, set_skipping, true);
        act_at(w, end_ms, set_skipping, false);
    } else if (lot <= 80) {
        act_at(w, at_ms, edit_service, dice_between(&w->dice, 1, SERVICES_COUNT - 1));
        if (dice_chance(&w->dice, 50)) {
            act_at(w, end_ms, edit_service, dice_between(&w->dice, 0, SERVICES_COUNT - 1));
        }
    }
    if (w->has_configs && dice_chance(&w->dice, 40)) {
        act_at(w, dice_between(&w->dice, from_ms, until_ms), change_config, dice_between(&w->dice, 0, 1));
    }
}

/* Revisions come one after another: new ones, and now and then an older one again. Sometimes none does: what came
 * before the end of the initialisation is all that there is to roll out, and nothing later makes up for it. */
static inline void plan_revisions(struct world *w, int64_t at_ms, bool peaceful, bool killing)
{
    int last = dice_chance(&w->dice, 10) ? 1 : (int)dice_between(&w->dice, 3, 5);
    for (int number = 2; number <= last; number++) {
        plan_behaviour(w, number);
        act_at(w, at_ms, push_revision, dice_chance(&w->dice, 15) ? dice_between(&w->dice, 1, number - 1) : number);
        int64_t next_ms = at_ms + dice_between(&w->dice, 5, 8 * 60) * SECOND_MS;
        plan_meddling(w, at_ms, next_ms);
        plan_hand(w, at_ms, next_ms);
        plan_vandal(w, at_ms, next_ms);
        if (killing) {
            plan_kills(w, at_ms, next_ms);
        }
        if (killing && dice_chance(&w->dice, 30)) {
            plan_sleep(w, at_ms, next_ms);
        }
        if (!peaceful) {
            plan_trouble(w, at_ms, next_ms);
        }
        at_ms = next_ms;
    }
}

/* A first revision that cannot get ready keeps the Canary from being initialised until somebody heals it; what the
 * target reads may change before that. */
static inline void plan_beginning(struct world *w)
{
    plan_behaviour(w, 1);
    if (dice_chance(&w->dice, 7)) {
        tell(w, "podinfo:1 cannot get ready yet");
        w->revisions[1].behaviour.ready_ms = -1;
        set_behaviour(w, 1);
        act_at(w, dice_between(&w->dice, 30, 240) * SECOND_MS, heal, 0);
    }
    plan_objects(w);
    for (int64_t changes = w->has_configs ? dice_between(&w->dice, 0, 2) : 0; changes > 0; changes--) {
        act_at(w, dice_between(&w->dice, 0, 90) * SECOND_MS, change_config, dice_between(&w->dice, 0, 1));
    }
}

static inline void plan_world(struct world *w)
{
    enum { TROUBLE_UNTIL_MS = 100 * 1000, INITIALISED_MS = 6 * 60 * 1000 };
    struct network *network = cluster_network(w->stage.cluster);
    bool peaceful = dice_chance(&w->dice, 20), killing = dice_chance(&w->dice, 80);
    network_host(network, "kubernetes", serve_api, w);
    network_host(network, "hooks", serve_hook, w);
    network_fates(network, on_fate, w);
    w->latency_ms = dice_chance(&w->dice, 50) ? 0 : dice_between(&w->dice, 1, 300);
    w->hook_trouble = dice_chance(&w->dice, 30) ? (int)dice_between(&w->dice, 1, 20) : 0;
    w->must_succeed = peaceful && w->hook_trouble == 0;
    plan_streams(w);
    plan_beginning(w);
    if (killing) {
        plan_kills(w, 0, TROUBLE_UNTIL_MS);
    }
    if (!peaceful) {
        plan_trouble(w, 0, TROUBLE_UNTIL_MS);
    }
    plan_revisions(w, INITIALISED_MS, peaceful, killing);
}
