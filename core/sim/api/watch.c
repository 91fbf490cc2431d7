/* A watch is an exchange that stays open. The database tells it every change, and it sends those that pass its filter
 * at once, so clients read changes in the order of the writes.
 *
 * A filter turns changes into others: an object that begins to match is ADDED, one that ceases to is DELETED as it was,
 * with the version of the change. */
#include "sim/api/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/api/failure.h"
#include "sim/api/filter.h"
#include "sim/api/inner.h"
#include "sim/api/object.h"
#include "sim/api/present.h"
#include "sim/api/reply.h"
#include "sim/api/table.h"

enum {
    DEFAULT_TIMEOUT_S = 1800,
    BOOKMARK_MS = 60 * 1000,
    LAST_BOOKMARK_MS = 2000, /* before the end */
    EVENT_MAX = 16 * 1024 * 1024
};

struct watch {
    struct request request; /* its own: api, exchange, kind, namespace, form; no segments */
    char *namespace;
    struct filter filter;
    struct timer timeout, bookmark;
    bool bookmarks, sent_columns;
    int64_t end_ms; /* monotonic */
    struct watch *next;
};

/* --- life --- */

static void on_change(void *ctx, const struct objects_event *event);

static void watch_free(struct watch *watch)
{
    struct watch **at = &watch->request.api->watches;
    while (*at != NULL && *at != watch) {
        at = &(*at)->next;
    }
    if (*at != NULL) {
        *at = watch->next;
    }
    objects_unlisten(watch->request.api->objects, on_change, watch);
    timer_cancel(&watch->timeout);
    timer_cancel(&watch->bookmark);
    filter_fini(&watch->filter);
    str_free(&watch->namespace);
    mem_free(watch);
}

static void watch_end(struct watch *watch)
{
    struct exchange *exchange = watch->request.exchange;
    watch_free(watch);
    exchange_end(exchange);
}

static void on_gone(void *ctx)
{
    watch_free(ctx);
}

void api_watches_end(struct api *api)
{
    while (api->watches != NULL) {
        watch_end(api->watches);
    }
}

void api_watches_end_of(struct api *api, const struct kind *kind)
{
    struct watch *next;
    for (struct watch *watch = api->watches; watch != NULL; watch = next) {
        next = watch->next;
        if (watch->request.kind == kind) {
            watch_end(watch);
        }
    }
}

/* --- sending --- */

static struct doc *event_table(struct watch *watch, const struct node *object)
{
    struct doc *rows = doc_new();
    struct node *array = node_new_array(rows), *metadata = node_new_object(rows);
    doc_set_root(rows, array);
    node_push(array, node_copy(rows, object));
    node_set_str(rows, metadata, "resourceVersion", meta_str(object, "resourceVersion"));
    struct doc *table = api_table_new(&watch->request, array, metadata, !watch->sent_columns);
    watch->sent_columns = true;
    doc_free(rows);
    return table;
}

/* `object` NULL: a bookmark or an error, which `body` is as it stands. */
static void send_event(struct watch *watch, const char *type, const struct node *object, const struct node *body)
{
    struct doc *doc = doc_new(), *table = NULL;
    struct node *event = node_new_object(doc);
    node_set_str(doc, event, "type", type);
    if (object != NULL && watch->request.form == FORM_TABLE) {
        table = event_table(watch, object);
        node_set(doc, event, "object", node_copy(doc, doc_root(table)));
    } else if (object != NULL && watch->request.form == FORM_PARTIAL) {
        node_set(doc, event, "object", api_present_partial(doc, object));
    } else {
        node_set(doc, event, "object",
                 object != NULL ? api_present(doc, watch->request.kind, object, false) : node_copy(doc, body));
    }
    struct buf b;
    buf_init(&b, EVENT_MAX);
    node_write(event, &b);
    buf_append_char(&b, '\n');
    exchange_send(watch->request.exchange, buf_str(&b), b.len);
    buf_fini(&b);
    doc_free(table);
    doc_free(doc);
}

