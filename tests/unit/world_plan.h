/* What a random world consists of, and what will happen in it (see world.h). */
#pragma once

static inline void create_text(struct world *w, const char *what, const char *text)
{
    struct err err = {0};
    struct doc *objects = yaml_parse_all(what, text, strlen(text), &err);
    if (objects == NULL || !cluster_create(w->stage.cluster, doc_root(objects), &err)) {
        broken(w, "%s: %s", what, err.text);
    }
    doc_free(objects);
}

static const char target_text[] =
    "{apiVersion: v1, kind: Namespace, metadata: {name: test}}\n"
    "---\n"
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: podinfo, namespace: test, labels: {app: podinfo}},\n"
    " spec: {replicas: 2, progressDeadlineSeconds: 120, selector: {matchLabels: {app: podinfo}},\n"
    "  template: {metadata: {labels: {app: podinfo}}, spec: {containers: [{name: podinfod, image: 'podinfo:1',\n"
    "   ports: [{name: http, containerPort: 9898}]}]}}}}\n";

#define CANARY_TEXT                                                                                                    \
    "{apiVersion: flagger.app/v1beta1, kind: Canary, metadata: {name: podinfo, namespace: test},\n"                    \
    " spec: {targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}, progressDeadlineSeconds: 120,\n"       \
    "  service: {port: 9898, gateways: [istio-system/public-gateway], hosts: [app.example.com]},\n"                    \
    "  analysis: {interval: 10s, threshold: %d, %s,\n"                                                                 \
    "   metrics: [{name: request-success-rate, thresholdRange: {min: 99}, interval: 1m},\n"                            \
    "    {name: request-duration, thresholdRange: {max: 500}, interval: 30s}],\n"                                      \
    "   webhooks: [%s]}}}\n"

/* --- the Canary --- */

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

static inline char *plan_analysis(struct world *w)
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

static inline void plan_canary(struct world *w)
{
    char *analysis = plan_analysis(w), *hooks = plan_hooks(w);
    int threshold = (int)dice_between(&w->dice, 1, 5);
    char *text = str_format(CANARY_TEXT, threshold, analysis, hooks != NULL ? hooks : "");
    tell(w, "analysis: threshold: %d, %s, webhooks: [%s]", threshold, analysis, hooks != NULL ? hooks : "");
    create_text(w, "canary", text);
    str_free(&text);
    str_free(&analysis);
    str_free(&hooks);
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
    char *image = str_format("podinfo:%d", number);
    behaviours_set(cluster_behaviours(w->stage.cluster), image, &behaviour);
    tell(w, "%s: errors %.3f, p99 %.0f ms, ready after %lld ms", image, behaviour.errors, behaviour.latency_p99_ms,
         (long long)behaviour.ready_ms);
    str_free(&image);
}

static inline void push_revision(struct world *w, int64_t number)
{
    struct err err = {0};
    struct api *api = cluster_api(w->stage.cluster);
    const struct kind *kind = kinds_find(api_kinds(api), "apps", "v1", "deployments");
    struct doc *target = objects_get(w->objects, kind->storage, "test", "podinfo");
    char *image = str_format("podinfo:%lld", (long long)number);
    tell(w, "the target becomes %s", image);
    w->revisions[number].advanced = w->revisions[number].taken_back = false;
    node_set_str(target, node_item(node_at(doc_root(target), "spec", "template", "spec", "containers"), 0), "image",
                 image);
    struct doc *updated = api_update(api, kind, NULL, doc_root(target), &err);
    if (updated == NULL) {
        broken(w, "pushing %s: %s", image, err.text);
    }
    str_free(&image);
    doc_free(updated);
    doc_free(target);
}

/* --- acts --- */

static inline void kill_now(struct world *w, int64_t sent_arrives)
{
    if (w->process != NULL) {
        fake_process_kill(w->process, sent_arrives % 2 == 0);
    }
}

static inline void kill_soon(struct world *w, int64_t answers)
{
    if (w->process != NULL) {
        fake_process_kill_at_answer(w->process, (int)answers);
    }
}

static inline void set_gate(struct world *w, int64_t closed)
{
    tell(w, "the gates are %s", closed ? "closed" : "open");
    w->gate_closed = closed;
}

