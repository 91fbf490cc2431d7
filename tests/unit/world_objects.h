/* What is seen of a random world's objects, and what must never be seen (see world.h). */
#pragma once

static inline const char *image_of(const struct node *deployment)
{
    const struct node *pod = node_at(deployment, "spec", "template", "spec");
    return node_str_or(node_get(node_item(node_get(pod, "containers"), 0), "image"), "");
}

static inline struct doc *find_object(struct world *w, const char *storage, const char *name)
{
    return objects_get(w->objects, storage, "test", name);
}

static inline void check_routes(struct world *w, const struct node *routes)
{
    struct node_iter it = node_iterate(node_at(routes, "spec", "http"));
    while (node_next(&it)) {
        int64_t sum = 0;
        struct node_iter to = node_iterate(node_get(it.value, "route"));
        while (node_next(&to)) {
            sum += node_int_or(node_get(to.value, "weight"), node_count(to.container) == 1 ? 100 : 0);
        }
        if (sum != 100) {
            broken(w, "the weights of route %zu sum to %lld", it.index, (long long)sum);
        }
    }
}

static inline void note_phase(struct world *w, const struct node *canary)
{
    const char *phase = node_str_or(node_at(canary, "status", "phase"), "");
    bool calm = strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0 || strcmp(phase, "Initialized") == 0;
    if (calm != (w->calm_since_ms >= 0)) {
        w->calm_since_ms = calm ? world_now_ms(w) : -1;
    }
}

static inline void on_object(void *ctx, const struct objects_event *event)
{
    struct world *w = ctx;
    const char *kind = node_str_or(node_get(event->object, "kind"), "");
    if (event->change == OBJECTS_DELETED) {
        return;
    }
    if (strcmp(kind, "VirtualService") == 0) {
        check_routes(w, event->object);
    } else if (strcmp(kind, "Canary") == 0) {
        note_phase(w, event->object);
    } else if (strcmp(kind, "Event") == 0 && node_is(node_at(event->object, "involvedObject", "kind"), "Canary")) {
        tell(w, "%s: %s", node_str_or(node_get(event->object, "type"), ""),
             node_str_or(node_get(event->object, "message"), ""));
    }
}

static inline bool note_open(void *ctx, const struct node *release)
{
    struct world *w = ctx;
    const char *state = node_str_or(node_at(release, "status", "state"), "");
    if (strcmp(state, "Succeeded") != 0 && strcmp(state, "Failed") != 0 && strcmp(state, "Superseded") != 0) {
        broken(w, "Release %s is %s at the end", node_str_or(node_at(release, "metadata", "name"), ""), state);
    }
    return true;
}

static inline void expect_end(struct world *w)
{
    struct doc *canary = find_object(w, "flagger.app/canaries", "podinfo");
    struct doc *target = find_object(w, "apps/deployments", "podinfo");
    struct doc *primary = find_object(w, "apps/deployments", "podinfo-primary");
    const char *phase = node_str_or(node_at(doc_root(canary), "status", "phase"), "");
    tell(w, "the end: %s, target %s, primary %s", phase, image_of(doc_root(target)), image_of(doc_root(primary)));
    objects_each(w->objects, "sluice.dev/releases", NULL, note_open, w);
    bool same = strcmp(image_of(doc_root(target)), image_of(doc_root(primary))) == 0;
    if (strcmp(phase, "Succeeded") == 0 && !same) {
        broken(w, "Succeeded, but the primary is not the target");
    }
    doc_free(canary);
    doc_free(target);
    doc_free(primary);
}
