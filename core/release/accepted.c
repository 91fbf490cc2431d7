#include "release/accepted.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

static int64_t generation_of(const struct node *root)
{
    return node_int_or(node_at(root, "metadata", "generation"), 0);
}

static bool read(struct accepted *accepted, const struct node *n)
{
    const char *text = node_str(node_get(n, "spec"));
    struct err ignored = {0};
    struct doc *spec = text != NULL ? doc_parse(text, strlen(text), &ignored) : NULL;
    if (node_type(doc_root(spec)) != NODE_OBJECT) {
        doc_free(spec);
        return false;
    }
    accepted->spec = spec;
    accepted->generation = node_int_or(node_get(n, "generation"), 0);
    return true;
}

/* What this engine would not have written is no override. */
static void read_overrides(struct accepted *accepted, const char *text)
{
    struct err ignored = {0};
    struct doc *doc = text != NULL ? doc_parse(text, strlen(text), &ignored) : NULL;
    const struct node *match = node_get(doc_root(doc), "match"), *weight = node_get(doc_root(doc), "mirrorWeight");
    int64_t pct = 0;
    bool sound = node_type(doc_root(doc)) == NODE_OBJECT && (match == NULL || node_type(match) == NODE_ARRAY) &&
                 (weight == NULL || (node_int(weight, &pct) && pct >= 0 && pct <= 100));
    if (sound) {
        accepted_override(accepted, doc_root(doc));
    }
    doc_free(doc);
}

void accepted_read(struct accepted *accepted, const struct node *release)
{
    *accepted = (struct accepted){0};
    if (!read(accepted, node_at(release, "status", "accepted"))) {
        read(accepted, node_at(release, "spec", "accepted"));
    }
    read_overrides(accepted, node_str(node_at(release, "status", "overrides")));
    accepted->unsaved = false;
}

void accepted_fini(struct accepted *accepted)
{
    doc_free(accepted->spec);
    doc_free(accepted->overrides);
    *accepted = (struct accepted){0};
}

void accepted_take(struct accepted *accepted, const struct canary *canary)
{
    struct doc *spec = doc_copy(canary->spec), *overrides = accepted->overrides;
    accepted->overrides = NULL;
    accepted_fini(accepted);
    *accepted = (struct accepted){
        .spec = spec, .overrides = overrides, .generation = generation_of(canary->root), .unsaved = true};
}

static void put_over(struct doc *doc, struct node *analysis, const struct node *overrides)
{
    struct node_iter it = node_iterate(overrides);
    while (node_next(&it)) {
        node_set(doc, analysis, it.key, node_copy(doc, it.value));
    }
}

void accepted_override(struct accepted *accepted, const struct node *analysis)
{
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_object(doc));
    put_over(doc, doc_root(doc), doc_root(accepted->overrides));
    put_over(doc, doc_root(doc), analysis);
    doc_free(accepted->overrides);
    accepted->overrides = doc;
    accepted->unsaved = true;
}

bool accepted_apply(const struct accepted *accepted, const struct canary_defaults *defaults, struct canary *canary,
                    struct err *err)
{
    if (accepted->overrides == NULL) {
        return true;
    }
    struct doc *doc = doc_copy(canary->root);
    struct node *spec = node_ensure_object(doc, doc_root(doc), "spec");
    put_over(doc, node_ensure_object(doc, spec, "analysis"), doc_root(accepted->overrides));
    canary_fini(canary);
    return canary_init(canary, doc, defaults, err);
}

bool accepted_is(const struct accepted *accepted, const struct canary *canary)
{
    int64_t generation = generation_of(canary->root);
    return accepted->spec != NULL && ((generation != 0 && generation == accepted->generation) ||
                                      node_equal(doc_root(accepted->spec), canary->spec));
}

void accepted_write(const struct accepted *accepted, struct doc *doc, struct node *parent)
{
    if (accepted->overrides != NULL) {
        char *overrides = node_to_text(doc_root(accepted->overrides));
        node_set_str(doc, parent, "overrides", overrides);
        str_free(&overrides);
    }
    if (accepted->spec == NULL) {
        return;
    }
    char *text = node_to_text(doc_root(accepted->spec));
    if (strlen(text) <= ACCEPTED_SIZE_MAX) {
        struct node *n = node_ensure_object(doc, parent, "accepted");
        node_set_int(doc, n, "generation", accepted->generation);
        node_set_str(doc, n, "spec", text);
    }
    str_free(&text);
}

bool accepted_canary(const struct accepted *accepted, struct context *context, const char *namespace, const char *name,
                     struct canary *canary, struct err *err)
{
    bool known = context_canary_of_release(context, namespace, name, canary, err);
    int64_t generation = generation_of(canary->root);
    struct canary_defaults defaults = canary_defaults_of_release(&context->defaults);
    if (canary->doc == NULL || accepted->spec == NULL || (generation != 0 && generation == accepted->generation)) {
        return known && accepted_apply(accepted, &defaults, canary, err);
    }
    struct doc *doc = doc_copy(canary->root);
    canary_fini(canary);
    err_clear(err);
    node_set(doc, doc_root(doc), "spec", node_copy(doc, doc_root(accepted->spec)));
    /* the generation belongs to the spec: a Release that is created from this spec must not count the other as
     * accepted */
    node_set_int(doc, node_ensure_object(doc, doc_root(doc), "metadata"), "generation", accepted->generation);
    return canary_init(canary, doc, &defaults, err) && accepted_apply(accepted, &defaults, canary, err);
}
