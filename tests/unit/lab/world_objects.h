/* What is seen of a random world's objects while it runs, and what must be true when it has come to rest (see
 * world.h). */
#pragma once

static inline struct doc *find_object(struct world *w, const char *storage, const char *name)
{
    return objects_get(w->objects, storage, "test", name);
}

/* --- the Canary --- */

/* As in Flagger a revision that comes during the promotion of another and never gets ready makes that one fail, which
 * the primary has by then. */
static inline void note_failure(struct world *w, const char *phase_before)
{
    bool promoted = strcmp(phase_before, "Promoting") == 0 || strcmp(phase_before, "Finalising") == 0;
    if (!promoted && !primary_is(&w->primary, &w->untouched)) {
        broken(w, "the release failed, but the primary is\n%s %s %s\nand was\n%s %s %s", w->primary.template,
               w->primary.config, w->primary.secret, w->untouched.template, w->untouched.config, w->untouched.secret);
    }
    if (w->analysed != NULL &&
        w->analysed_with == w->config_version) { /* with configs that came since it may be tried again */
        w->analysed->taken_back = true;
    }
}

static inline void note_canary(struct world *w, const struct node *canary, const struct node *before)
{
    const struct node *now = node_get(canary, "status"), *old = node_get(before, "status");
    const char *phase = node_str_or(node_get(now, "phase"), ""),
               *phase_before = node_str_or(node_get(old, "phase"), "");
    bool calm = strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0 || strcmp(phase, "Initialized") == 0;
    note_answer(w, now, old);
    note_held(w, canary);
    if (calm != (w->calm_since_ms >= 0)) {
        w->calm_since_ms = calm ? world_now_ms(w) : -1;
    }
    str_copy(w->phase, sizeof w->phase, phase);
    if (strcmp(phase, phase_before) != 0) {
        tell(w, "the Canary is %s", phase);
        if (strcmp(phase, "Failed") == 0) {
            note_failure(w, phase_before);
        }
    }
    if (node_int_or(node_get(now, "iterations"), 0) > node_int_or(node_get(old, "iterations"), 0)) {
        note_analysis(w);
    }
}

static inline void note_canary_gone(struct world *w)
{
    tell(w, "the Canary is gone");
    note_hand_gone(w);
    w->phase[0] = '\0';
    w->calm_since_ms = -1;
}

/* --- events and Releases --- */

static inline void note_event(struct world *w, const struct node *event)
{
    const char *message = node_str_or(node_get(event, "message"), "");
    tell(w, "%s: %s", node_str_or(node_get(event, "type"), ""), message);
}

static inline void note_release(struct world *w, const struct objects_event *event)
{
    const char *name = node_str_or(node_at(event->object, "metadata", "name"), "");
    if (event->change == OBJECTS_ADDED) {
        tell(w, "Release %s is created", name);
        primary_copy(&w->untouched, &w->primary);
        w->analysed = NULL;
        w->release_image[0] = '\0';
        w->hand.releases++;
        if (node_at(event->object, "spec", "request") != NULL) { /* a retry: its revision begins anew */
            revision_of(w, w->target_image)->advanced = revision_of(w, w->target_image)->taken_back = false;
        }
        note_requests(w, event->object);
        return;
    }
    note_requests(w, event->object);
    bool is_open = release_state_is_open(node_str(node_at(event->object, "status", "state")));
    const char *image = node_str_or(node_at(event->object, "status", "images", "to"), "");
    str_copy(w->release_image, sizeof w->release_image, is_open ? image : "");
    const char *state = node_str_or(node_at(event->object, "status", "state"), "");
    if (!node_is(node_at(event->before, "status", "state"), state)) {
        tell(w, "Release %s is %s", name, state);
    }
}

/* --- the Lease --- */

static inline void note_lease(struct world *w, const struct node *lease)
{
    const char *holder = node_str_or(node_at(lease, "spec", "holderIdentity"), "");
    if (holder[0] != '\0' && strcmp(holder, w->holder) != 0) { /* "": given back, maybe to be taken again */
        tell(w, "%s holds the Lease", holder);
        str_copy(w->holder, sizeof w->holder, holder);
    }
}

/* --- all of them --- */

static inline void on_removal(struct world *w, const char *kind, const char *name)
{
    if (strcmp(kind, "VirtualService") == 0) {
        w->share = canary_seen(w)->share;
    } else if (strcmp(kind, "Canary") == 0) {
        note_canary_gone(w);
    } else if (strcmp(kind, "Release") == 0) {
        w->release_image[0] = '\0';
        note_record_gone(w, name);
    } else if (strcmp(kind, "Deployment") == 0 && strcmp(name, "podinfo-primary") == 0) {
        note_primary_gone(w);
    }
}

static inline void on_object(void *ctx, const struct objects_event *event)
{
    struct world *w = ctx;
    const char *kind = node_str_or(node_get(event->object, "kind"), "");
    const char *name = node_str_or(node_at(event->object, "metadata", "name"), "");
    bool is_primary = strcmp(name, "podinfo-primary") == 0;
    if (event->change == OBJECTS_DELETED) {
        on_removal(w, kind, name);
    } else if (strcmp(kind, "VirtualService") == 0) {
        note_routes(w);
    } else if (strcmp(kind, "Canary") == 0) {
        note_canary(w, event->object, event->before);
    } else if (strcmp(kind, "Release") == 0) {
        note_release(w, event);
    } else if (strcmp(kind, "Deployment") == 0 && strcmp(name, "podinfo") == 0) {
        note_target(w, event->object);
    } else if (strcmp(kind, "Deployment") == 0 && is_primary) {
        note_primary(w, event->object, event->change == OBJECTS_ADDED);
    } else if (strcmp(kind, "ConfigMap") == 0 && is_primary) {
        note_config_copy(w, event->object, &w->primary.config);
    } else if (strcmp(kind, "Secret") == 0 && is_primary) {
        note_config_copy(w, event->object, &w->primary.secret);
    } else if (strcmp(kind, "Lease") == 0) {
        note_lease(w, event->object);
    } else if (strcmp(kind, "Event") == 0 && node_is(node_at(event->object, "involvedObject", "kind"), "Canary")) {
        note_event(w, event->object);
    }
}

/* --- the end --- */

static inline void expect_config(struct world *w, const char *kind, const char *copy, int version)
{
    char *wanted = str_format("{\"version\":\"%s\"}", config_texts[version]);
    if (!str_equal(copy, wanted)) {
        broken(w, "%s, but the primary's %s is %s and not of version %d", w->phase, kind, copy, version);
    }
    str_free(&wanted);
}

static inline void expect_end(struct world *w)
{
    struct doc *target = find_object(w, "apps/deployments", "podinfo");
    const char *image = image_of(doc_root(target));
    tell(w, "the end: %s, target %s, primary %s", w->phase, image, w->primary_image);
    checkers_expect_rest(w->checkers);
    expect_answers(w);
    if (strcmp(w->phase, "Failed") != 0 && w->has_configs) {
        expect_config(w, "Secret", w->primary.secret, w->config_versions[0]);
        expect_config(w, "ConfigMap", w->primary.config, w->config_versions[1]);
    }
    if (w->must_succeed && strcmp(w->phase, "Failed") == 0) {
        broken(w, "nothing was wrong, but it ended %s", w->phase);
    }
    doc_free(target);
}
