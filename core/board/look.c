#include "board/look.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "board/row.h"
#include "kube/object.h"
#include "kube/watch.h"

enum { SAME_BEGINNING = 40 /* of the name of a Release and a Canary with a longer one */ };

/* A watch of its own, and what it has brought. */
struct glimpse {
    struct store *store; /* NULL: none is open */
    struct watch *watch;
};

struct look {
    struct look_sources sources;
    char *namespace, *canary;
    int64_t number; /* 0: the latest */
    struct glimpse record, events;
    char *release;            /* whose record is watched; NULL: there is none */
    uint64_t serial, written; /* `text` says what was there at the serial `written` */
    char *text;
    void (*changed)(void *ctx);
    void *ctx;
};

/* --- glimpses --- */

static void on_glimpse(void *ctx, const struct store *store, const char *namespace, const char *name)
{
    struct look *look = ctx;
    look->serial++;
    look->changed(look->ctx);
}

static void open_glimpse(struct look *look, struct glimpse *glimpse, const struct kube_resource *resource,
                         store_prune_fn *prune, const char *fields)
{
    struct watch_options options = {.namespace = look->namespace, .field_selector = fields};
    glimpse->store = store_new(resource, prune);
    store_subscribe(glimpse->store, on_glimpse, look);
    glimpse->watch = watch_open(look->sources.kube, look->sources.clock, glimpse->store, &options);
}

static void close_glimpse(struct glimpse *glimpse)
{
    if (glimpse->store != NULL) {
        watch_close(glimpse->watch);
        store_free(glimpse->store);
    }
    *glimpse = (struct glimpse){0};
}

/* What a release began with can be large, and no page shows it. */
static void prune_record(struct doc *object, const struct node *managers)
{
    static const char *const left_out[] = {"sources", "params", "checks", "accepted"};
    struct node *root = doc_root(object);
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++) {
        node_remove(node_get(root, "spec"), left_out[i]);
    }
}

static void open_events(struct look *look)
{
    char *fields = str_format("involvedObject.kind=Canary,involvedObject.name=%s", look->canary);
    open_glimpse(look, &look->events, &KUBE_EVENTS, NULL, fields);
    str_free(&fields);
}

/* --- which releases there are --- */

/* The number at the end of "podinfo-7"; 0: it has none. */
static int64_t number_of(const char *name)
{
    const char *dash = strrchr(name, '-');
    return dash != NULL ? strtoll(dash + 1, NULL, 10) : 0;
}

struct listing {
    const struct look *look;
    struct doc *doc;
    char *chosen;
    int64_t highest;
};

static bool list_one(void *ctx, const char *namespace, const char *name, const struct doc *object)
{
    struct listing *listing = ctx;
    const struct node *root = doc_root(object);
    int64_t number = number_of(name), wanted = listing->look->number;
    if (!node_is(node_at(root, "spec", "canary"), listing->look->canary)) {
        return true;
    }
    if ((wanted == 0 && number > listing->highest) || (wanted > 0 && number == wanted)) {
        str_free(&listing->chosen);
        listing->chosen = str_dup(name);
        listing->highest = number;
    }
    struct node *one = node_new_object(listing->doc);
    node_set_int(listing->doc, one, "number", number);
    node_set_str(listing->doc, one, "state", node_str(node_at(root, "status", "state")));
    node_set_str(listing->doc, one, "created", node_str(node_at(root, "metadata", "creationTimestamp")));
    node_push(doc_root(listing->doc), one);
    return true;
}

/* Follows the release that is looked at to its record, and gives the list of all. */
static struct doc *list_releases(struct look *look)
{
    struct listing listing = {.look = look, .doc = doc_new()};
    doc_set_root(listing.doc, node_new_array(listing.doc));
    store_each(look->sources.releases, look->namespace, list_one, &listing);
    if (!str_equal(listing.chosen, look->release)) {
        close_glimpse(&look->record);
        str_free(&look->release);
        look->release = listing.chosen;
        if (look->release != NULL) {
            char *fields = str_format("metadata.name=%s", look->release);
            open_glimpse(look, &look->record, &KUBE_RELEASES, prune_record, fields);
            str_free(&fields);
        }
    } else {
        str_free(&listing.chosen);
    }
    return listing.doc;
}

/* --- writing --- */

static void add_problem(struct doc *doc, const char *what, const char *problem)
{
    if (!str_empty(problem)) {
        char *text = str_format("%s: %s", what, problem);
        node_push_str(doc, node_get(doc_root(doc), "problems"), text);
        str_free(&text);
    }
}

static bool push_event(void *ctx, const char *namespace, const char *name, const struct doc *object)
{
    struct doc *order = ctx;
    node_push(node_get(doc_root(order), "events"), node_copy(order, doc_root(object)));
    return true;
}

