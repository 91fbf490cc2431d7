/* List-and-watch of one kind.
 *
 *            ┌────────── 410, refused, garbage, a new kind ─────────┐
 *            ▼                                                     │
 *   open ─► LISTING ── last page ──► WATCHING ── any end ──► WATCHING again, from the last version seen
 *            │  ▲                        │
 *   failure  ▼  │ pause                  ▼ failure
 *          PAUSED ◄──────────────────────┘
 *
 * A list is read page by page into the store; what it does not name is gone. The watch begins at the list's version;
 * bookmarks move that version forward while nothing happens, so that the next watch need not see old events again.
 * Every end of a watch, clean or not, means "go on from the last version": an HTTP/2 connection that dies looks like
 * a clean end. Only what the server says about the version ("too old", or any refusal but those that speak of us or
 * of its being busy) and a line that is no event lead to a new list. */
#include "kube/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "kube/object.h"

enum {
    PAGE_SIZE = 500,
    /* bound of a page with more than one object; a larger page is asked for again with half as many */
    PAGE_BYTES_MAX = 2 * 1024 * 1024,
    PAGES_MAX = 10 * 1000, /* bound of one list: more than any etcd holds, whatever the size of a page */
    PAUSE_MIN_MS = 500,
    PAUSE_MAX_MS = 30 * 1000,
    ASKED_PAUSE_MAX_MS = 60 * 1000,
    LASTED_MS =
        5 * 1000, /* a watch that lasted so long was not refused at once; some proxies hang up after ten seconds */
    WATCH_MIN_S = 290,
    WATCH_SPREAD_S = 300,
    QUERY_MAX = 4096,
    VERSION_MAX = 32, /* of an object that is not parsed */
    LIST_TIMEOUT_MS = 60 * 1000,
};

struct watch {
    struct kube_client *client;
    struct clock *clock;
    struct store *store;
    char *namespace, *label_selector, *field_selector;
    bool metadata_only;
    struct kube_call *call;
    struct timer pause;
    int64_t pause_ms;
    int page_size;
    char *next_page;  /* the list's continue token; NULL: first page */
    int pages;        /* of the list under way */
    char *version;    /* to watch from; NULL: list first */
    bool list_again;  /* said by a line of the watch under way */
    bool has_news;    /* the watch under way has brought a change */
    int64_t began_ms; /* the watch under way, monotonic */
    bool unknown_kind;
    char *trouble;
    uint32_t random; /* for jitter only */
};

static void begin(struct watch *watch);

static const char *kind_of(const struct watch *watch)
{
    return store_resource(watch->store)->plural;
}

/* A linear congruential step (the constants of C11's example): it spreads the pauses, and need not be secret. */
static uint32_t jitter(struct watch *watch, uint32_t below)
{
    watch->random = watch->random * 1103515245u + 12345u;
    return (watch->random >> 8) % below;
}

/* --- trouble and pauses --- */

static void set_trouble(struct watch *watch, const char *text)
{
    if (!str_equal(watch->trouble, text)) {
        if (text[0] != '\0') {
            log_warn(NULL, "watch of %s: %s", kind_of(watch), text);
        }
        str_free(&watch->trouble);
        watch->trouble = str_dup(text);
    }
}

static void on_pause_over(struct timer *timer, void *ctx)
{
    begin(ctx);
}

/* The pause that the server asks for counts up to a minute: an engine without watches leaves every release where it
 * is. */
static void pause_then_begin(struct watch *watch, int64_t at_least_ms)
{
    at_least_ms = at_least_ms < ASKED_PAUSE_MAX_MS ? at_least_ms : ASKED_PAUSE_MAX_MS;
    watch->pause_ms = watch->pause_ms == 0                 ? PAUSE_MIN_MS
                      : watch->pause_ms * 2 < PAUSE_MAX_MS ? watch->pause_ms * 2
                                                           : PAUSE_MAX_MS;
    int64_t wait_ms = watch->pause_ms / 2 + jitter(watch, (uint32_t)(watch->pause_ms / 2) + 1);
    timer_start(watch->clock, &watch->pause, wait_ms > at_least_ms ? wait_ms : at_least_ms, on_pause_over, watch);
}

/* The server serves this watch. */
static void be_well(struct watch *watch)
{
    watch->unknown_kind = false;
    set_trouble(watch, "");
}

