/* A board on an embedded cluster in virtual time, and pages that are no browsers: what they ask, what they were sent,
 * and how much of it they have read is the test's. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "base/mem.h"
#include "board/board.h"
#include "board/source.h"
#include "fake_doc.h"
#include "io/virtual_clock.h"
#include "lab/stage.h"

enum { WORLD_BEGIN_S = 1795946400, PAGE_BODY_MAX = 4 * 1024 * 1024 }; /* 2026-11-29T10:00:00Z */

struct page_header {
    const char *name, *value;
};

struct page {
    struct exchange exchange;
    const struct page_header *asked; /* the request's headers; ends with a NULL name */
    struct str_list names, values;   /* the answer's */
    char type[64];
    int status;
    struct buf body;
    size_t unread; /* what exchange_unsent tells */
    bool reads;    /* all that it is sent, at once */
    bool ended, cut;
};

struct world {
    struct virtual_clock *time;
    struct clock *clock;
    struct stage stage;
    struct kube_client *kube;
    struct source source;
    struct board *board;
};

/* --- pages --- */

static inline struct page *page_of(struct exchange *exchange)
{
    return (struct page *)exchange;
}

static void page_add_header(struct exchange *exchange, const char *name, const char *value)
{
    str_list_push(&page_of(exchange)->names, name);
    str_list_push(&page_of(exchange)->values, value);
}

static void page_begin(struct exchange *exchange, int status, const char *content_type)
{
    assert_int_equal(page_of(exchange)->status, 0);
    page_of(exchange)->status = status;
    str_copy(page_of(exchange)->type, sizeof page_of(exchange)->type, content_type);
}

static void page_send(struct exchange *exchange, const char *bytes, size_t len)
{
    struct page *page = page_of(exchange);
    assert_false(page->ended || page->cut);
    assert_true(buf_append(&page->body, bytes, len));
    page->unread += page->reads ? 0 : len;
}

static void page_end(struct exchange *exchange)
{
    assert_false(page_of(exchange)->ended);
    page_of(exchange)->ended = true;
}

static size_t page_unsent(const struct exchange *exchange)
{
    return ((const struct page *)exchange)->unread;
}

static void page_cut(struct exchange *exchange)
{
    page_of(exchange)->cut = true;
}

static const char *page_asked(const struct exchange *exchange, const char *name)
{
    const struct page_header *header = ((const struct page *)exchange)->asked;
    for (; header != NULL && header->name != NULL; header++) {
        if (strcasecmp(header->name, name) == 0) {
            return header->value;
        }
    }
    return NULL;
}

static inline void page_init(struct page *page, const char *method, const char *path, const char *query,
                             const struct page_header *asked)
{
    static const struct exchange_ops ops = {page_add_header, page_begin, page_send, page_end, page_unsent, page_cut};
    *page = (struct page){.asked = asked, .reads = true};
    page->exchange = (struct exchange){
        .ops = &ops, .method = method, .path = path, .query = query, .body = "", .header = page_asked};
    buf_init(&page->body, PAGE_BODY_MAX);
}

static inline void page_fini(struct page *page)
{
    buf_fini(&page->body);
    str_list_fini(&page->names);
    str_list_fini(&page->values);
}

/* NULL: the answer has no such header. */
static inline const char *page_header(const struct page *page, const char *name)
{
    for (size_t i = 0; i < page->names.count; i++) {
        if (strcasecmp(page->names.items[i], name) == 0) {
            return page->values.items[i];
        }
    }
    return NULL;
}

/* The browser goes away. */
static inline void page_leave(struct page *page)
{
    if (page->exchange.gone != NULL) {
        page->exchange.gone(page->exchange.ctx);
    }
}

/* The data of the last event of this name, under its key; a new document. NULL: none came. */
static inline struct doc *page_last(const struct page *page, const char *name)
{
    char *mark = str_format("event: %s\ndata: ", name);
    const char *at = NULL, *next = buf_str(&page->body);
    while ((next = strstr(next, mark)) != NULL) {
        at = next += strlen(mark);
    }
    str_free(&mark);
    struct err err;
    struct doc *doc = at != NULL ? doc_parse(at, strcspn(at, "\n"), &err) : NULL;
    assert_true(at == NULL || doc != NULL);
    return doc;
}

