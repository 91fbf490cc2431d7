/* What is seen of a random world's objects, and what must never be seen (see world.h). */
#pragma once

static inline const char *image_of(const struct node *deployment)
{
    const struct node *pod = node_at(deployment, "spec", "template", "spec");
    return node_str_or(node_get(node_item(node_get(pod, "containers"), 0), "image"), "");
}

static inline struct revision *revision_of(struct world *w, const char *image)
{
    int number = 0;
    sscanf(image, "podinfo:%d", &number);
    return &w->revisions[number];
}

static inline struct doc *find_object(struct world *w, const char *storage, const char *name)
{
    return objects_get(w->objects, storage, "test", name);
}

/* --- traffic --- */

static inline void check_traffic(struct world *w)
{
    if (w->share > 0 && !w->has_ready) {
        broken(w, "the canary has weight %d and no ready Pod", w->share);
    }
}

static inline void check_routes(struct world *w, const struct node *routes)
{
    int share = 0;
    struct node_iter it = node_iterate(node_at(routes, "spec", "http"));
    while (node_next(&it)) {
        int64_t sum = 0;
        struct node_iter to = node_iterate(node_get(it.value, "route"));
        while (node_next(&to)) {
            /* The only one gets everything, whatever is written there. */
            int64_t weight = node_count(to.container) == 1 ? 100 : node_int_or(node_get(to.value, "weight"), 0);
            sum += weight;
            if (str_has_suffix(node_str_or(node_at(to.value, "destination", "host"), ""), "-canary") &&
                weight > share) {
                share = (int)weight;
            }
        }
        if (sum != 100) {
            broken(w, "the weights of route %zu sum to %lld", it.index, (long long)sum);
        }
    }
    if (share != w->share) {
        tell(w, "the canary's share is %d%%", share);
        if (share > w->share) {
            w->analysed = revision_of(w, w->target_image);
            w->analysed->advanced = true;
        }
        w->share = share;
        check_traffic(w);
    }
}

static inline void note_target(struct world *w, const struct node *target)
{
    bool ready = node_int_or(node_at(target, "status", "readyReplicas"), 0) > 0 &&
                 node_int_or(node_at(target, "spec", "replicas"), 1) > 0;
    str_copy(w->target_image, sizeof w->target_image, image_of(target));
    if (ready != w->has_ready) {
        w->has_ready = ready;
        check_traffic(w);
    }
}

/* --- promotion --- */

static inline void note_primary(struct world *w, const struct node *primary)
{
    const char *image = image_of(primary);
    if (strcmp(image, w->primary_image) == 0) {
        return;
    }
    tell(w, "the primary becomes %s", image);
    const struct revision *revision = revision_of(w, image);
    if (revision->taken_back || !revision->advanced) {
        broken(w, "%s was promoted %s", image,
               revision->taken_back ? "after it was taken back" : "without an analysis");
    } else if (revision->bad) {
        broken(w, "%s was promoted, which no analysis can have let pass", image);
    }
    str_free(&w->primary_image);
    w->primary_image = str_dup(image);
}

/* --- the Canary --- */

/* As in Flagger a revision that comes during the promotion of another and never gets ready makes that one fail, which the primary has by then. */
static inline void note_failure(struct world *w, const char *phase_before)
{
    bool promoted = strcmp(phase_before, "Promoting") == 0 || strcmp(phase_before, "Finalising") == 0;
    if (!promoted && strcmp(w->primary_image, w->primary_before) != 0) {
        broken(w, "the release failed, but the primary is %s and was %s", w->primary_image, w->primary_before);
    }
    if (w->analysed != NULL) {
        w->analysed->taken_back = true;
    }
}

