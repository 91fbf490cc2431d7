/* What a server does that is broken, or lies: no watch asks more often for it than for a server that is away, none is
 * deaf for more than a minute, and what was known stays known until a true list says otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "fake_clock.h"
#include "fake_http.h"
#include "kube/watch.h"

#define ITEM(name, version)                                                                                            \
    "{\"metadata\":{\"namespace\":\"test\",\"name\":\"" name "\",\"resourceVersion\":\"" version "\"}}"
#define EVENT(type, name, version) "{\"type\":\"" type "\",\"object\":" ITEM(name, version) "}\n"
#define BOOKMARK(version) "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"" version "\"}}}\n"
#define GONE "{\"type\":\"ERROR\",\"object\":{\"code\":410,\"message\":\"too old resource version\"}}\n"
#define HTML "<html><body>Sign in to the guest network</body></html>\n"

enum { HOUR_MS = 60 * 60 * 1000 };

/* How the server answers a watch: at once, and with nothing behind it. */
struct server {
    const char *name;
    int status;
    int64_t retry_after_ms;
    const char *watch;
    const char *list;              /* NULL: one with podinfo at version 10 */
    size_t lists_max, watches_max; /* in an hour */
    const char *trouble;           /* is in the text; NULL: none */
};

struct world {
    struct fake_clock *fc;
    struct fake_http *fh;
    struct kube_client *client;
    struct store *store;
    struct watch *watch;
    const struct server *server;
    bool is_listed; /* the first list was a true one */
    unsigned pages;
    char page[256];
};

static void drop_line(void *ctx, const char *line)
{
}

static bool answer(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    struct world *w = ctx;
    if (strstr(request->url, "watch=true") == NULL) {
        const char *list = "{\"metadata\":{\"resourceVersion\":\"10\"},\"items\":[" ITEM("podinfo", "5") "]}";
        answer->body = w->is_listed && w->server->list != NULL ? w->server->list : list;
        w->is_listed = true;
        return true;
    }
    answer->status = w->server->status;
    answer->retry_after_ms = w->server->retry_after_ms;
    answer->body = w->server->watch;
    return true;
}

static void open_world(struct world *w, const struct server *server, fake_http_handler_fn *handler)
{
    struct kube_config config = {.source = str_dup("kubeconfig /lab"), .server = str_dup("https://api")};
    *w = (struct world){.fc = fake_clock_new(1773216907000), .server = server};
    w->fh = fake_http_new(fake_clock_clock(w->fc));
    w->client = kube_client_new(fake_http_door(w->fh), fake_clock_clock(w->fc), NULL, &config);
    w->store = store_new(&KUBE_DEPLOYMENTS, NULL);
    fake_http_handle(w->fh, handler, w);
    log_set_sink(drop_line, NULL);
    w->watch = watch_open(w->client, fake_clock_clock(w->fc), w->store, &(struct watch_options){0});
    fake_clock_run(w->fc);
}

static void close_world(struct world *w)
{
    watch_close(w->watch);
    store_free(w->store);
    kube_client_free(w->client);
    fake_http_free(w->fh);
    fake_clock_free(w->fc);
    log_set_sink(NULL, NULL);
}

/* With pauses that grow to half a minute an hour has some 160 requests, with pauses of half a second 10,000. */
static const struct server servers[] = {
    {"429 without a time", 429, 0, "{\"message\":\"slow down\"}", NULL, 1, 250, "slow down"},
    {"429 for a second", 429, 1000, "{\"message\":\"slow down\"}", NULL, 1, 250, "slow down"},
    {"429 for a day", 429, 24 * HOUR_MS, "{\"message\":\"slow down\"}", NULL, 1, 62, "slow down"},
    {"429 with a list of HTML", 429, 0, "", HTML, 1, 250, "429"},
    {"410 in a loop", 410, 0, "{\"message\":\"too old\"}", NULL, 250, 250, NULL},
    {"410 as an event in a loop", 200, 0, GONE, NULL, 250, 250, NULL},
    {"410 after a bookmark", 200, 0, BOOKMARK("11") GONE, NULL, 250, 250, NULL},
    {"410 after a change", 200, 0, EVENT("MODIFIED", "podinfo", "11") GONE, NULL, 250, 250, NULL},
    {"410, and HTML for the list", 410, 0, "", HTML, 250, 250, "limit=500: the answer: "},
    {"ends at once", 200, 0, "", NULL, 1, 250, NULL},
    {"ends at once after a bookmark", 200, 0, BOOKMARK("11"), NULL, 1, 250, NULL},
    {"ends at once after the same bookmark", 200, 0, BOOKMARK("10"), NULL, 1, 250, NULL},
    {"a bookmark without an object", 200, 0, "{\"type\":\"BOOKMARK\"}\n", NULL, 1, 250, NULL},
    {"a bookmark without a version", 200, 0, "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{}}}\n", NULL, 1, 250,
     NULL},
    {"HTML", 200, 0, HTML, NULL, 250, 250, "a line that is no event"},
    {"HTML for the list, too", 200, 0, HTML, HTML, 250, 250, "limit=500: the answer: "},
    {"a version that goes back", 200, 0, EVENT("MODIFIED", "podinfo", "7"), NULL, 250, 250, NULL},
    {"a bookmark that goes back", 200, 0, BOOKMARK("9"), NULL, 250, 250, NULL},
    {"a list that is null", 410, 0, "", "null", 250, 250, "no list"},
    {"empty lines", 200, 0, "\n\n\n", NULL, 1, 250, NULL},
};

