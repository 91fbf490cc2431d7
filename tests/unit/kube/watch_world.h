/* A watch on a fake API server: lists are answered by what the test routes; watches stay open until the test ends. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "fake_clock.h"
#include "fake_http.h"
#include "kube/watch.h"

struct world {
    struct fake_clock *fc;
    struct fake_http *fh;
    struct kube_client *client;
    struct store *store;
    struct watch *watch;
    struct buf heard; /* what the store told */
    char logged[512]; /* the last line */
};

static inline void on_log(void *ctx, const char *line)
{
    struct world *w = ctx;
    str_copy(w->logged, sizeof w->logged, line);
}

static inline void on_change(void *ctx, const struct store *store, const char *namespace, const char *name)
{
    struct world *w = ctx;
    buf_printf(&w->heard, "%s ", name == NULL ? "synced" : name);
}

static inline bool hold_watches(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    answer->hold = true;
    return strstr(request->url, "watch=true") != NULL;
}

static inline int setup(void **state)
{
    struct world *w = mem_new(struct world);
    struct kube_config config = {.source = str_dup("kubeconfig /lab"), .server = str_dup("https://api")};
    w->fc = fake_clock_new(1773216907000);
    w->fh = fake_http_new(fake_clock_clock(w->fc));
    w->client = kube_client_new(fake_http_door(w->fh), fake_clock_clock(w->fc), NULL, &config);
    w->store = store_new(&KUBE_DEPLOYMENTS, NULL);
    buf_init(&w->heard, 4096);
    store_subscribe(w->store, on_change, w);
    fake_http_handle(w->fh, hold_watches, NULL);
    log_set_sink(on_log, w);
    *state = w;
    return 0;
}

/* Closing whatever state the watch is in leaves no call and no timer: the client and the fakes assert that. */
static inline int teardown(void **state)
{
    struct world *w = *state;
    watch_close(w->watch);
    store_free(w->store);
    kube_client_free(w->client);
    fake_http_free(w->fh);
    fake_clock_free(w->fc);
    buf_fini(&w->heard);
    log_set_sink(NULL, NULL);
    mem_free(w);
    return 0;
}

static inline void open_watch(struct world *w, struct watch_options options)
{
    w->watch = watch_open(w->client, fake_clock_clock(w->fc), w->store, &options);
    fake_clock_run(w->fc);
}

#define ITEM(name, version)                                                                                            \
    "{\"metadata\":{\"namespace\":\"test\",\"name\":\"" name "\",\"resourceVersion\":\"" version "\"}}"
#define EVENT(type, name, version) "{\"type\":\"" type "\",\"object\":" ITEM(name, version) "}\n"
#define LIST(version, items) "{\"metadata\":{\"resourceVersion\":\"" version "\"},\"items\":[" items "]}"
#define PAGE(next, items) "{\"metadata\":{\"resourceVersion\":\"9\",\"continue\":\"" next "\"},\"items\":[" items "]}"

/* Open, listed at version 10 with one object, and watching. */
static inline void open_listed(struct world *w)
{
    fake_http_once(w->fh, "GET", "limit=", 200, LIST("10", ITEM("podinfo", "5")));
    open_watch(w, (struct watch_options){0});
    assert_true(store_is_synced(w->store));
}

/* Moves to the next request; the milliseconds it took. */
static inline int64_t until_next_request(struct world *w)
{
    int64_t before_ms = clock_mono_ms(fake_clock_clock(w->fc));
    size_t count = fake_http_seen_count(w->fh);
    while (fake_http_seen_count(w->fh) == count) {
        assert_true(fake_clock_step(w->fc));
    }
    int64_t took_ms = clock_mono_ms(fake_clock_clock(w->fc)) - before_ms;
    fake_clock_run(w->fc);
    return took_ms;
}

static inline const char *last_query(struct world *w)
{
    return strchr(fake_http_last(w->fh)->url, '?') + 1;
}

static inline void expect_query(struct world *w, const char *part)
{
    if (strstr(last_query(w), part) == NULL) {
        fail_msg("%s is not in %s", part, last_query(w));
    }
}

static inline void expect_pause(int64_t pause_ms, int64_t min_ms, int64_t max_ms)
{
    assert_in_range(pause_ms, min_ms, max_ms);
}

static inline void stream(struct world *w, const char *text)
{
    fake_http_stream(w->fh, fake_http_last(w->fh)->index, text);
}

static inline void end(struct world *w, enum err_code code)
{
    fake_http_end(w->fh, fake_http_last(w->fh)->index, code);
    fake_clock_run(w->fc);
}

static inline void expect_heard(struct world *w, const char *text)
{
    assert_string_equal(buf_str(&w->heard), text);
    buf_clear(&w->heard);
}
