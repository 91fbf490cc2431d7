/* What people ask of the Canary of a random world by hand, in the annotations of canary/request.h, and what must hold
 * of that (see world.h): each request is answered once, with what the Releases have on record; nothing is on record
 * twice; a Canary that is held still gives no share. */
#pragma once

static inline struct wish *wish_of(struct world *w, const char *id)
{
    for (size_t i = 0; i < w->hand.count; i++) {
        if (str_equal(w->hand.wishes[i].id, id)) {
            return &w->hand.wishes[i];
        }
    }
    return NULL;
}

/* --- asking --- */

static inline void annotate(struct doc *canary, const struct node *annotations)
{
    struct node *metadata = node_get(doc_root(canary), "metadata");
    struct node *into = node_ensure_object(canary, metadata, "annotations");
    struct node_iter it = node_iterate(annotations);
    while (node_next(&it)) {
        node_remove(into, it.key);
        if (node_type(it.value) != NODE_NULL) {
            node_set(canary, into, it.key, node_copy(canary, it.value));
        }
    }
}

static inline void write_annotations(struct world *w, const struct node *annotations)
{
    const struct kind *kind;
    struct doc *canary = canary_of(w, &kind);
    if (canary != NULL) {
        annotate(canary, annotations);
        update_canary(w, kind, canary);
    }
    doc_free(canary);
}

/* Mostly of the release of now, as the commands ask. */
static inline void ask(struct world *w, int64_t verb)
{
    static const char *const people[] = {"alice", "bob", NULL};
    struct hand *hand = &w->hand;
    const struct kind *kind;
    struct doc *canary = canary_of(w, &kind);
    if (canary == NULL || hand->count == WISHES_MAX) {
        doc_free(canary);
        return;
    }
    struct wish *wish = &hand->wishes[hand->count++];
    *wish = (struct wish){.verb = (enum request_verb)verb};
    snprintf(wish->id, sizeof wish->id, "wish-%zu", hand->count);
    bool is_state = verb == REQUEST_PAUSE || verb == REQUEST_RESUME;
    const char *by = people[dice_between(&hand->dice, 0, 2)];
    struct request request = {
        .verb = wish->verb, .id = str_dup(wish->id), .by = str_dup(by), .reason = str_format("reason %s", wish->id)};
    if (!is_state) {
        request.release = str_format("podinfo-%d", hand->releases + (dice_chance(&hand->dice, 10) ? 1 : 0));
    }
    w->is_skipping = w->is_skipping || verb == REQUEST_PROMOTE;
    w->must_succeed = w->must_succeed && verb != REQUEST_ROLLBACK;
    tell(w, "%s asks to %s %s", by != NULL ? by : "somebody", request_verb_name(wish->verb), wish->id);
    struct doc *patch = request_patch(&request);
    annotate(canary, node_at(doc_root(patch), "metadata", "annotations"));
    update_canary(w, kind, canary);
    doc_free(patch);
    request_fini(&request);
    doc_free(canary);
}

/* As GitOps does it: no request comes with it. */
static inline void set_pause(struct world *w, int64_t paused)
{
    struct err err;
    const char *text = paused ? "{\"" PAUSE_ANNOTATION "\":\"freeze\"}" : "{\"" PAUSE_ANNOTATION "\":null}";
    struct doc *annotations = doc_parse(text, strlen(text), &err);
    tell(w, "the annotation for a pause is %s", paused ? "there" : "taken away");
    write_annotations(w, doc_root(annotations));
    doc_free(annotations);
}

static inline void plan_hand(struct world *w, int64_t from_ms, int64_t until_ms)
{
    struct hand *hand = &w->hand;
    if (!hand->asks) {
        return;
    }
    for (int64_t count = dice_between(&hand->dice, 0, 4); count > 0; count--) {
        static const enum request_verb verbs[] = {REQUEST_PROMOTE, REQUEST_ROLLBACK, REQUEST_RETRY, REQUEST_APPROVE};
        act_at(w, dice_between(&hand->dice, from_ms, until_ms), ask, verbs[dice_between(&hand->dice, 0, 3)]);
    }
    if (dice_chance(&hand->dice, 50)) {
        bool asks = dice_chance(&hand->dice, 70);
        int64_t at_ms = dice_between(&hand->dice, from_ms, until_ms);
        int64_t end_ms = at_ms + dice_between(&hand->dice, 1, 500) * SECOND_MS;
        act_at(w, at_ms, asks ? ask : set_pause, asks ? REQUEST_PAUSE : true);
        asks = dice_chance(&hand->dice, 70);
        act_at(w, end_ms, asks ? ask : set_pause, asks ? REQUEST_RESUME : false);
    }
}

/* --- what is seen --- */

static inline bool is_about_pause(const struct wish *wish)
{
    return wish->verb == REQUEST_PAUSE || wish->verb == REQUEST_RESUME;
}

