#include "rollout/difference.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "kube/client.h"
#include "kube/object.h"

/* What an object was before it was first changed. */
#define ORIGINAL "flagger.kubernetes.io/original-configuration"

enum { FIELDS_MAX = 6, DEPTH_MAX = 16 };

/* --- the fields --- */

/* A merge patch as a list of paths: an object in it is a step of the way, any other value the end of one. */
struct walk {
    const char *path[DEPTH_MAX];
    size_t depth;
    bool (*visit)(struct walk *walk); /* false: enough */
    void *ctx;
};

static bool walk_patch(struct walk *walk, const struct node *patch)
{
    struct node_iter it = node_iterate(patch);
    while (walk->depth < DEPTH_MAX && node_next(&it)) {
        if (walk->depth == 1 && str_equal(walk->path[0], "metadata") && str_equal(it.key, "resourceVersion")) {
            continue; /* the guard of the write */
        }
        if (walk->depth == 2 && str_equal(walk->path[1], "annotations") && str_equal(it.key, ORIGINAL)) {
            continue; /* rides along with a difference of the spec, whoever made that */
        }
        walk->path[walk->depth++] = it.key;
        bool more = node_type(it.value) == NODE_OBJECT ? walk_patch(walk, it.value) : walk->visit(walk);
        walk->depth--;
        if (!more) {
            return false;
        }
    }
    return true;
}

struct field_list {
    struct buf text;
    size_t count;
};

static bool list_field(struct walk *walk)
{
    struct field_list *list = walk->ctx;
    if (list->count++ == FIELDS_MAX) {
        buf_append_str(&list->text, " and more");
        return false;
    }
    for (size_t i = 0; i < walk->depth; i++) {
        buf_printf(&list->text, "%s%s", i > 0 ? "." : list->count > 1 ? ", " : "", walk->path[i]);
    }
    return true;
}

char *difference_fields(const struct kube_write *write)
{
    struct field_list list = {.count = 0};
    struct walk walk = {.visit = list_field, .ctx = &list};
    buf_init(&list.text, SIZE_MAX);
    if (write->verb != KUBE_CREATE) {
        walk_patch(&walk, doc_root(write->body));
    }
    char *text = str_dup(buf_str(&list.text));
    buf_fini(&list.text);
    return text;
}

/* --- whose they are --- */

struct manager_search {
    const struct node *managed_fields;
    const struct node *latest; /* the entry of the other writer */
};

/* A key of fieldsV1 is "f:" and the field's name; an empty object owns all below it. */
static bool owns(const struct node *fields, const struct walk *walk)
{
    for (size_t i = 0; i < walk->depth; i++) {
        char *key = str_format("f:%s", walk->path[i]);
        const struct node *below = node_get(fields, key);
        str_free(&key);
        if (below == NULL) {
            return i > 0 && node_count(fields) == 0;
        }
        fields = below;
    }
    return true;
}

static bool is_later(const struct node *entry, const struct node *than)
{
    return than == NULL ||
           strcmp(node_str_or(node_get(entry, "time"), ""), node_str_or(node_get(than, "time"), "")) > 0;
}

static bool search_manager(struct walk *walk)
{
    struct manager_search *search = walk->ctx;
    struct node_iter it = node_iterate(search->managed_fields);
    while (node_next(&it)) {
        bool other = !node_is(node_get(it.value, "manager"), KUBE_MANAGER);
        if (other && owns(node_get(it.value, "fieldsV1"), walk) && is_later(it.value, search->latest)) {
            search->latest = it.value;
        }
    }
    return true;
}

/* Borrowed from `live`; NULL when no other writer manages any of the fields. */
static const char *manager_of(const struct node *live, const struct node *patch)
{
    struct manager_search search = {.managed_fields = node_at(live, "metadata", "managedFields")};
    struct walk walk = {.visit = search_manager, .ctx = &search};
    walk_patch(&walk, patch);
    return node_str(node_get(search.latest, "manager"));
}

/* --- telling --- */

struct difference {
    struct context *context;
    struct kube_write write;
    bool at_once;
    struct kube_call *call;
    difference_done_fn *done;
    void *ctx;
};

static char *text_of(const struct difference *d, const struct node *live)
{
    const struct kube_write *write = &d->write;
    if (write->verb == KUBE_CREATE) {
        return str_format("%s %s.%s is deleted again and again by another writer", write->resource->kind,
                          object_name(doc_root(write->body)), write->namespace);
    }
    char *fields = difference_fields(write), *text;
    const char *manager = manager_of(live, doc_root(write->body));
    if (manager != NULL) {
        text = str_format("%s %s.%s: %s is changed back by another writer (manager %s)", write->resource->kind,
                          write->name, write->namespace, fields, manager);
    } else if (d->at_once) {
        text = str_format("%s %s.%s: %s is changed back by the API server (an admission policy or a default)",
                          write->resource->kind, write->name, write->namespace, fields);
    } else {
        text = str_format("%s %s.%s: %s is changed back by another writer", write->resource->kind, write->name,
                          write->namespace, fields);
    }
    str_free(&fields);
    return text;
}

/* When the object cannot be read, the difference is told without the name of its writer. */
static void on_read(void *ctx, const struct doc *answer, const struct err *err)
{
    struct difference *d = ctx;
    difference_done_fn *done = d->done;
    void *done_ctx = d->ctx;
    char *text = text_of(d, doc_root(answer));
    d->call = NULL;
    difference_cancel(d);
    done(done_ctx, text);
    str_free(&text);
}

struct difference *difference_start(struct context *context, struct kube_write *write, bool at_once,
                                    difference_done_fn *done, void *ctx)
{
    struct difference *d = mem_new(struct difference);
    d->context = context;
    d->write = *write;
    *write = (struct kube_write){0};
    d->at_once = at_once;
    d->done = done;
    d->ctx = ctx;
    const char *name = d->write.name != NULL ? d->write.name : object_name(doc_root(d->write.body));
    struct kube_request request = {
        .verb = KUBE_GET, .resource = d->write.resource, .namespace = d->write.namespace, .name = name};
    d->call = kube_start(stores_client(&context->stores, d->write.resource), &request, on_read, d);
    return d;
}

void difference_cancel(struct difference *d)
{
    if (d->call != NULL) {
        kube_cancel(d->call);
    }
    kube_write_fini(&d->write);
    mem_free(d);
}
