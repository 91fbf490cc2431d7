#include "board/feed.h"

#include <utlist.h>

#include "base/mem.h"
#include "base/str.h"

enum {
    MESSAGE_MAX = 16 * 1024 * 1024,
    ROWS_MAX = 512 * 1024 /* bytes of rows in a message */,
    HEARTBEAT_MS = 15 * 1000
};

/* A look that is open, with how many pages look at it. */
struct shared {
    struct shared *prev, *next;
    struct look *look;
    size_t pages;
};

struct page {
    struct page *prev, *next;
    struct feed *feed;
    struct exchange *exchange;
    struct shared *shared; /* NULL: the overview */
    bool has_begun;        /* something was sent */
    uint64_t sent;         /* the serial that it was sent; of the overview, that of the last row */
    uint64_t known;        /* of the overview: the serial up to which it was told what went */
    size_t unsent;         /* when it was looked at last */
    int64_t taken_ms;      /* when it took something last */
};

struct feed {
    struct feed_options options;
    struct roster *roster;
    struct page *pages;
    struct shared *looks;
    size_t count;
    struct timer pace, heartbeat;
};

/* --- what a page is sent --- */

static int64_t now_ms(const struct feed *feed)
{
    const struct clock *clock = feed->options.cluster_clock;
    return clock != NULL ? clock_wall_ms(clock) : kube_client_now_ms(feed->options.sources.kube);
}

static void begin_event(struct feed *feed, struct buf *out, const char *name)
{
    buf_printf(out, "event: %s\ndata: {\"now\":%lld", name, (long long)now_ms(feed));
}

static void write_event(struct feed *feed, struct buf *out, const char *name, const char *key, const char *json)
{
    begin_event(feed, out, name);
    buf_printf(out, ",\"%s\":", key);
    buf_append_str(out, json);
    buf_append_str(out, "}\n\n");
}

/* Of many Canaries a message has some, and says that there are more: the page gets them when it has taken these. */
static void write_overview(struct page *page, struct buf *out)
{
    struct roster *roster = page->feed->roster;
    bool is_whole = !page->has_begun || roster_has_lost(roster, page->known);
    begin_event(page->feed, out, is_whole ? "overview" : "rows");
    buf_append_str(out, ",\"rows\":");
    page->sent = roster_write(roster, is_whole ? 0 : page->sent, ROWS_MAX, out);
    page->known = roster_serial(roster);
    buf_append_str(out, page->sent == page->known ? "}\n\n" : ",\"more\":true}\n\n");
}

static void write_health(struct feed *feed, struct buf *out)
{
    const char *trouble = feed->options.trouble != NULL ? feed->options.trouble(feed->options.ctx) : "";
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_object(doc));
    node_set_bool(doc, doc_root(doc), "synced", store_is_synced(feed->options.sources.canaries));
    node_set_str(doc, doc_root(doc), "trouble", trouble);
    node_set_str(doc, doc_root(doc), "hint", feed->options.hint);
    char *text = node_to_text(doc_root(doc));
    write_event(feed, out, "health", "health", text);
    str_free(&text);
    doc_free(doc);
}

static bool is_behind(const struct page *page)
{
    return page->sent != (page->shared != NULL ? look_serial(page->shared->look) : roster_serial(page->feed->roster));
}

static void send_state(struct page *page)
{
    struct buf out;
    buf_init(&out, MESSAGE_MAX);
    write_health(page->feed, &out);
    if (page->shared != NULL) {
        page->sent = look_serial(page->shared->look); /* before it is written: what changes meanwhile is sent later */
        write_event(page->feed, &out, "release", "look", look_text(page->shared->look));
    } else {
        write_overview(page, &out);
    }
    page->has_begun = true;
    if (!out.overflow) {
        exchange_send(page->exchange, buf_str(&out), out.len);
    }
    buf_fini(&out);
}

/* --- the pace --- */

static int64_t now_of(const struct feed *feed)
{
    return clock_mono_ms(feed->options.sources.clock);
}

static void leave(struct page *page);

/* Drops a page that does not read. True: it waits for something still. */
static bool serve_page(struct page *page)
{
    size_t unsent = exchange_unsent(page->exchange);
    int64_t now_ms = now_of(page->feed);
    if (unsent == 0 || unsent < page->unsent) {
        page->taken_ms = now_ms;
    }
    page->unsent = unsent;
    if (unsent > 0 && now_ms - page->taken_ms >= FEED_PATIENCE_MS) {
        page->exchange->gone = NULL;
        exchange_cut(page->exchange);
        leave(page);
        return false;
    }
    if (unsent == 0 && is_behind(page)) {
        send_state(page);
        page->unsent = exchange_unsent(page->exchange);
    }
    return page->unsent > 0 || is_behind(page);
}

