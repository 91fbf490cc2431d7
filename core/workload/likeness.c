#include "workload/likeness.h"

#include "base/mem.h"
#include "base/str.h"
#include "kube/object.h"
#include "workload/revision.h"

struct likeness {
    struct likeness_options options; /* without what is copied below */
    struct doc *canary, *checksums, *target, *primary, *patch;
    struct doc *promoted; /* the primary as it would be after a promotion */
    struct canary_names names;
    const struct workload_kind *kind;
    struct kube_call *call;
    likeness_done_fn *done;
    void *ctx;
};

static void likeness_free(struct likeness *l)
{
    if (l->call != NULL) {
        kube_cancel(l->call);
    }
    canary_names_fini(&l->names);
    doc_free(l->canary);
    doc_free(l->checksums);
    doc_free(l->target);
    doc_free(l->primary);
    doc_free(l->patch);
    doc_free(l->promoted);
    mem_free(l);
}

static void write_generation(struct buf *out, const struct node *object)
{
    buf_printf(out, "%s/%lld", object_uid(object) != NULL ? object_uid(object) : "",
               (long long)object_generation(object));
    if (object_generation(object) == 0) {
        buf_printf(out, "/%s", object_version(object));
    }
}

char *likeness_pair(const struct node *target, const struct node *primary, const struct node *checksums)
{
    struct buf out;
    buf_init(&out, SIZE_MAX);
    write_generation(&out, target);
    buf_append_str(&out, " ");
    write_generation(&out, primary);
    struct node_iter it = node_iterate(checksums);
    while (node_next(&it)) {
        buf_printf(&out, " %s", it.key);
    }
    char *text = str_dup(buf_str(&out));
    buf_fini(&out);
    return text;
}

static void finish(struct likeness *l, bool alike, const struct err *err)
{
    likeness_done_fn *done = l->done;
    void *ctx = l->ctx;
    struct err copy = *err;
    char *pair =
        copy.code == ERR_NONE ? likeness_pair(doc_root(l->target), doc_root(l->primary), doc_root(l->checksums)) : NULL;
    likeness_free(l);
    done(ctx, pair, alike, &copy);
    str_free(&pair);
}

static const struct node *template_of(const struct doc *workload)
{
    return node_at(doc_root(workload), "spec", "template");
}

/* A policy that refuses such a patch would refuse the promotion too. The release will report it. */
static bool is_refused(const struct err *err)
{
    return err->code != ERR_NONE && err->http_status >= 400 && err->http_status < 500 && err->http_status != 401 &&
           err->http_status != 429;
}

/* Asks what the primary would be with this template. */
static void try(struct likeness *l, const struct node *template, kube_done_fn *done)
{
    doc_free(l->patch);
    l->patch = doc_new();
    struct node *operations = node_new_array(l->patch), *operation = node_new_object(l->patch);
    node_set_str(l->patch, operation, "op", "replace");
    node_set_str(l->patch, operation, "path", "/spec/template");
    node_set(l->patch, operation, "value", node_copy(l->patch, template));
    node_push(operations, operation);
    doc_set_root(l->patch, operations);
    struct kube_request request = {
        .verb = KUBE_PATCH_JSON,
        .resource = l->kind->store.resource,
        .namespace = l->names.namespace,
        .name = l->names.target_primary,
        .query = "dryRun=All",
        .body = operations,
    };
    l->call = kube_start(l->options.client, &request, done, l);
}

static void on_own_tried(void *ctx, const struct doc *answer, const struct err *err)
{
    struct likeness *l = ctx;
    l->call = NULL;
    struct err ok = {0};
    finish(l, answer != NULL && revision_same_template(template_of(answer), template_of(l->promoted)),
           is_refused(err) ? &ok : err);
}

/* The live primary may carry the stamp of another operation, or of another writer: its own template is tried as the
 * target's was. */
static void on_tried(void *ctx, const struct doc *answer, const struct err *err)
{
    struct likeness *l = ctx;
    l->call = NULL;
    struct err ok = {0};
    if (answer == NULL || revision_same_template(template_of(answer), template_of(l->primary))) {
        finish(l, answer != NULL, is_refused(err) ? &ok : err);
        return;
    }
    l->promoted = doc_copy(doc_root(answer));
    try(l, template_of(l->primary), on_own_tried);
}

static void on_primary(void *ctx, const struct doc *answer, const struct err *err)
{
    struct likeness *l = ctx;
    struct err why = *err;
    l->call = NULL;
    if (why.code != ERR_NONE) {
        err_wrap(&why, "%s %s.%s get query error", l->kind->word, l->names.target_primary, l->names.namespace);
        finish(l, false, &why);
        return;
    }
    store_put(l->options.workloads, answer);
    l->primary = doc_copy(doc_root(answer));
    struct primary_options options = {
        .selector_labels = l->options.selector_labels,
        .label_prefixes = l->options.label_prefixes,
        .checksums = doc_root(l->checksums),
        .promotion_id = "likeness",
    };
    struct doc *template = primary_template_new(&l->names, doc_root(l->target), &options, &why);
    if (template == NULL || revision_same_template(doc_root(template), template_of(l->primary))) {
        finish(l, template != NULL, &why);
    } else {
        try(l, doc_root(template), on_tried);
    }
    doc_free(template);
}

static void get(struct likeness *l, const char *name, kube_done_fn *done)
{
    struct kube_request request = {
        .verb = KUBE_GET, .resource = l->kind->store.resource, .namespace = l->names.namespace, .name = name};
    l->call = kube_start(l->options.client, &request, done, l);
}

static void on_target(void *ctx, const struct doc *answer, const struct err *err)
{
    struct likeness *l = ctx;
    struct err why = *err;
    l->call = NULL;
    if (why.code != ERR_NONE) {
        err_wrap(&why, "%s %s.%s get query error", l->kind->word, l->names.target, l->names.namespace);
        finish(l, false, &why);
        return;
    }
    store_put(l->options.workloads, answer);
    l->target = doc_copy(doc_root(answer));
    get(l, l->names.target_primary, on_primary);
}

struct likeness *likeness_start(const struct likeness_options *options, likeness_done_fn *done, void *ctx)
{
    struct likeness *l = mem_new(struct likeness);
    l->options = *options;
    l->canary = doc_copy(options->canary);
    l->checksums = doc_copy(options->checksums);
    l->options.canary = l->options.checksums = NULL;
    canary_names_init(&l->names, doc_root(l->canary));
    l->kind = workload_of(&l->names);
    l->done = done;
    l->ctx = ctx;
    get(l, l->names.target, on_target);
    return l;
}

void likeness_cancel(struct likeness *likeness)
{
    likeness_free(likeness);
}