/* Most events are the text of what is stored with a word before it. */
static void send_change(struct watch *watch, const char *type, const struct objects_event *event)
{
    if (watch->request.form != FORM_OBJECT || api_present_changes(watch->request.kind, event->object)) {
        send_event(watch, type, event->object, NULL);
        return;
    }
    struct buf b;
    buf_init(&b, EVENT_MAX);
    buf_printf(&b, "{\"type\":\"%s\",\"object\":", type);
    buf_append(&b, event->text, event->text_len);
    buf_append_str(&b, "}\n");
    exchange_send(watch->request.exchange, buf_str(&b), b.len);
    buf_fini(&b);
}

static void send_bookmark(struct watch *watch, bool ends_initial)
{
    const struct kind *kind = watch->request.kind;
    struct doc *doc = doc_new();
    struct node *object = node_new_object(doc), *metadata = node_ensure_object(doc, object, "metadata");
    char *version = api_version_of(kind);
    char *at = str_format("%lld", (long long)objects_version(watch->request.api->objects));
    bool is_partial = watch->request.form == FORM_PARTIAL;
    node_set_str(doc, object, "kind", is_partial ? "PartialObjectMetadata" : kind->name);
    node_set_str(doc, object, "apiVersion", is_partial ? "meta.k8s.io/v1" : version);
    node_set_str(doc, metadata, "resourceVersion", at);
    if (ends_initial) {
        node_set_str(doc, node_ensure_object(doc, metadata, "annotations"), "k8s.io/initial-events-end", "true");
    }
    if (watch->request.form == FORM_TABLE) {
        struct doc *table = event_table(watch, object);
        node_set(doc, doc_root(table), "rows", NULL);
        send_event(watch, "BOOKMARK", NULL, doc_root(table));
        doc_free(table);
    } else {
        send_event(watch, "BOOKMARK", NULL, object);
    }
    mem_free(version);
    mem_free(at);
    doc_free(doc);
}

static void send_deleted_as_it_was(struct watch *watch, const struct objects_event *event)
{
    struct doc *doc = doc_copy(event->before);
    char *version = str_format("%lld", (long long)event->version);
    node_set_str(doc, node_get(doc_root(doc), "metadata"), "resourceVersion", version);
    send_event(watch, "DELETED", doc_root(doc), NULL);
    mem_free(version);
    doc_free(doc);
}

static void on_change(void *ctx, const struct objects_event *event)
{
    struct watch *watch = ctx;
    if (watch->namespace != NULL && !str_equal(watch->namespace, meta_str(event->object, "namespace"))) {
        return;
    }
    bool matched = event->before != NULL && filter_matches(&watch->filter, event->before);
    bool matches = event->change != OBJECTS_DELETED && filter_matches(&watch->filter, event->object);
    if (matches) {
        send_change(watch, matched ? "MODIFIED" : "ADDED", event);
    } else if (matched && event->change == OBJECTS_DELETED) {
        send_change(watch, "DELETED", event);
    } else if (matched) {
        send_deleted_as_it_was(watch, event);
    }
}

static bool send_existing(void *ctx, const struct node *object)
{
    struct watch *watch = ctx;
    if (filter_matches(&watch->filter, object)) {
        send_event(watch, "ADDED", object, NULL);
    }
    return true;
}

/* --- time --- */

static void on_timeout(struct timer *timer, void *ctx)
{
    watch_end(ctx);
}

static void start_bookmark(struct watch *watch);

static void on_bookmark(struct timer *timer, void *ctx)
{
    struct watch *watch = ctx;
    send_bookmark(watch, false);
    start_bookmark(watch);
}

/* Every minute, and once shortly before the end, so that the next watch starts where this one was. */
static void start_bookmark(struct watch *watch)
{
    struct clock *clock = watch->request.api->clock;
    int64_t left_ms = watch->end_ms - LAST_BOOKMARK_MS - clock_mono_ms(clock);
    if (watch->bookmarks && left_ms > 0) {
        timer_start(clock, &watch->bookmark, left_ms < BOOKMARK_MS ? left_ms : BOOKMARK_MS, on_bookmark, watch);
    }
}