static void fail(struct watch *watch, const struct err *err)
{
    watch->unknown_kind = err->code == ERR_NOT_FOUND;
    set_trouble(watch, err->text);
    pause_then_begin(watch, watch->unknown_kind ? PAUSE_MAX_MS : err->retry_after_ms);
}

static void forget_list(struct watch *watch)
{
    str_free(&watch->next_page);
    str_free(&watch->version);
}

/* --- queries --- */

static void append_parameter(struct buf *query, const char *name, const char *value)
{
    if (!str_empty(value)) {
        buf_printf(query, "%s%s=", query->len > 0 ? "&" : "", name);
        buf_append_url(query, value);
    }
}

static void append_selectors(const struct watch *watch, struct buf *query)
{
    append_parameter(query, "labelSelector", watch->label_selector);
    append_parameter(query, "fieldSelector", watch->field_selector);
}

/* --- listing --- */

static struct kube_call *list_start(struct watch *watch, bool metadata_only, kube_done_fn *done)
{
    struct buf query;
    buf_init(&query, QUERY_MAX);
    buf_printf(&query, "limit=%d", watch->page_size);
    append_parameter(&query, "continue", watch->next_page);
    append_selectors(watch, &query);
    struct kube_request request = {.verb = KUBE_LIST,
                                   .resource = store_resource(watch->store),
                                   .namespace = watch->namespace,
                                   .query = buf_str(&query),
                                   .timeout_ms = LIST_TIMEOUT_MS,
                                   .answer_max = watch->page_size > 1 ? PAGE_BYTES_MAX : 0,
                                   .metadata_only = metadata_only};
    struct kube_call *call = kube_start(watch->client, &request, done, watch);
    buf_fini(&query);
    return call;
}

/* Logs which object is too large for a page of its own. Without it the kind is not known, so a person must learn its
 * name. */
static void on_too_large_named(void *ctx, const struct doc *answer, const struct err *err)
{
    struct watch *watch = ctx;
    const struct node *object = node_item(node_get(doc_root(answer), "items"), 0);
    const char *namespace = object_namespace(object), *name = object_name(object);
    struct err failure = *err;
    watch->call = NULL;
    if (answer != NULL) {
        err_set(&failure, ERR_TOO_LARGE, "%s %s%s%s is larger than %d MiB: no object after it is known", kind_of(watch),
                str_empty(namespace) ? "" : namespace, str_empty(namespace) ? "" : "/", str_empty(name) ? "?" : name,
                HTTP_RESPONSE_MAX / (1024 * 1024));
    }
    fail(watch, &failure);
}

static void on_list_failed(struct watch *watch, const struct err *err)
{
    if (err->code == ERR_TOO_LARGE && watch->page_size > 1) {
        watch->page_size /= 2;
        begin(watch);
    } else if (err->code == ERR_TOO_LARGE) {
        watch->call = list_start(watch, true, on_too_large_named);
    } else {
        if (err->code == ERR_GONE) {
            forget_list(watch); /* the continue token is too old: from the first page */
        }
        fail(watch, err);
    }
}

/* A list without items has an empty array or null there. Anything else is no list, and must not be read as "all is
 * gone". */
static bool check_list(const struct watch *watch, const struct node *root, struct err *err)
{
    enum node_type type = node_type(node_get(root, "items"));
    return type == NODE_ARRAY || type == NODE_NULL ||
           err_set(err, ERR_PARSE, "list of %s: the answer is no list", kind_of(watch));
}

/* Bounds the pages of a list: a server that names the same page again, or ever more pages, would be asked for ever. */
static bool check_next(struct watch *watch, const char *next, struct err *err)
{
    watch->pages++;
    if (str_empty(next) || (!str_equal(next, watch->next_page) && watch->pages < PAGES_MAX)) {
        return true;
    }
    forget_list(watch);
    return err_set(err, ERR_PARSE, "list of %s: the list does not end (page %d continues with %s)", kind_of(watch),
                   watch->pages, watch->pages < PAGES_MAX ? "itself" : "another");
}

