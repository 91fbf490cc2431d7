/* What can happen to a random world, each at a time that world_plan.h throws (see world.h). */
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

/* --- revisions --- */

static inline void set_behaviour(struct world *w, int number)
{
    char *image = str_format("podinfo:%d", number);
    behaviours_set(cluster_behaviours(w->stage.cluster), image, &w->revisions[number].behaviour);
    str_free(&image);
}

static inline bool list_pod(void *ctx, const struct node *pod)
{
    str_list_push(ctx, node_str_or(node_at(pod, "metadata", "name"), ""));
    return true;
}

/* What kept revisions from getting ready is over: the Pods are made again. */
static inline void heal(struct world *w, int64_t unused)
{
    struct err err = {0};
    struct api *api = cluster_api(w->stage.cluster);
    const struct kind *kind = kinds_find(api_kinds(api), "", "v1", "pods");
    struct str_list pods = {0};
    tell(w, "every revision can get ready now");
    for (int i = 1; i < REVISIONS_MAX; i++) {
        if (w->revisions[i].behaviour.ready_ms < 0) {
            w->revisions[i].behaviour.ready_ms = 1000;
            w->revisions[i].bad = false;
            set_behaviour(w, i);
        }
    }
    objects_each(w->objects, kind->storage, "test", list_pod, &pods);
    for (size_t i = 0; i < pods.count; i++) {
        if (!api_delete(api, kind, "test", pods.items[i], &err)) {
            broken(w, "deleting a Pod: %s", err.text);
        }
    }
    str_list_fini(&pods);
}