/* An entry is on record before it is answered, and what was refused is on none. */
static inline void check_answer(struct world *w, const struct wish *wish, const struct node *answer)
{
    bool done = node_is(node_get(answer, "outcome"), "Done"), is_recorded = wish->release[0] != '\0';
    if (!node_is(node_get(answer, "verb"), request_verb_name(wish->verb))) {
        broken(w, "%s is answered as another verb", wish->id);
    } else if (wish->lost || is_about_pause(wish)) {
        return;
    } else if (!done && is_recorded) {
        broken(w, "%s is refused, though %s has it on record", wish->id, wish->release);
    } else if (done && !is_recorded) {
        broken(w, "%s is answered as done, and no Release has it on record", wish->id);
    }
}

static inline void note_answer(struct world *w, const struct node *now, const struct node *before)
{
    const struct node *answer = node_get(now, "lastRequest");
    if (answer == NULL || node_equal(answer, node_get(before, "lastRequest"))) {
        return;
    }
    const char *id = node_str_or(node_get(answer, "id"), "");
    struct wish *wish = wish_of(w, id);
    tell(w, "%s: %s, %s", id, node_str_or(node_get(answer, "outcome"), ""),
         node_str_or(node_get(answer, "message"), ""));
    if (wish == NULL || wish->answered) {
        broken(w, "%s is answered, %s", id, wish == NULL ? "and nobody has asked" : "which was answered before");
        return;
    }
    wish->answered = true;
    check_answer(w, wish, answer);
}

static inline void note_held(struct world *w, const struct node *canary)
{
    struct pause pause;
    pause_read(&pause, canary);
    if (pause.through == NULL) {
        w->hand.held_since_ms = -1;
    } else if (w->hand.held_since_ms < 0) {
        w->hand.held_since_ms = world_now_ms(w);
    }
    pause_fini(&pause);
}

/* An engine may hear of a pause late, behind a network that is in trouble. */
static inline void check_held(struct world *w)
{
    enum { HEARD_BY_MS = 180 * 1000 };
    if (w->hand.held_since_ms >= 0 && world_now_ms(w) - w->hand.held_since_ms > HEARD_BY_MS) {
        broken(w, "the canary's share rises, though it is held still since %lld s",
               (long long)((world_now_ms(w) - w->hand.held_since_ms) / SECOND_MS));
    }
}

static inline void note_entry(struct world *w, const struct node *entry, const char *release)
{
    struct wish *wish = wish_of(w, node_str(node_get(entry, "id")));
    if (wish == NULL) {
        if (node_get(entry, "through") == NULL) {
            broken(w, "%s has a request on record that nobody made", release);
        }
    } else if (wish->release[0] == '\0') {
        str_copy(wish->release, sizeof wish->release, release);
        tell(w, "%s is on record in %s", wish->id, release);
    } else if (strcmp(wish->release, release) != 0) {
        broken(w, "%s is on record in %s and in %s", wish->id, wish->release, release);
    }
}

/* Each is there once, and pauses and their ends take turns, but for one over another. */
static inline void note_requests(struct world *w, const struct node *release)
{
    const char *name = node_str_or(node_at(release, "metadata", "name"), "");
    const struct node *begun = node_at(release, "spec", "request"), *list = node_at(release, "status", "requests");
    bool held = false;
    if (begun != NULL) {
        note_entry(w, begun, name);
    }
    for (size_t i = 0; i < node_count(list); i++) {
        const struct node *entry = node_item(list, i);
        const char *id = node_str(node_get(entry, "id"));
        note_entry(w, entry, name);
        for (size_t k = 0; id != NULL && k < i; k++) {
            if (node_is(node_get(node_item(list, k), "id"), id)) {
                broken(w, "%s has %s on record twice", name, id);
            }
        }
        if (node_is(node_get(entry, "verb"), "resume") && !held) {
            broken(w, "%s has the end of a pause on record that it has not", name);
        }
        held = node_is(node_get(entry, "verb"), "pause") || (held && !node_is(node_get(entry, "verb"), "resume"));
    }
}

static inline void note_record_gone(struct world *w, const char *release)
{
    for (size_t i = 0; i < w->hand.count; i++) {
        struct wish *wish = &w->hand.wishes[i];
        wish->lost = wish->lost || strcmp(wish->release, release) == 0;
    }
}

/* A Canary that is made anew has no annotations. */
static inline void note_hand_gone(struct world *w)
{
    w->hand.held_since_ms = -1;
    for (size_t i = 0; i < w->hand.count; i++) {
        w->hand.wishes[i].answered = true;
    }
}

/* What another request took the place of may have no answer; the last one has. */
static inline void expect_answers(struct world *w)
{
    const struct hand *hand = &w->hand;
    if (hand->count > 0 && !hand->wishes[hand->count - 1].answered) {
        broken(w, "%s was never answered", hand->wishes[hand->count - 1].id);
    }
}
