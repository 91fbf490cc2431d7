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
    "    {name: request-duration, thresholdRange: {max: 500}, interval: 30s}]}}}\n"

static inline void plan_canary(struct world *w)
{
    char *steps = str_format("maxWeight: %d, stepWeight: %d", (int)dice_between(&w->dice, 2, 10) * 10,
                             (int)dice_between(&w->dice, 5, 50));
    char *text = str_format(CANARY_TEXT, (int)dice_between(&w->dice, 1, 5), steps);
    tell(w, "analysis: %s", steps);
    create_text(w, "canary", text);
    str_free(&text);
    str_free(&steps);
}

static inline void push_revision(struct world *w, int64_t number)
{
    struct err err = {0};
    struct api *api = cluster_api(w->stage.cluster);
    const struct kind *kind = kinds_find(api_kinds(api), "apps", "v1", "deployments");
    struct doc *target = objects_get(w->objects, kind->storage, "test", "podinfo");
    char *image = str_format("podinfo:%lld", (long long)number);
    tell(w, "the target becomes %s", image);
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

static inline void kill_now(struct world *w, int64_t what)
{
    if (w->process != NULL) {
        fake_process_kill(w->process);
    }
}

static inline void kill_soon(struct world *w, int64_t answers)
{
    if (w->process != NULL) {
        fake_process_kill_at_answer(w->process, (int)answers);
    }
}

static inline void plan_world(struct world *w)
{
    create_text(w, "target", target_text);
    plan_canary(w);
    int64_t at_ms = 2 * MINUTE_MS;
    for (int number = 2; number <= 3; number++) {
        act_at(w, at_ms, push_revision, number);
        int64_t next_ms = at_ms + dice_between(&w->dice, 5, 10 * 60) * SECOND_MS;
        for (int64_t kills = dice_between(&w->dice, 0, 4); kills > 0; kills--) {
            bool exact = dice_chance(&w->dice, 40);
            act_at(w, dice_between(&w->dice, at_ms, next_ms), exact ? kill_now : kill_soon,
                   dice_between(&w->dice, 1, 12));
        }
        at_ms = next_ms;
    }
}
