/* The write path without a wire. */
#include "sim/api/delete.h"
#include "sim/api/failure.h"
#include "sim/api/inner.h"
#include "sim/api/object.h"
#include "sim/api/write.h"

/* What was stored is shared with the database; the caller has a copy of its own. */
static struct doc *own_copy(struct doc *stored)
{
    struct doc *own = stored != NULL ? doc_copy(doc_root(stored)) : NULL;
    doc_free(stored);
    return own;
}

struct doc *api_create(struct api *api, const struct kind *kind, const struct node *object, struct err *err)
{
    struct failure f = {0};
    struct write write = {
        .kind = kind, .manager = api->self, .namespace = kind->is_namespaced ? meta_str(object, "namespace") : NULL};
    struct doc *decoded = write_decode(&write, object, &f);
    struct doc *stored = decoded != NULL ? write_create(api, &write, decoded, &f) : NULL;
    if (stored == NULL) {
        failure_to_err(&f, err);
    }
    failure_fini(&f);
    write_fini(&write);
    return own_copy(stored);
}

struct doc *api_update(struct api *api, const struct kind *kind, const char *subresource, const struct node *object,
                       struct err *err)
{
    struct failure f = {0};
    struct write write = {.kind = kind,
                          .namespace = kind->is_namespaced ? meta_str(object, "namespace") : NULL,
                          .subresource = subresource,
                          .manager = api->self};
    struct doc *existing = objects_read(api->objects, kind->storage, write.namespace, meta_str(object, "name"));
    struct doc *decoded = existing != NULL ? write_decode(&write, object, &f) : NULL;
    if (existing == NULL) {
        fail_not_found(&f, kind, meta_str(object, "name"));
    }
    struct doc *stored = decoded != NULL ? write_update(api, &write, doc_root(existing), decoded, &f) : NULL;
    if (stored == NULL) {
        failure_to_err(&f, err);
    }
    doc_free(existing);
    failure_fini(&f);
    write_fini(&write);
    return own_copy(stored);
}

bool api_delete(struct api *api, const struct kind *kind, const char *namespace, const char *name, struct err *err)
{
    struct failure f = {0};
    struct doc *left = NULL;
    bool deleted = api_delete_object(api, kind, namespace, name, &(struct delete_options){.grace_s = -1}, &left, &f);
    if (!deleted) {
        failure_to_err(&f, err);
    }
    doc_free(left);
    failure_fini(&f);
    return deleted;
}