/* --- the world --- */

static inline void world_run(struct world *w, int64_t ms)
{
    virtual_clock_run(w->time, clock_mono_ms(w->clock) + ms);
}

static inline void world_create(struct world *w, const char *text)
{
    struct err err = {0};
    struct doc *objects = fake_doc_format("[%s]", text);
    if (!cluster_create(w->stage.cluster, doc_root(objects), &err)) {
        fail_msg("%s", err.text);
    }
    doc_free(objects);
}

/* Before the board has read anything. */
static inline struct world *world_begin(const char *prefix)
{
    struct err err;
    struct world *w = mem_new(struct world);
    struct kube_config config = {0};
    w->time = virtual_clock_new(INT64_C(1000) * WORLD_BEGIN_S);
    w->clock = virtual_clock_clock(w->time);
    assert_true(stage_init(&w->stage, w->clock, 1, &err));
    world_create(w, "{'apiVersion': 'v1', 'kind': 'Namespace', 'metadata': {'name': 'test'}}");
    assert_true(kube_config_set_server(&config, CLUSTER_API_URL, &err));
    w->kube = kube_client_new(network_door(cluster_network(w->stage.cluster)), w->clock, NULL, &config);
    source_open(&w->source, w->kube, w->clock, NULL);
    struct board_options options = {
        .feed = {.sources = {.kube = w->kube,
                             .clock = w->clock,
                             .canaries = w->source.canaries,
                             .releases = w->source.releases},
                 .cluster_clock = w->clock,
                 .trouble = source_trouble,
                 .ctx = &w->source},
        .prefix = prefix,
    };
    str_list_push(&options.hosts, "board.example");
    w->board = board_open(&options);
    return w;
}

static inline struct world *world_open(const char *prefix)
{
    struct world *w = world_begin(prefix);
    world_run(w, 1000);
    return w;
}

static inline void world_close(struct world *w)
{
    board_close(w->board);
    source_close(&w->source);
    world_run(w, 1000);
    kube_client_free(w->kube);
    stage_fini(&w->stage);
    virtual_clock_free(w->time);
    mem_free(w);
}

static inline void world_ask(struct world *w, struct page *page, const char *path, const char *query)
{
    page_init(page, "GET", path, query, NULL);
    board_serve(w->board, &page->exchange);
}

static inline void world_canary(struct world *w, const char *namespace, const char *name)
{
    char *text = str_format("{'apiVersion': 'flagger.app/v1beta1', 'kind': 'Canary', 'metadata': {'name': '%s', "
                            "'namespace': '%s'}, 'spec': {'targetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', "
                            "'name': '%s'}, 'service': {'port': 80}, 'analysis': {'interval': '1m', 'threshold': 5, "
                            "'stepWeight': 10, 'maxWeight': 50}}}",
                            name, namespace, name);
    world_create(w, text);
    str_free(&text);
}

static void on_patched(void *ctx, const struct doc *answer, const struct err *err)
{
    assert_string_equal(err->text, "");
    *(bool *)ctx = true;
}

/* Changes an object, or with `subresource` its status, and lets a second pass. */
static inline void world_patch(struct world *w, const struct kube_resource *resource, const char *namespace,
                               const char *name, const char *subresource, const char *text)
{
    bool done = false;
    struct doc *body = fake_doc(text);
    struct kube_request request = {.verb = KUBE_PATCH_MERGE,
                                   .resource = resource,
                                   .namespace = namespace,
                                   .name = name,
                                   .subresource = subresource,
                                   .body = doc_root(body)};
    kube_start(w->kube, &request, on_patched, &done);
    world_run(w, 1000);
    assert_true(done);
    doc_free(body);
}

static inline void world_release(struct world *w, const char *canary, int number, const char *status)
{
    char *name = str_format("%s-%d", canary, number);
    char *text = str_format("{'apiVersion': 'sluice.dev/v1alpha1', 'kind': 'Release', 'metadata': {'name': '%s', "
                            "'namespace': 'test'}, 'spec': {'canary': '%s', 'strategy': 'canary', 'revision': "
                            "'s1-5ea98ce3b7d1e304'}}",
                            name, canary);
    world_create(w, text);
    world_patch(w, &KUBE_RELEASES, "test", name, "status", status);
    str_free(&text);
    str_free(&name);
}
