/* Where the requests of a random world go, and which revision its primary is (see world.h). */
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

/* --- traffic --- */

/* The analysis of what the release is about takes a step: a share, or an iteration, which blue/green counts before it
 * gives any. */
static inline void note_analysis(struct world *w)
{
    w->analysed = revision_of(w, w->release_image[0] != '\0' ? w->release_image : w->target_image);
    w->analysed->advanced = true;
    w->analysed_with = w->config_version;
    w->config_analysed[w->config_versions[0]] = w->config_analysed[w->config_versions[1]] = true;
}

/* The Canary of this world, as the checkers have seen it. */
static inline const struct checked *canary_seen(const struct world *w)
{
    return checkers_find(w->checkers, "test", "podinfo");
}

static inline void check_held(struct world *w);

static inline void note_routes(struct world *w)
{
    int share = canary_seen(w)->share;
    if (share != w->share) {
        tell(w, "the canary's share is %d%%", share);
    }
    if (share > w->share) {
        note_analysis(w);
        check_held(w);
    }
    w->share = share;
}

static inline void note_target(struct world *w, const struct node *target)
{
    str_copy(w->target_image, sizeof w->target_image, image_of(target));
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
    if (!checked_has_release(canary_seen(w))) {
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
    bool other_image = strcmp(image, w->primary_image) != 0;
    bool differs = take_text(&w->primary.template, node_at(primary, "spec", "template"));
    str_copy(w->primary_image, sizeof w->primary_image, image);
    if (other_image) {
        tell(w, "the primary becomes %s", image);
    }
    if (differs && !added) {
        check_promotion(w, image);
    } else if (added && !is_initialising(w)) {
        broken(w, "a primary of %s was made, but the Canary is %s", image, w->phase);
    }
}

static inline void note_primary_gone(struct world *w)
{
    tell(w, "the primary is gone");
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
