// room: sim/patch
/* libFuzzer: {"kind": …, "schema": …, "object": …, "patch": …}, patched in all four ways. What must hold: the object
 * stays as it was; a patch is applied or refused with a reason and a status; what was applied can be applied again; a
 * creation is owned by who made it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/kinds/kinds.h"
#include "sim/kinds/schema.h"
#include "sim/patch/patch.h"

#define NOW "2026-01-02T03:04:05Z"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct patch_writer plain = {.manager = "fuzz", .time = NOW};
static const struct patch_writer forced = {.manager = "fuzz", .time = NOW, .force = true};
static const struct patch_writer of_status = {.manager = "fuzz", .subresource = "status", .time = NOW};

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check(struct doc *made, const struct err *err)
{
    if (made == NULL)
        must(!str_empty(err->text) && err->http_status >= 400);
    doc_free(made);
}

/* Forced, so that nobody's ownership hinders; without what the server would refuse anyway. */
static void apply_twice(const struct kind *kind, const struct node *object, const struct node *patch)
{
    struct err err = {0};
    struct doc *once = patch_apply(kind, object, patch, &forced, &err);
    if (once == NULL) {
        check(NULL, &err);
        return;
    }
    struct doc *twice = patch_apply(kind, doc_root(once), patch, &forced, &err);
    must(twice != NULL);
    doc_free(once);
    doc_free(twice);
}

static void patch_all(const struct kind *kind, const struct node *object, const struct node *patch)
{
    struct err err = {0};
    check(patch_merge(object, patch, &err), &err);
    err_clear(&err);
    check(patch_json(object, patch, &err), &err);
    err_clear(&err);
    check(patch_strategic(kind, object, patch, &err), &err);
    err_clear(&err);
    check(patch_apply(kind, object, patch, &of_status, &err), &err);
    apply_twice(kind, object, patch);
    struct doc *merged = patch_merge(object, patch, &err);
    if (merged != NULL)
        patch_own(kind, object, merged, &plain);
    doc_free(merged);
    struct doc *created = doc_copy(object);
    node_remove(node_get(doc_root(created), "metadata"), "managedFields");
    patch_own(kind, NULL, created, &plain);
    must(node_count(node_at(doc_root(created), "metadata", "managedFields")) <= 1);
    doc_free(created);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    struct doc *doc = doc_parse((const char *)data, size, &err);
    const struct node *object = node_get(doc_root(doc), "object"), *patch = node_get(doc_root(doc), "patch");
    const struct node *name = node_get(doc_root(doc), "kind"), *openapi = node_get(doc_root(doc), "schema");
    struct kind kind = {.group = openapi != NULL               ? "h6.dev"
                                 : node_is(name, "Deployment") ? "apps"
                                                               : "",
                        .version = "v1",
                        .name = (char *)node_str_or(name, "Service"),
                        .has_status = true,
                        .is_custom = openapi != NULL};
    if (openapi != NULL)
        kind.schema = schema_parse(openapi, &err);
    if (node_type(object) == NODE_OBJECT && patch != NULL && (openapi == NULL || kind.schema != NULL)) {
        char *before = node_to_text(object);
        patch_all(&kind, object, patch);
        char *after = node_to_text(object);
        must(str_equal(before, after));
        mem_free(before);
        mem_free(after);
    }
    schema_free(kind.schema);
    doc_free(doc);
    return 0;
}