static inline void set_blind(struct world *w, int64_t blind)
{
    tell(w, "Prometheus is %s", blind ? "blind" : "ready");
    prometheus_set_blind(cluster_prometheus(w->stage.cluster), blind);
}

static inline void cut_streams(struct world *w, int64_t compact)
{
    tell(w, "%zu streams are cut%s", network_cut(cluster_network(w->stage.cluster), "kubernetes"),
         compact ? ", the history is compacted" : "");
    if (compact) {
        objects_compact(w->objects);
    }
}

static inline void plan_kills(struct world *w, int64_t from_ms, int64_t until_ms)
{
    for (int64_t kills = dice_between(&w->dice, 0, 5); kills > 0; kills--) {
        bool exact = dice_chance(&w->dice, 30);
        act_at(w, dice_between(&w->dice, from_ms, until_ms), exact ? kill_now : kill_soon,
               dice_between(&w->dice, 1, 16));
    }
}

static inline void plan_fault(struct world *w, int64_t from_ms, int64_t until_ms)
{
    static const char *const hosts[] = {NULL, "kubernetes", "kubernetes", "prometheus", "hooks"};
    struct fault fault = {.from_ms = from_ms, .until_ms = until_ms, .percent = (int)dice_between(&w->dice, 5, 100)};
    fault.host = hosts[dice_between(&w->dice, 0, 4)];
    switch (dice_between(&w->dice, 1, 6)) {
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
    }
    w->faults[w->fault_count++] = fault;
    act_at(w, until_ms, NULL, 0);
    tell(w, "from %lld s until %lld s, %d%% of the requests to %s: delay %lld ms, %s, answer lost %d, status %d",
         (long long)(from_ms / SECOND_MS), (long long)(until_ms / SECOND_MS), fault.percent,
         fault.host != NULL ? fault.host : "all", (long long)fault.delay_ms, err_code_name(fault.fate.code),
         fault.fate.lose_answer, fault.status);
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
    traffic_flow(traffic, "app.example.com", 20, doc_root(headers));
    traffic_flow(traffic, "podinfo-canary.test", 20, NULL); /* the load tester's */
    doc_free(headers);
}

static inline void plan_world(struct world *w)
{
    struct network *network = cluster_network(w->stage.cluster);
    bool peaceful = dice_chance(&w->dice, 20), killing = dice_chance(&w->dice, 80);
    network_host(network, "kubernetes", serve_api, w);
    network_host(network, "hooks", serve_hook, w);
    network_fates(network, on_fate, w);
    w->latency_ms = dice_chance(&w->dice, 50) ? 0 : dice_between(&w->dice, 1, 300);
    w->hook_trouble = dice_chance(&w->dice, 30) ? (int)dice_between(&w->dice, 1, 20) : 0;
    w->must_succeed = peaceful && w->hook_trouble == 0;
    w->primary_image = str_dup("podinfo:1");
    w->primary_before = str_dup("podinfo:1");
    plan_streams(w);
    plan_behaviour(w, 1);
    create_text(w, "target", target_text);
    plan_canary(w);
    int64_t at_ms =
        6 *
        MINUTE_MS; /* by then it is initialised, whatever happens: a revision that is never ready would keep it from that */
    if (killing) {
        plan_kills(w, 0, 100 * SECOND_MS);
    }
    if (!peaceful) {
        plan_trouble(w, 0, 100 * SECOND_MS);
    }
    int last = (int)dice_between(&w->dice, 3, 4);
    for (int number = 2; number <= last; number++) {
        plan_behaviour(w, number);
        act_at(w, at_ms, push_revision, number);
        if (dice_chance(&w->dice, 40)) {
            act_at(w, at_ms, set_gate, 1);
            act_at(w, at_ms + dice_between(&w->dice, 10, 300) * SECOND_MS, set_gate, 0);
        }
        int64_t next_ms = at_ms + dice_between(&w->dice, 5, 8 * 60) * SECOND_MS;
        if (killing) {
            plan_kills(w, at_ms, next_ms);
        }
        if (!peaceful) {
            plan_trouble(w, at_ms, next_ms);
        }
        at_ms = next_ms;
    }
}