static inline void note_canary(struct world *w, const struct node *canary, const struct node *before)
{
    const struct node *now = node_get(canary, "status"), *old = node_get(before, "status");
    const char *phase = node_str_or(node_get(now, "phase"), "");
    bool same = node_equal(node_get(now, "phase"), node_get(old, "phase"));
    bool calm = strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0 || strcmp(phase, "Initialized") == 0;
    if (calm != (w->calm_since_ms >= 0)) {
        w->calm_since_ms = calm ? world_now_ms(w) : -1;
    }
    if (!same) {
        tell(w, "the Canary is %s", phase);
    }
    if (!same && strcmp(phase, "Failed") == 0) {
        note_failure(w, node_str_or(node_get(old, "phase"), ""));
    }
    int64_t failed = node_int_or(node_get(now, "failedChecks"), 0);
    if (failed < w->failed_checks && failed != 0) {
        broken(w, "failedChecks went from %lld to %lld", (long long)w->failed_checks, (long long)failed);
    }
    if (failed == 0 && w->failed_checks > 0 && same &&
        node_equal(node_get(now, "lastAppliedSpec"), node_get(old, "lastAppliedSpec"))) {
        broken(w, "failedChecks went from %lld to 0 in the middle of a release", (long long)w->failed_checks);
    }
    w->failed_checks = failed;
}

static inline void note_event(struct world *w, const struct node *event)
{
    const char *message = node_str_or(node_get(event, "message"), "");
    tell(w, "%s: %s", node_str_or(node_get(event, "type"), ""), message);
}

static inline void note_release(struct world *w, const struct objects_event *event)
{
    const char *state = node_str_or(node_at(event->object, "status", "state"), "");
    const char *name = node_str_or(node_at(event->object, "metadata", "name"), "");
    if (event->change == OBJECTS_ADDED) {
        tell(w, "Release %s is created", name);
        str_free(&w->primary_before);
        w->primary_before = str_dup(w->primary_image);
        w->analysed = NULL;
    } else if (!node_is(node_at(event->before, "status", "state"), state)) {
        tell(w, "Release %s is %s", name, state);
    }
}

static inline void on_object(void *ctx, const struct objects_event *event)
{
    struct world *w = ctx;
    const char *kind = node_str_or(node_get(event->object, "kind"), "");
    const char *name = node_str_or(node_at(event->object, "metadata", "name"), "");
    if (event->change == OBJECTS_DELETED) {
        return;
    }
    if (strcmp(kind, "VirtualService") == 0) {
        check_routes(w, event->object);
    } else if (strcmp(kind, "Canary") == 0) {
        note_canary(w, event->object, event->before);
    } else if (strcmp(kind, "Release") == 0) {
        note_release(w, event);
    } else if (strcmp(kind, "Deployment") == 0 && strcmp(name, "podinfo") == 0) {
        note_target(w, event->object);
    } else if (strcmp(kind, "Deployment") == 0 && strcmp(name, "podinfo-primary") == 0) {
        note_primary(w, event->object);
    } else if (strcmp(kind, "Event") == 0 && node_is(node_at(event->object, "involvedObject", "kind"), "Canary")) {
        note_event(w, event->object);
    }
}

/* --- the end --- */

static inline bool expect_closed(void *ctx, const struct node *release)
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
    const char *phase = node_str_or(node_at(doc_root(canary), "status", "phase"), "");
    const char *image = image_of(doc_root(target));
    tell(w, "the end: %s, target %s, primary %s", phase, image, w->primary_image);
    objects_each(w->objects, "sluice.dev/releases", NULL, expect_closed, w);
    if (strcmp(phase, "Failed") != 0 && strcmp(image, w->primary_image) != 0) {
        broken(w, "%s, but the primary is not the target", phase);
    }
    if (w->must_succeed && strcmp(phase, "Succeeded") != 0) {
        broken(w, "nothing was wrong, but it ended %s", phase);
    }
    if (w->share != 0) {
        broken(w, "at the end the canary has weight %d", w->share);
    }
    if (node_int_or(node_at(doc_root(target), "spec", "replicas"), 1) != 0) {
        broken(w, "at the end the target is not scaled down");
    }
    doc_free(canary);
    doc_free(target);
}