static void no_server_is_asked_without_a_pause(void **state)
{
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        struct world w;
        open_world(&w, &servers[i], answer);
        fake_clock_advance(w.fc, HOUR_MS);
        size_t lists = fake_http_count(w.fh, "GET", "limit="), watches = fake_http_count(w.fh, "GET", "watch=true");
        const char *trouble = watch_trouble(w.watch);
        if (lists > servers[i].lists_max || watches > servers[i].watches_max) {
            fail_msg("%s: %zu lists and %zu watches", servers[i].name, lists, watches);
        }
        if (lists + watches < 59) {
            fail_msg("%s: %zu lists and %zu watches: it is given up", servers[i].name, lists, watches);
        }
        if (servers[i].trouble != NULL && strstr(trouble, servers[i].trouble) == NULL) {
            fail_msg("%s: the trouble is \"%s\"", servers[i].name, trouble);
        }
        assert_true(store_has(w.store, "test", "podinfo"));
        close_world(&w);
    }
}

/* Every page names another one. */
static bool answer_page(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    struct world *w = ctx;
    char *page = str_format("{\"metadata\":{\"resourceVersion\":\"9\",\"continue\":\"p%u\"},\"items\":[]}", ++w->pages);
    str_copy(w->page, sizeof w->page, page);
    mem_free(page);
    answer->body = w->page;
    return true;
}

static void a_list_that_never_ends_is_given_up(void **state)
{
    struct world w;
    open_world(&w, NULL, answer_page);
    assert_non_null(strstr(watch_trouble(w.watch), "the list does not end (page 10000 continues with another)"));
    assert_int_equal(w.pages, 10000);
    assert_false(store_is_synced(w.store));
    close_world(&w);
}

static bool hold(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    struct world *w = ctx;
    answer->body = w->pages == 0 ? "{\"metadata\":{\"resourceVersion\":\"10\"},\"items\":[" ITEM("podinfo", "5") "]}"
                                 : "{\"metadata\":{\"resourceVersion\":\"8\"},\"items\":[" ITEM("other", "7") "]}";
    answer->hold = strstr(request->url, "watch=true") != NULL;
    answer->body = answer->hold ? NULL : answer->body;
    w->pages++;
    return true;
}

static void chunks_may_be_of_one_byte(void **state)
{
    static const char text[] = EVENT("MODIFIED", "podinfo", "11") BOOKMARK("12") EVENT("ADDED", "other", "13");
    struct world w;
    open_world(&w, NULL, hold);
    for (size_t i = 0; i < sizeof text - 1; i++) {
        fake_http_stream_n(w.fh, fake_http_last(w.fh)->index, text + i, 1);
    }
    assert_string_equal(watch_trouble(w.watch), "");
    assert_true(store_has(w.store, "test", "other"));
    assert_int_equal(fake_http_open_calls(w.fh), 1);
    close_world(&w);
}

/* Restored from a backup under an open watch: what comes is older than what is known, and true. */
static void a_server_that_goes_back_is_listed_anew(void **state)
{
    struct world w;
    open_world(&w, NULL, hold);
    fake_http_stream(w.fh, fake_http_last(w.fh)->index, EVENT("MODIFIED", "podinfo", "12"));
    fake_http_stream(w.fh, fake_http_last(w.fh)->index, EVENT("ADDED", "other", "7"));
    fake_clock_run(w.fc);
    assert_string_equal(watch_trouble(w.watch), "resourceVersion goes back from 12 to 7");
    fake_clock_advance(w.fc, 1000);
    assert_string_equal(watch_trouble(w.watch), "");
    assert_true(store_has(w.store, "test", "other"));
    assert_false(store_has(w.store, "test", "podinfo"));
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_server_is_asked_without_a_pause),
        cmocka_unit_test(a_list_that_never_ends_is_given_up),
        cmocka_unit_test(chunks_may_be_of_one_byte),
        cmocka_unit_test(a_server_that_goes_back_is_listed_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
