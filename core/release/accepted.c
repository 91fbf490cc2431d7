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

void accepted_read(struct accepted *accepted, const struct node *release)
{
    *accepted = (struct accepted){0};
    if (!read(accepted, node_at(release, "status", "accepted"))) {
        read(accepted, node_at(release, "spec", "accepted"));
    }
}

void accepted_fini(struct accepted *accepted)
{
    doc_free(accepted->spec);
    *accepted = (struct accepted){0};
}

void accepted_take(struct accepted *accepted, const struct canary *canary)
{
    struct doc *spec = doc_copy(canary->spec);
    accepted_fini(accepted);
    *accepted = (struct accepted){.spec = spec, .generation = generation_of(canary->root), .unsaved = true};
}

bool accepted_is(const struct accepted *accepted, const struct canary *canary)
{
    int64_t generation = generation_of(canary->root);
    return accepted->spec != NULL && ((generation != 0 && generation == accepted->generation) ||
                                      node_equal(doc_root(accepted->spec), canary->spec));
}

void accepted_write(const struct accepted *accepted, struct doc *doc, struct node *parent)
{
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
    if (canary->doc == NULL || accepted->spec == NULL || (generation != 0 && generation == accepted->generation)) {
        return known;
    }
    struct doc *doc = doc_copy(canary->root);
    struct canary_defaults defaults = context->defaults;
    defaults.scripts = NULL; /* as context_canary_of_release */
    canary_fini(canary);
    err_clear(err);
    node_set(doc, doc_root(doc), "spec", node_copy(doc, doc_root(accepted->spec)));
    /* the generation belongs to the spec: a Release that is created from this spec must not count the other as
     * accepted */
    node_set_int(doc, node_ensure_object(doc, doc_root(doc), "metadata"), "generation", accepted->generation);
    return canary_init(canary, doc, &defaults, err);
}