static inline void push_revision(struct world *w, int64_t number)
{
    struct err err = {0};
    struct api *api = cluster_api(w->stage.cluster);
    const struct kind *kind = kinds_find(api_kinds(api), "apps", "v1", "deployments");
    struct doc *target = objects_get(w->objects, kind->storage, "test", "podinfo");
    char *image = str_format("podinfo:%lld", (long long)number);
    tell(w, "the target becomes %s", image);
    if (!str_equal(w->target_image, image) && !str_equal(w->release_image, image)) {
        w->revisions[number].advanced = w->revisions[number].taken_back = false;
    }
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

/* --- engines --- */

static inline void kill_now(struct world *w, int64_t sent_arrives)
{
    stage_kill_engine(&w->stage, sent_arrives % 2 == 0);
}

static inline void kill_soon(struct world *w, int64_t requests)
{
    stage_strike_at(&w->stage, stage_requests(&w->stage) + (int)requests, MACHINE_SERVED, NULL, NULL);
}

static inline void stop_now(struct world *w, int64_t unused)
{
    stage_pause_engine(&w->stage);
}

/* Pauses the engine with such a request on its way; resumed, it goes on with what it was about to do next. */
static inline void stop_soon(struct world *w, int64_t cue)
{
    static const char *const cues[] = {"/releases/", "http://hooks/", "/configmaps/podinfo", "/secrets/podinfo",
                                       "/deployments/podinfo"};
    w->predecessor.cue = cues[cue % 5];
}

/* --- people --- */

enum gates { GATES_OPEN, GATE_ROLLOUT, GATE_TRAFFIC, GATE_PROMOTION, GATES_CLOSED };

static inline void set_gate(struct world *w, int64_t gates)
{
    static const char *const paths[] = {NULL, "/confirm-rollout", "/confirm-traffic-increase", "/confirm-promotion",
                                        "/confirm"};
    w->closed_gate = paths[gates];
    tell(w, "closed gates: %s", w->closed_gate != NULL ? w->closed_gate : "none");
}

static inline void set_rollback(struct world *w, int64_t wanted)
{
    tell(w, "a rollback is %s", wanted ? "wanted" : "not wanted any more");
    w->rollback_wanted = wanted;
}

/* `canary` is changed and written; without one there is nothing to change. */
static inline struct doc *canary_of(struct world *w, const struct kind **kind)
{
    *kind = kinds_find(api_kinds(cluster_api(w->stage.cluster)), "flagger.app", "v1beta1", "canaries");
    return objects_get(w->objects, (*kind)->storage, "test", "podinfo");
}

static inline void update_canary(struct world *w, const struct kind *kind, struct doc *canary)
{
    struct err err = {0};
    struct doc *updated = api_update(cluster_api(w->stage.cluster), kind, NULL, doc_root(canary), &err);
    if (updated == NULL) {
        broken(w, "changing the Canary: %s", err.text);
    }
    doc_free(updated);
}

static inline void set_flag(struct world *w, const char *flag, bool value)
{
    const struct kind *kind;
    struct doc *canary = canary_of(w, &kind);
    tell(w, "the Canary's %s becomes %s", flag, value ? "true" : "false");
    if (canary != NULL) {
        node_set_bool(canary, node_get(doc_root(canary), "spec"), flag, value);
        update_canary(w, kind, canary);
    }
    doc_free(canary);
}

static inline void set_suspended(struct world *w, int64_t suspended)
{
    set_flag(w, "suspend", suspended);
}

static inline void set_skipping(struct world *w, int64_t skipping)
{
    w->is_skipping = true;
    set_flag(w, "skipAnalysis", skipping);
}

static inline char *plan_analysis(struct world *w);

#define SERVICE_TEXT(hosts, more) "{gateways: [istio-system/public-gateway], hosts: [" hosts "], " more "}"

static inline void edit_analysis(struct world *w, int64_t unused)
{
    const struct kind *kind;
    struct err err = {0};
    struct doc *canary = canary_of(w, &kind);
    char *text = plan_analysis(w);
    struct doc *analysis = yaml_parse_all("analysis", text, strlen(text), &err);
    tell(w, "the analysis becomes %s", text);
    if (canary != NULL && analysis != NULL) {
        node_set(canary, node_get(doc_root(canary), "spec"), "analysis",
                 node_copy(canary, node_item(doc_root(analysis), 0)));
        update_canary(w, kind, canary);
    }
    doc_free(analysis);
    doc_free(canary);
    str_free(&text);
}

/* What spec.service can become without that the requests of this world go elsewhere; the first is what it was. */
static const char *const services[] = {
    SERVICE_TEXT("app.example.com", "port: 9898"),
    SERVICE_TEXT("app.example.com, www.example.com", "port: 9898"),
    SERVICE_TEXT("app.example.com", "port: 9898, timeout: 15s, retries: {attempts: 3, perTryTimeout: 1s}"),
    SERVICE_TEXT("app.example.com", "port: 9899, targetPort: 9898"),
    SERVICE_TEXT("app.example.com", "port: 9898, portName: web, targetPort: http"),
    SERVICE_TEXT("app.example.com", "port: 9898, name: web"),
    "{port: 9898, gateways: [istio-system/public-gateway, mesh], hosts: [app.example.com]}",
    "{port: 9898, gateways: [istio-system/public-gateway], hosts: [app.example.com],"
    " match: [{uri: {prefix: /}}], headers: {request: {set: {x-from: web}}}}",
};
enum { SERVICES_COUNT = sizeof services / sizeof services[0] };

static inline void edit_service(struct world *w, int64_t which)
{
    const struct kind *kind;
    struct err err = {0};
    struct doc *canary = canary_of(w, &kind);
    struct doc *service = yaml_parse_all("service", services[which], strlen(services[which]), &err);
    tell(w, "the service becomes %s", services[which]);
    if (canary != NULL && service != NULL) {
        node_set(canary, node_get(doc_root(canary), "spec"), "service",
                 node_copy(canary, node_item(doc_root(service), 0)));
        update_canary(w, kind, canary);
    }
    doc_free(service);
    doc_free(canary);
}

static inline void delete_canary(struct world *w, int64_t unused)
{
    struct err err = {0};
    const struct kind *kind;
    struct doc *canary = canary_of(w, &kind);
    tell(w, "the Canary is deleted");
    if (canary != NULL && !api_delete(cluster_api(w->stage.cluster), kind, "test", "podinfo", &err)) {
        broken(w, "deleting the Canary: %s", err.text);
    }
    doc_free(canary);
}

/* The target of this time becomes the first primary, which must get ready. */
static inline void create_canary(struct world *w, int64_t unused)
{
    const struct kind *kind;
    struct doc *canary = canary_of(w, &kind);
    if (canary == NULL) { /* otherwise somebody created it again already */
        heal(w, 0);
        tell(w, "the Canary is created");
        create_text(w, "canary", w->canary_text);
    }
    doc_free(canary);
}

/* --- what the target needs --- */

static inline void change_config(struct world *w, int64_t what)
{
    struct err err = {0};
    struct api *api = cluster_api(w->stage.cluster);
    const struct kind *kind = kinds_find(api_kinds(api), "", "v1", what ? "configmaps" : "secrets");
    struct doc *config = objects_get(w->objects, kind->storage, "test", "podinfo");
    int version = w->config_versions[what] = ++w->config_version;
    tell(w, "the %s becomes version %d", kind->name, version);
    node_set_str(config, node_get(doc_root(config), "data"), "version", config_texts[version]);
    struct doc *updated = api_update(api, kind, NULL, doc_root(config), &err);
    if (updated == NULL) {
        broken(w, "changing the %s: %s", kind->name, err.text);
    }
    for (int i = 0; i < REVISIONS_MAX; i++) { /* with other configs each may be tried again */
        w->revisions[i].taken_back = false;
    }
    doc_free(updated);
    doc_free(config);
}

/* --- the world outside --- */

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