/* Items of a list carry no apiVersion and kind of their own; nothing in the store needs them. */
static void on_page(void *ctx, const struct doc *answer, const struct err *err)
{
    struct watch *watch = ctx;
    const struct node *root = doc_root(answer);
    struct err failure = *err;
    watch->call = NULL;
    if (answer == NULL || !check_list(watch, root, &failure)) {
        on_list_failed(watch, &failure);
        return;
    }
    struct node_iter it = node_iterate(node_get(root, "items"));
    while (node_next(&it)) {
        store_list_item(watch->store, it.value);
    }
    const char *next = node_str(node_at(root, "metadata", "continue"));
    if (!check_next(watch, next, &failure)) {
        fail(watch, &failure);
        return;
    }
    str_free(&watch->next_page);
    if (!str_empty(next)) {
        watch->next_page = str_dup(next);
    } else {
        watch->version = str_dup(node_str_or(node_at(root, "metadata", "resourceVersion"), "0"));
        watch->unknown_kind = false;
        set_trouble(watch, "");
        store_list_end(watch->store, watch->version);
    }
    begin(watch);
}

static void list_page(struct watch *watch)
{
    if (watch->next_page == NULL) {
        store_list_begin(watch->store);
        watch->pages = 0;
    }
    watch->call = list_start(watch, watch->metadata_only, on_page);
}

/* --- watching --- */

/* Ends the watch and asks for a new list. `text`: the reason, for the log; NULL: an ordinary one. */
static bool want_list(struct watch *watch, const char *text)
{
    watch->list_again = true;
    if (text != NULL) {
        set_trouble(watch, text);
    }
    return false;
}

/* "0": from a list without a version, so a watch may begin with what there is, in any order. Versions that are no
 * numbers cannot be compared. */
static bool goes_back(const char *from, const char *to)
{
    size_t from_len = strlen(from), to_len = strlen(to);
    bool are_numbers = strspn(from, "0123456789") == from_len && strspn(to, "0123456789") == to_len;
    if (str_equal(from, "0") || !are_numbers || from[0] == '0' || to[0] == '0') {
        return false;
    }
    return to_len != from_len ? to_len < from_len : strcmp(to, from) < 0;
}

/* The changes of a watch have rising versions. A server that goes back was restored from a backup under the watch: the
 * store would take what comes now for older than what it has, until it is listed anew. */
static bool see_version(struct watch *watch, const char *version)
{
    if (str_empty(version)) {
        return true;
    }
    if (goes_back(watch->version, version)) {
        char *text = str_format("resourceVersion goes back from %s to %s", watch->version, version);
        want_list(watch, text);
        str_free(&text);
        return false;
    }
    str_free(&watch->version);
    watch->version = str_dup(version);
    be_well(watch);
    return true;
}

static bool on_error_event(struct watch *watch, const struct node *object)
{
    if (node_int_or(node_get(object, "code"), 0) == 410) {
        return want_list(watch, NULL);
    }
    char *text = str_format("event ERROR: %s", node_str_or(node_get(object, "message"), ""));
    want_list(watch, text);
    str_free(&text);
    return false;
}

static bool on_event(struct watch *watch, const struct node *event)
{
    const char *type = node_str_or(node_get(event, "type"), "");
    const struct node *object = node_get(event, "object");
    bool is_change = strcmp(type, "ADDED") == 0 || strcmp(type, "MODIFIED") == 0 || strcmp(type, "DELETED") == 0;
    if (strcmp(type, "ERROR") == 0) {
        return on_error_event(watch, object);
    }
    if ((!is_change && strcmp(type, "BOOKMARK") != 0) || (is_change && str_empty(object_name(object)))) {
        return want_list(watch, "a line that is no event");
    }
    if (!see_version(watch, node_str(node_at(object, "metadata", "resourceVersion")))) {
        return false;
    }
    if (is_change) {
        watch->has_news = true;
        store_event(watch->store, object, strcmp(type, "DELETED") == 0);
    }
    return true;
}

/* Half of the events of a release are about our own writes, whose answers are in the store already: such a line is not
 * parsed. Its version is looked for as servers write an object, metadata before what the object says; what stands in
 * another order is parsed. */
static bool is_own_write(const struct watch *watch, const char *line, size_t len, char *version, size_t size)
{
    static const char change[] = "{\"type\":\"MODIFIED\",", key[] = "\"resourceVersion\":\"";
    if (len < sizeof change || memcmp(line, change, sizeof change - 1) != 0) {
        return false;
    }
    const char *at = memmem(line, len, key, sizeof key - 1);
    const char *number = at != NULL ? at + sizeof key - 1 : NULL;
    const char *end = number != NULL ? memchr(number, '"', len - (size_t)(number - line)) : NULL;
    if (end == NULL || (size_t)(end - number) >= size) {
        return false;
    }
    memcpy(version, number, (size_t)(end - number));
    version[end - number] = '\0';
    return store_has_put(watch->store, version);
}

