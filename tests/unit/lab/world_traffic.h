/* Where the requests of a random world go, and what the primary is (see world.h). */
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

static inline bool has_ready_pod(const struct node *deployment)
{
    return node_int_or(node_at(deployment, "status", "readyReplicas"), 0) > 0 &&
           node_int_or(node_at(deployment, "spec", "replicas"), 1) > 0;
}

/* --- traffic --- */

static inline void check_canary_side(struct world *w)
{
    if ((w->share > 0 || w->is_mirrored) && !w->has_ready) {
        broken(w, "the canary has weight %d%s and no ready Pod", w->share, w->is_mirrored ? ", mirrored," : "");
    }
}

/* Within a release shares only grow, each one once, until they are taken back. There are two exceptions, both
 * Flagger's: of a promotion that fails all traffic goes where it still finds somebody, and blue/green whose gate
 * confirm-promotion is closed takes an iteration back and switches again. And an analysis that was skipped for a while
 * took the share back for its promotion; when that could not be made, the steps begin again. */
static inline void check_growth(struct world *w, int share)
{
    struct record *record = &w->record;
    bool may_repeat =
        share == 100 && (strcmp(record_state(record), "RollingBack") == 0 || strcmp(w->phase, "WaitingPromotion") == 0);
    if (!record_is_open(record)) {
        broken(w, "the canary's share grew to %d without a release", share);
    } else if (share <= record->peak && !may_repeat) {
        broken(w, "the canary's share grew to %d, but had been %d in this release", share, record->peak);
    }
    record->peak = share;
}

/* The analysis of what the target is now takes a step: a share, or an iteration, which blue/green counts before it
 * gives any. */
static inline void note_analysis(struct world *w)
{
    w->analysed = revision_of(w, w->target_image);
    w->analysed->advanced = true;
    w->analysed_with = w->config_version;
    w->config_analysed[w->config_versions[0]] = w->config_analysed[w->config_versions[1]] = true;
}

static inline void note_share(struct world *w, int share)
{
    if (share != w->share) {
        tell(w, "the canary's share is %d%%", share);
    }
    if (share > w->share) {
        check_growth(w, share);
        note_analysis(w);
    }
    if (share == 0 && w->is_skipping) {
        w->record.peak = 0;
    }
    w->share = share;
}

/* The canary's share of one HTTP route. The only destination of a route gets everything, whatever is written there. */
static inline int read_route(struct world *w, const struct node *http, size_t index)
{
    int share = 0;
    int64_t sum = 0;
    struct node_iter to = node_iterate(node_get(http, "route"));
    while (node_next(&to)) {
        int64_t weight = node_count(to.container) == 1 ? 100 : node_int_or(node_get(to.value, "weight"), 0);
        sum += weight;
        if (weight < 0 || weight > 100) {
            broken(w, "route %zu has weight %lld", index, (long long)weight);
        }
        if (str_has_suffix(node_str_or(node_at(to.value, "destination", "host"), ""), "-canary")) {
            share += (int)weight;
        }
    }
    if (sum != 100) {
        broken(w, "the weights of route %zu sum to %lld", index, (long long)sum);
    }
    return share;
}

static inline void note_routes(struct world *w, const struct node *service)
{
    int share = 0, least = 100;
    bool is_mirrored = false;
    struct node_iter it = node_iterate(node_at(service, "spec", "http"));
    while (node_next(&it)) {
        int of_route = read_route(w, it.value, it.index);
        share = of_route > share ? of_route : share;
        least = of_route < least ? of_route : least;
        is_mirrored = is_mirrored || node_get(it.value, "mirror") != NULL;
    }
    w->is_mirrored = is_mirrored;
    note_share(w, share);
    check_canary_side(w);
    if (least < 100 && !w->primary_ready && !w->is_skipping) { /* who skips waits for nobody, as in Flagger */
        broken(w, "the primary has weight %d and no ready Pod", 100 - least);
    }
}

static inline void note_target(struct world *w, const struct node *target)
{
    str_copy(w->target_image, sizeof w->target_image, image_of(target));
    w->has_ready = has_ready_pod(target);
    check_canary_side(w);
    note_scale(w, node_int_or(node_at(target, "spec", "replicas"), 1));
}

/* --- the primary --- */

static inline void primary_fini(struct primary *primary)
{
    str_free(&primary->template);
    str_free(&primary->config);
    str_free(&primary->secret);
}

static inline void primary_copy(struct primary *to, const struct primary *from)
{
    primary_fini(to);
    *to = (struct primary){str_dup(from->template), str_dup(from->config), str_dup(from->secret)};
}

/* Both ways in which a primary may differ count: a Pod that is started again takes the ConfigMap of the day. */
static inline bool primary_is(const struct primary *a, const struct primary *b)
{
    return str_equal(a->template, b->template) && str_equal(a->config, b->config) && str_equal(a->secret, b->secret);
}

static inline bool is_initialising(const struct world *w)
{
    return w->phase[0] == '\0' || strcmp(w->phase, "Initializing") == 0;
}

static inline void check_promotion(struct world *w, const char *image)
{
    const struct revision *revision = revision_of(w, image);
    if (!record_is_open(&w->record)) {
        broken(w, "%s was promoted without a release", image);
    } else if (w->is_skipping) {
        return;
    } else if (revision->taken_back || !revision->advanced) {
        broken(w, "%s was promoted %s", image,
               revision->taken_back ? "after it was taken back" : "without an analysis");
    } else if (revision->bad) {
        broken(w, "%s was promoted, which no analysis can have let pass", image);
    }
}

/* True when the text differs from what is known, which it replaces. */
static inline bool take_text(char **known, const struct node *n)
{
    char *text = node_to_text(n);
    bool differs = !str_equal(*known, text);
    str_free(known);
    *known = text;
    return differs;
}

static inline void note_primary(struct world *w, const struct node *primary, bool added)
{
    const char *image = image_of(primary);
    w->primary_ready = has_ready_pod(primary);
    bool other_image = strcmp(image, w->primary_image) != 0;
    bool differs = take_text(&w->primary.template, node_at(primary, "spec", "template"));
    str_copy(w->primary_image, sizeof w->primary_image, image);
    if (other_image) {
        tell(w, "the primary becomes %s", image);
    }
    if (differs && !added) {
        check_promotion(w, image);
        note_promotion(w);
    } else if (added && !is_initialising(w)) {
        broken(w, "a primary of %s was made, but the Canary is %s", image, w->phase);
    }
}

static inline void note_primary_gone(struct world *w)
{
    tell(w, "the primary is gone");
    w->primary_ready = false;
    w->primary_image[0] = '\0';
    primary_fini(&w->primary);
}

/* The data of version n of a ConfigMap or a Secret, which is the same text: base64 of the digit. */
static const char *const config_texts[CONFIGS_MAX] = {"MA==", "MQ==", "Mg==", "Mw==", "NA==", "NQ==", "Ng==", "Nw=="};

/* A version was on the canary's side with some share before it comes to the primary's. */
static inline void note_config_copy(struct world *w, const struct node *copy, char **known)
{
    const struct node *text = node_at(copy, "data", "version");
    int version = 0;
    while (version < CONFIGS_MAX - 1 && !node_is(text, config_texts[version])) {
        version++;
    }
    if (!take_text(known, node_get(copy, "data")) || is_initialising(w)) {
        return;
    }
    tell(w, "the primary's %s is of version %d", node_str_or(node_get(copy, "kind"), ""), version);
    if (!w->config_analysed[version] && !w->is_skipping) {
        broken(w, "version %d of the configs was promoted without an analysis", version);
    }
}
