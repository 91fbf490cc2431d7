/* The write path without a wire. */
#include "sim/api/delete.h"
#include "sim/api/failure.h"
#include "sim/api/inner.h"
#include "sim/api/object.h"
#include "sim/api/write.h"

/* Nobody writes without a wire what a server would only warn of. */
static struct write write_of(const struct api *api, const struct kind *kind, const char *subresource,
                             const struct node *object)
{
    return (struct write){.kind = kind,
                          .namespace = kind->is_namespaced ? meta_str(object, "namespace") : NULL,
                          .subresource = subresource,
                          .manager = api->self};
}

/* Passes `stored` on, which is shared with the database; NULL: err. */
static struct doc *finish(struct write *write, struct failure *f, struct doc *stored, struct err *err)
{
    if (stored == NULL) {
        failure_to_err(f, err);
    }
    failure_fini(f);
    write_fini(write);
    return stored;
}

static struct doc *find_existing(const struct api *api, const struct write *write, const struct node *object,
                                 struct failure *f)
{
    const char *name = meta_str(object, "name");
    struct doc *existing = objects_read(api->objects, write->kind->storage, write->namespace, name);
    if (existing == NULL) {
        fail_not_found(f, write->kind, name);
    }
    return existing;
}

struct doc *api_create(struct api *api, const struct kind *kind, const struct node *object, struct err *err)
{
    struct failure f = {0};
    struct write write = write_of(api, kind, NULL, object);
    struct doc *decoded = write_decode(&write, object, &f);
    return finish(&write, &f, decoded != NULL ? write_create(api, &write, decoded, &f) : NULL, err);
}

struct doc *api_update(struct api *api, const struct kind *kind, const char *subresource, const struct node *object,
                       struct err *err)
{
    return api_update_by(api, api->self, kind, subresource, object, err);
}

struct doc *api_update_by(struct api *api, const char *manager, const struct kind *kind, const char *subresource,
                          const struct node *object, struct err *err)
{
    struct failure f = {0};
    struct write write = write_of(api, kind, subresource, object);
    write.manager = manager;
    struct doc *existing = find_existing(api, &write, object, &f);
    struct doc *decoded = existing != NULL ? write_decode(&write, object, &f) : NULL;
    struct doc *stored = decoded != NULL ? write_update(api, &write, doc_root(existing), decoded, &f) : NULL;
    doc_free(existing);
    return finish(&write, &f, stored, err);
}

/* What the writer has read was as the type has it, and the rest is made so when it is stored: it needs no decoding. */
static struct doc *decode_own(struct write *write, struct doc *object, struct failure *f)
{
    doc_own(&object);
    return !write->kind->is_custom ? object : write_decode_own(write, object, f);
}

bool api_write_back(struct api *api, const struct kind *kind, const char *subresource, struct doc **object,
                    struct err *err)
{
    struct failure f = {0};
    struct write write = write_of(api, kind, subresource, doc_root(*object));
    struct doc *existing = find_existing(api, &write, doc_root(*object), &f), *stored = NULL;
    if (existing != NULL && write_check_version(&write, doc_root(existing), doc_root(*object), &f)) {
        write.namespace = kind->is_namespaced ? meta_str(doc_root(existing), "namespace") : NULL;
        struct doc *decoded = decode_own(&write, *object, &f);
        stored = decoded != NULL ? write_update(api, &write, doc_root(existing), decoded, &f) : NULL;
        *object = stored != NULL ? stored : doc_share(existing);
    }
    doc_free(existing);
    return finish(&write, &f, stored, err) != NULL;
}

bool api_write_status(struct api *api, const struct kind *kind, struct doc **object, const struct node *status,
                      struct err *err)
{
    struct failure f = {0};
    struct write write = write_of(api, kind, "status", doc_root(*object));
    struct doc *existing = find_existing(api, &write, doc_root(*object), &f), *stored = NULL;
    if (existing != NULL && write_check_version(&write, doc_root(existing), doc_root(*object), &f)) {
        stored = write_status(api, &write, doc_root(existing), status, &f);
    }
    if (stored != NULL) {
        doc_free(*object);
        *object = stored;
    }
    doc_free(existing);
    return finish(&write, &f, stored, err) != NULL;
}

void api_put(struct api *api, const struct kind *kind, struct doc **object)
{
    doc_own(object);
    *object = write_normalise(kind, *object);
    objects_put(api->objects, kind->storage, *object);
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