static bool on_line(void *ctx, const char *line, size_t len)
{
    struct watch *watch = ctx;
    struct err err = {0};
    char version[VERSION_MAX];
    if (is_own_write(watch, line, len, version, sizeof version)) {
        watch->has_news = true;
        return see_version(watch, version);
    }
    struct doc *event = doc_parse(line, len, &err);
    if (event == NULL) {
        err_wrap(&err, "a line that is no event");
        return want_list(watch, err.text);
    }
    bool more = on_event(watch, doc_root(event));
    doc_free(event);
    return more;
}

/* True when the server's refusal is about the version, so that only a new list helps. A busy server, or one that
 * does not let us in, is asked for the same again; client-go is stricter still. A version from before a restore of
 * etcd may be refused with 400, 500 or 504 for ever, and no watch from it will ever begin. */
static bool is_about_version(const struct err *err)
{
    static const int others[] = {0, 401, 403, 429, 502, 503};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (err->http_status == others[i]) {
            return err->code == ERR_TOO_LARGE;
        }
    }
    return true;
}

/* After a watch that has lasted, or has brought a change, the next trouble counts as the first one. A bookmark alone
 * proves nothing, and a change before a new list little: a server may send them again and again. */
static void note_end(struct watch *watch)
{
    bool has_lasted = clock_mono_ms(watch->clock) - watch->began_ms >= LASTED_MS;
    if (has_lasted || (watch->has_news && !watch->list_again)) {
        watch->pause_ms = 0;
    }
    if (has_lasted && !watch->list_again) {
        be_well(watch); /* even if nothing happened */
    }
}

static void on_watch_end(void *ctx, const struct doc *answer, const struct err *err)
{
    struct watch *watch = ctx;
    watch->call = NULL;
    note_end(watch);
    if (watch->list_again || err->code == ERR_GONE) {
        forget_list(watch);
        pause_then_begin(watch, 0);
    } else if (err->code == ERR_NONE || err->code == ERR_TIMEOUT) {
        pause_then_begin(watch, 0);
    } else {
        if (is_about_version(err)) {
            forget_list(watch);
        }
        fail(watch, err);
    }
}

static void watch_from_version(struct watch *watch)
{
    struct buf query;
    buf_init(&query, QUERY_MAX);
    buf_append_str(&query, "watch=true&allowWatchBookmarks=true");
    append_parameter(&query, "resourceVersion", watch->version);
    buf_printf(&query, "&timeoutSeconds=%u", WATCH_MIN_S + jitter(watch, WATCH_SPREAD_S));
    append_selectors(watch, &query);
    struct kube_request request = {.verb = KUBE_WATCH,
                                   .resource = store_resource(watch->store),
                                   .namespace = watch->namespace,
                                   .query = buf_str(&query),
                                   .metadata_only = watch->metadata_only};
    watch->list_again = watch->has_news = false;
    watch->began_ms = clock_mono_ms(watch->clock);
    watch->call = kube_watch_start(watch->client, &request, on_line, on_watch_end, watch);
    buf_fini(&query);
}

static void begin(struct watch *watch)
{
    if (watch->version == NULL) {
        list_page(watch);
    } else {
        watch_from_version(watch);
    }
}

/* --- open and close --- */

struct watch *watch_open(struct kube_client *client, struct clock *clock, struct store *store,
                         const struct watch_options *options)
{
    struct watch *watch = mem_new(struct watch);
    watch->client = client;
    watch->clock = clock;
    watch->store = store;
    watch->namespace = str_dup(options->namespace);
    watch->label_selector = str_dup(options->label_selector);
    watch->field_selector = str_dup(options->field_selector);
    watch->metadata_only = options->metadata_only;
    watch->page_size = PAGE_SIZE;
    watch->trouble = str_dup("");
    watch->random = (uint32_t)clock_wall_ms(clock) ^ (uint32_t)(uintptr_t)kind_of(watch)[0] << 16;
    begin(watch);
    return watch;
}

void watch_close(struct watch *watch)
{
    timer_cancel(&watch->pause);
    if (watch->call != NULL) {
        kube_cancel(watch->call);
    }
    forget_list(watch);
    str_free(&watch->namespace);
    str_free(&watch->label_selector);
    str_free(&watch->field_selector);
    str_free(&watch->trouble);
    mem_free(watch);
}

const char *watch_trouble(const struct watch *watch)
{
    return watch->trouble;
}

bool watch_is_unknown_kind(const struct watch *watch)
{
    return watch->unknown_kind;
}