static struct doc *order_of(const struct look *look, const struct doc *record)
{
    struct doc *order = doc_new();
    struct node *root = node_new_object(order);
    doc_set_root(order, root);
    node_set(order, root, "release", node_copy(order, doc_root(record)));
    struct doc *canary = store_find(look->sources.canaries, look->namespace, look->canary);
    node_set(order, root, "canary", node_copy(order, doc_root(canary)));
    doc_free(canary);
    node_set(order, root, "events", node_new_array(order));
    if (look->events.store != NULL) {
        store_each(look->events.store, NULL, push_event, order);
    }
    return order;
}

/* It takes some memory, and most days nobody looks. */
static struct tool *tool_of(const struct look *look)
{
    if (*look->sources.tool == NULL) {
        *look->sources.tool = tool_open();
    }
    return *look->sources.tool;
}

static void add_record(const struct look *look, struct doc *doc)
{
    struct doc *record = look->release != NULL ? store_find(look->record.store, look->namespace, look->release) : NULL;
    if (record == NULL) {
        return;
    }
    struct err err = {0};
    struct doc *order = order_of(look, record);
    struct doc *drawn = tool_call(tool_of(look), "tool.board.release", "draw", doc_root(order), &err);
    const struct node *root = doc_root(drawn);
    node_set(doc, doc_root(doc), "release", node_copy(doc, node_get(root, "release")));
    add_problem(doc, look->release, drawn != NULL ? node_str(node_get(root, "problem")) : err.text);
    doc_free(drawn);
    doc_free(order);
    doc_free(record);
}

static bool add_canary(const struct look *look, struct doc *doc)
{
    struct doc *canary = store_find(look->sources.canaries, look->namespace, look->canary);
    if (canary != NULL) {
        struct doc *row = row_of(doc_root(canary), look->sources.releases);
        node_set(doc, doc_root(doc), "canary", node_copy(doc, doc_root(row)));
        doc_free(row);
    }
    doc_free(canary);
    return canary != NULL;
}

static char *write(struct look *look)
{
    struct doc *doc = doc_new(), *releases = list_releases(look);
    struct node *root = node_new_object(doc);
    doc_set_root(doc, root);
    node_set_str(doc, root, "namespace", look->namespace);
    node_set_str(doc, root, "name", look->canary);
    node_set_int(doc, root, "number", look->release != NULL ? number_of(look->release) : look->number);
    node_set_bool(doc, root, "synced", store_is_synced(look->sources.releases));
    node_set(doc, root, "releases", node_copy(doc, doc_root(releases)));
    node_set(doc, root, "problems", node_new_array(doc));
    bool is_there = add_canary(look, doc) || look->release != NULL;
    if (is_there && look->events.store == NULL) { /* none is opened for a name that somebody made up */
        open_events(look);
    }
    add_record(look, doc);
    add_problem(doc, "the record", look->record.watch != NULL ? watch_trouble(look->record.watch) : "");
    add_problem(doc, "events", look->events.watch != NULL ? watch_trouble(look->events.watch) : "");
    char *text = node_to_text(root);
    doc_free(releases);
    doc_free(doc);
    return text;
}

const char *look_text(struct look *look)
{
    if (look->text == NULL || look->written != look->serial) {
        look->written = look->serial;
        str_free(&look->text);
        look->text = write(look);
    }
    return look->text;
}

uint64_t look_serial(const struct look *look)
{
    return look->serial;
}

/* --- life --- */

static void on_canary(void *ctx, const struct store *store, const char *namespace, const char *name)
{
    struct look *look = ctx;
    if (name == NULL || (str_equal(name, look->canary) && str_equal(namespace, look->namespace))) {
        on_glimpse(look, store, namespace, name);
    }
}

/* A Release has the name of its Canary, or the beginning of a long one, and a number. */
static void on_release(void *ctx, const struct store *store, const char *namespace, const char *name)
{
    struct look *look = ctx;
    if (name == NULL || (str_equal(namespace, look->namespace) && strncmp(name, look->canary, SAME_BEGINNING) == 0) ||
        (str_equal(namespace, look->namespace) && str_has_prefix(name, look->canary))) {
        on_glimpse(look, store, namespace, name);
    }
}

struct look *look_open(const struct look_sources *sources, const char *namespace, const char *canary, int64_t number,
                       void (*changed)(void *ctx), void *ctx)
{
    struct look *look = mem_new(struct look);
    *look = (struct look){.sources = *sources, .number = number, .serial = 1, .changed = changed, .ctx = ctx};
    look->namespace = str_dup(namespace);
    look->canary = str_dup(canary);
    store_subscribe(sources->canaries, on_canary, look);
    store_subscribe(sources->releases, on_release, look);
    return look;
}

void look_close(struct look *look)
{
    store_unsubscribe(look->sources.canaries, on_canary, look);
    store_unsubscribe(look->sources.releases, on_release, look);
    close_glimpse(&look->record);
    close_glimpse(&look->events);
    str_free(&look->namespace);
    str_free(&look->canary);
    str_free(&look->release);
    str_free(&look->text);
    mem_free(look);
}

bool look_is_at(const struct look *look, const char *namespace, const char *canary, int64_t number)
{
    return look->number == number && str_equal(look->namespace, namespace) && str_equal(look->canary, canary);
}