/* --- the start --- */

static bool param_is_true(const struct request *request, const char *name)
{
    char *value = exchange_param(request->exchange, name);
    bool is_true = value != NULL && !str_equal(value, "false") && !str_equal(value, "0");
    mem_free(value);
    return is_true;
}

static int64_t timeout_of(const struct request *request)
{
    char *text = exchange_param(request->exchange, "timeoutSeconds");
    int64_t seconds = text != NULL ? strtoll(text, NULL, 10) : 0;
    mem_free(text);
    return (seconds > 0 ? seconds : DEFAULT_TIMEOUT_S) * 1000;
}

static void send_expired(struct watch *watch, int64_t version)
{
    struct failure f = {0};
    fail_with(&f, 410, "Expired", "too old resource version: %lld (%lld)", (long long)version,
              (long long)objects_oldest(watch->request.api->objects));
    struct doc *status = failure_status(&f);
    send_event(watch, "ERROR", NULL, doc_root(status));
    doc_free(status);
    failure_fini(&f);
    watch_end(watch);
}

/* From `version` on; 0: everything there is, then what changes. */
static void begin(struct watch *watch, int64_t version, bool initial)
{
    struct api *api = watch->request.api;
    const char *storage = watch->request.kind->storage;
    exchange_begin(watch->request.exchange, 200, "application/json");
    if (initial || version == 0) {
        objects_each(api->objects, storage, watch->namespace, send_existing, watch);
    } else if (!objects_replay(api->objects, storage, version, on_change, watch)) {
        send_expired(watch, version);
        return;
    }
    if (initial) {
        send_bookmark(watch, true);
    }
    objects_listen_to(api->objects, storage, on_change, watch);
    int64_t timeout_ms = watch->end_ms - clock_mono_ms(api->clock);
    timer_start(api->clock, &watch->timeout, timeout_ms, on_timeout, watch);
    start_bookmark(watch);
}

static bool version_read(const struct request *request, int64_t *version, struct failure *f)
{
    char *text = exchange_param(request->exchange, "resourceVersion"), *end = "";
    errno = 0;
    *version = str_empty(text) ? 0 : strtoll(text, &end, 10);
    bool ok = str_empty(text) || (*end == '\0' && errno == 0 && *version >= 0);
    if (!ok) {
        fail_with(f, 500, NULL,
                  "resourceVersion: Invalid value: \"%s\": strconv.ParseUint: parsing \"%s\": invalid syntax", text,
                  text);
    }
    mem_free(text);
    return ok;
}

bool api_watch_is_wanted(const struct request *request)
{
    char *watch = exchange_param(request->exchange, "watch");
    bool wants = watch != NULL && !str_equal(watch, "false") && !str_equal(watch, "0");
    mem_free(watch);
    return wants;
}

void api_watch_start(const struct request *request)
{
    struct failure f = {0};
    struct filter filter = {0};
    int64_t version = 0;
    if (!filter_read(request, &filter, &f) || !version_read(request, &version, &f)) {
        api_reply_failure(request, &f);
        failure_fini(&f);
        filter_fini(&filter);
        return;
    }
    struct watch *watch = mem_new(struct watch);
    watch->request = (struct request){
        .api = request->api, .exchange = request->exchange, .kind = request->kind, .form = request->form};
    watch->namespace = str_dup(request->namespace);
    watch->filter = filter;
    watch->bookmarks = param_is_true(request, "allowWatchBookmarks");
    watch->end_ms = clock_mono_ms(request->api->clock) + timeout_of(request);
    watch->next = request->api->watches;
    request->api->watches = watch;
    request->exchange->gone = on_gone;
    request->exchange->ctx = watch;
    begin(watch, version, param_is_true(request, "sendInitialEvents"));
}