static void on_pace(struct timer *timer, void *ctx)
{
    struct feed *feed = ctx;
    struct page *page, *next;
    bool waits = false;
    DL_FOREACH_SAFE(feed->pages, page, next)
    {
        waits |= serve_page(page);
    }
    if (waits && !timer_is_pending(&feed->pace)) {
        timer_start(feed->options.sources.clock, &feed->pace, FEED_PACE_MS, on_pace, feed);
    }
}

static void on_changed(void *ctx)
{
    struct feed *feed = ctx;
    if (feed->count > 0 && !timer_is_pending(&feed->pace)) {
        timer_start(feed->options.sources.clock, &feed->pace, FEED_PACE_MS, on_pace, feed);
    }
}

/* Also tells proxies, and each page, that somebody is there. */
static void on_heartbeat(struct timer *timer, void *ctx)
{
    struct feed *feed = ctx;
    struct page *page;
    struct buf out;
    buf_init(&out, MESSAGE_MAX);
    write_health(feed, &out);
    DL_FOREACH(feed->pages, page)
    {
        if (exchange_unsent(page->exchange) == 0) {
            exchange_send(page->exchange, buf_str(&out), out.len);
        }
    }
    buf_fini(&out);
    on_changed(feed);
    if (feed->count > 0) {
        timer_start(feed->options.sources.clock, &feed->heartbeat, HEARTBEAT_MS, on_heartbeat, feed);
    }
}

/* --- pages --- */

static struct shared *share_look(struct feed *feed, const char *namespace, const char *canary, int64_t number)
{
    struct shared *shared;
    DL_FOREACH(feed->looks, shared)
    {
        if (look_is_at(shared->look, namespace, canary, number)) {
            shared->pages++;
            return shared;
        }
    }
    shared = mem_new(struct shared);
    shared->look = look_open(&feed->options.sources, namespace, canary, number, on_changed, feed);
    shared->pages = 1;
    DL_APPEND(feed->looks, shared);
    return shared;
}

static void drop_look(struct feed *feed, struct shared *shared)
{
    if (shared != NULL && --shared->pages == 0) {
        DL_DELETE(feed->looks, shared);
        look_close(shared->look);
        mem_free(shared);
    }
}

static void leave(struct page *page)
{
    struct feed *feed = page->feed;
    DL_DELETE(feed->pages, page);
    feed->count--;
    drop_look(feed, page->shared);
    mem_free(page);
    if (feed->count == 0) {
        timer_cancel(&feed->pace);
        timer_cancel(&feed->heartbeat);
    }
}

static void on_gone(void *ctx)
{
    leave(ctx);
}

static void refuse(struct exchange *exchange)
{
    static const char text[] = "too many pages are open\n";
    exchange_add_header(exchange, "Retry-After", "30");
    exchange_answer(exchange, 503, "text/plain; charset=utf-8", text, sizeof text - 1);
}

void feed_serve(struct feed *feed, struct exchange *exchange, const char *namespace, const char *canary, int64_t number)
{
    if (feed->count >= FEED_PAGES_MAX) {
        refuse(exchange);
        return;
    }
    struct page *page = mem_new(struct page);
    page->feed = feed;
    page->exchange = exchange;
    page->taken_ms = now_of(feed);
    page->shared = canary != NULL ? share_look(feed, namespace, canary, number) : NULL;
    DL_APPEND(feed->pages, page);
    feed->count++;
    exchange->gone = on_gone;
    exchange->ctx = page;
    exchange_begin(exchange, 200, "text/event-stream; charset=utf-8");
    send_state(page);
    on_changed(feed);
    if (!timer_is_pending(&feed->heartbeat)) {
        timer_start(feed->options.sources.clock, &feed->heartbeat, HEARTBEAT_MS, on_heartbeat, feed);
    }
}

/* --- life --- */

struct feed *feed_new(const struct feed_options *options)
{
    struct feed *feed = mem_new(struct feed);
    feed->options = *options;
    feed->roster = roster_open(options->sources.canaries, options->sources.releases, on_changed, feed);
    return feed;
}

void feed_free(struct feed *feed)
{
    while (feed->pages != NULL) {
        struct page *page = feed->pages;
        page->exchange->gone = NULL;
        exchange_end(page->exchange);
        leave(page);
    }
    roster_close(feed->roster);
    mem_free(feed);
}
