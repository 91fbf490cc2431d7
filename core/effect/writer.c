#include "effect/writer.h"

#include "base/mem.h"

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

static void on_written(void *ctx, const struct doc *answer, const struct err *err)
{
    struct writer *w = ctx;
    w->call = NULL;
    if (answer != NULL) {
        store_put(context_store(w->context, w->write.resource), answer);
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
