#include "effect/writer.h"

#include "base/mem.h"
#include "base/str.h"
#include "kube/object.h"

struct writer {
    struct context *context;
    struct kube_write write;
    struct kube_call *call;
    struct err conflict; /* told after the live object was read */
    writer_done_fn *done;
    void *ctx;
};

static void writer_free(struct writer *w)
{
    if (w->call != NULL) {
        kube_cancel(w->call);
    }
    kube_write_fini(&w->write);
    mem_free(w);
}

static void finish(struct writer *w, const struct err *err)
{
    writer_done_fn *done = w->done;
    void *ctx = w->ctx;
    struct err copy = *err;
    writer_free(w);
    done(ctx, &copy);
}

static void on_reread(void *ctx, const struct doc *answer, const struct err *err)
{
    struct writer *w = ctx;
    w->call = NULL;
    if (answer != NULL) {
        store_put(context_store(w->context, w->write.resource), answer);
    }
    finish(w, &w->conflict);
}

static void reread(struct writer *w)
{
    struct kube_request request = {
        .verb = KUBE_GET, .resource = w->write.resource, .namespace = w->write.namespace, .name = w->write.name};
    w->call = kube_start(stores_client(&w->context->stores, w->write.resource), &request, on_reread, w);
}

/* A Scale names version and replicas, and none when there are zero. All else is as it was in the version that the write
 * was guarded by; unless the watch has told more meanwhile, that is the one in the store. */
static void take_scale(struct writer *w, const struct node *scale)
{
    struct store *store = context_store(w->context, w->write.resource);
    struct doc *stored = store_find(store, w->write.namespace, w->write.name);
    if (str_equal(object_version(doc_root(stored)), object_version(doc_root(w->write.body)))) {
        struct doc *scaled = doc_copy(doc_root(stored));
        struct node *metadata = node_get(doc_root(scaled), "metadata");
        node_set_str(scaled, metadata, "resourceVersion", object_version(scale));
        if (object_generation(doc_root(stored)) > 0) {
            node_set_int(scaled, metadata, "generation", object_generation(doc_root(stored)) + 1);
        }
        node_set_int(scaled, node_ensure_object(scaled, doc_root(scaled), "spec"), "replicas",
                     node_int_or(node_at(scale, "spec", "replicas"), 0));
        store_put(store, scaled);
        doc_free(scaled);
    }
    doc_free(stored);
}

static void take_answer(struct writer *w, const struct doc *answer)
{
    if (str_equal(w->write.subresource, KUBE_SCALE)) {
        take_scale(w, doc_root(answer));
    } else {
        store_put(context_store(w->context, w->write.resource), answer);
    }
}

static void on_written(void *ctx, const struct doc *answer, const struct err *err)
{
    struct writer *w = ctx;
    w->call = NULL;
    if (answer != NULL) {
        take_answer(w, answer);
        finish(w, err);
        return;
    }
    struct err failure = *err;
    err_wrap(&failure, "%s", w->write.context);
    if (failure.code == ERR_CONFLICT && w->write.name != NULL) {
        w->conflict = failure;
        reread(w);
        return;
    }
    finish(w, &failure);
}

struct writer *writer_start(struct context *context, struct kube_write *write, writer_done_fn *done, void *ctx)
{
    struct writer *w = mem_new(struct writer);
    w->context = context;
    w->write = *write;
    *write = (struct kube_write){0};
    w->done = done;
    w->ctx = ctx;
    struct kube_request request = {
        .verb = w->write.verb,
        .resource = w->write.resource,
        .namespace = w->write.namespace,
        .name = w->write.name,
        .subresource = w->write.subresource,
        .body = doc_root(w->write.body),
    };
    w->call = kube_start(stores_client(&context->stores, w->write.resource), &request, on_written, w);
    return w;
}

void writer_cancel(struct writer *w)
{
    writer_free(w);
}
