#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/virtual_clock.h"
#include "sim/ground/network.h"

struct world {
    struct virtual_clock *vc;
    struct network *network;
    struct network_fate fate;
    /* the server */
    struct exchange *open;
    char seen[256];
    int gone;
    bool hold;
    /* the client */
    struct http_call *call;
    int done, status;
    struct err err;
    char body[256], data[256];
    int64_t done_at, retry_after_ms;
};

static void on_gone(void *ctx)
{
    struct world *w = ctx;
    w->gone++;
    w->open = NULL;
}

static void serve(void *ctx, struct exchange *exchange)
{
    struct world *w = ctx;
    char *name = exchange_param(exchange, "name");
    const char *kind = exchange->header(exchange, "x-kind");
    char *seen = str_format("%s %s name=%s kind=%s body=%s", exchange->method, exchange->path, name ? name : "-",
                            kind ? kind : "-", exchange->body);
    str_copy(w->seen, sizeof w->seen, seen);
    mem_free(seen);
    mem_free(name);
    exchange->gone = on_gone;
    exchange->ctx = w;
    if (w->hold) {
        w->open = exchange;
        return;
    }
    exchange_add_header(exchange, "Retry-After", "3");
    exchange_answer(exchange, 201, "text/plain", "made", 4);
}

static struct network_fate on_fate(void *ctx, const struct http_request *request)
{
    return ((struct world *)ctx)->fate;
}

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.vc = virtual_clock_new(0)};
    world.network = network_new(virtual_clock_clock(world.vc));
    network_host(world.network, "host:80", serve, &world);
    network_fates(world.network, on_fate, &world);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    network_free(w->network);
    virtual_clock_free(w->vc);
    return 0;
}

static void on_done(void *ctx, const struct http_response *response, const struct err *err)
{
    struct world *w = ctx;
    w->done++;
    w->err = *err;
    w->done_at = clock_mono_ms(virtual_clock_clock(w->vc));
    if (!response)
        return;
    w->status = response->status;
    w->retry_after_ms = response->retry_after_ms;
    str_copy(w->body, sizeof w->body, response->body);
}

static bool on_data(void *ctx, const char *bytes, size_t len)
{
    struct world *w = ctx;
    size_t had = strlen(w->data);
    memcpy(w->data + had, bytes, len);
    w->data[had + len] = '\0';
    return true;
}

static void ask(struct world *w, const char *url, http_data_fn *data)
{
    struct http_header header = {"X-Kind", "test"};
    w->call = http_start(network_door(w->network),
                         &(struct http_request){.method = "POST",
                                                .url = url,
                                                .headers = &header,
                                                .header_count = 1,
                                                .body = "hello",
                                                .body_len = 5,
                                                .timeout_ms = data ? 0 : 10000},
                         data, on_done, w);
}

static void run(struct world *w)
{
    virtual_clock_run(w->vc, 60000);
}

static void a_request_reaches_its_host_and_its_answer_comes_back(void **state)
{
    struct world *w = *state;
    ask(w, "http://host:80/a/b%20c?name=x+y%2Fz", NULL);
    assert_int_equal(w->done, 0);
    run(w);
    assert_int_equal(w->done, 1);
    assert_string_equal(w->seen, "POST /a/b%20c name=x y/z kind=test body=hello");
    assert_int_equal(w->status, 201);
    assert_string_equal(w->body, "made");
    assert_int_equal(w->retry_after_ms, 3000);
    assert_int_equal(w->done_at, 0);
    assert_int_equal(w->gone, 0);
}

static void an_unknown_host_has_no_address(void **state)
{
    struct world *w = *state;
    ask(w, "http://nobody/", NULL);
    run(w);
    assert_int_equal(w->err.code, ERR_UNREACHABLE);
    assert_non_null(strstr(w->err.text, "Could not resolve host: nobody"));
}

static void a_host_can_go(void **state)
{
    struct world *w = *state;
    network_host(w->network, "host:80", NULL, NULL);
    ask(w, "http://host:80/", NULL);
    run(w);
    assert_non_null(strstr(w->err.text, "Could not resolve host: host:80"));
}

static void fates_delay_fail_and_lose(void **state)
{
    struct world *w = *state;
    w->fate = (struct network_fate){.delay_ms = 250};
    ask(w, "http://host:80/", NULL);
    run(w);
    assert_int_equal(w->done_at, 250);
    w->fate = (struct network_fate){.code = ERR_UNREACHABLE};
    w->seen[0] = '\0';
    ask(w, "http://host:80/", NULL);
    run(w);
    assert_int_equal(w->err.code, ERR_UNREACHABLE);
    assert_string_equal(w->seen, "");
    w->fate = (struct network_fate){.status = 429, .body = "slow down", .retry_after_ms = 2000};
    ask(w, "http://host:80/", NULL);
    run(w);
    assert_int_equal(w->status, 429);
    assert_string_equal(w->body, "slow down");
    assert_int_equal(w->retry_after_ms, 2000);
    assert_string_equal(w->seen, "");
    w->fate = (struct network_fate){.status = 500};
    ask(w, "http://host:80/watch", on_data);
    run(w);
    assert_int_equal(w->status, 500);
    w->fate = (struct network_fate){.lose_answer = true};
    ask(w, "http://host:80/", NULL);
    run(w);
    assert_int_equal(w->done, 5);
    assert_int_equal(w->err.code, ERR_UNREACHABLE);
    assert_true(str_has_prefix(w->seen, "POST / "));
}

static void a_stream_arrives_piece_by_piece(void **state)
{
    struct world *w = *state;
    w->hold = true;
    ask(w, "http://host:80/watch", on_data);
    run(w);
    exchange_begin(w->open, 200, "application/json");
    exchange_send(w->open, "one ", 4);
    exchange_send(w->open, "two ", 4);
    run(w);
    assert_string_equal(w->data, "one two ");
    assert_int_equal(w->done, 0);
    exchange_send(w->open, "three", 5);
    exchange_end(w->open);
    run(w);
    assert_string_equal(w->data, "one two three");
    assert_int_equal(w->done, 1);
    assert_int_equal(w->gone, 0);
}

static void a_server_hears_that_its_client_is_gone(void **state)
{
    struct world *w = *state;
    w->hold = true;
    ask(w, "http://host:80/watch", on_data);
    run(w);
    exchange_begin(w->open, 200, "application/json");
    http_cancel(w->call);
    assert_int_equal(w->gone, 1);
    run(w);
    assert_int_equal(w->done, 0);
    ask(w, "http://host:80/slow", NULL);
    virtual_clock_run(w->vc, clock_mono_ms(virtual_clock_clock(w->vc)) + 20000);
    assert_int_equal(w->err.code, ERR_TIMEOUT);
    assert_int_equal(w->gone, 2);
}

static void a_cut_ends_the_streams_of_a_host(void **state)
{
    struct world *w = *state;
    w->hold = true;
    ask(w, "http://host:80/watch", on_data);
    run(w);
    assert_int_equal(network_cut(w->network, "host:80"), 0);
    exchange_begin(w->open, 200, "application/json");
    assert_int_equal(network_cut(w->network, "other"), 0);
    assert_int_equal(network_cut(w->network, "host:80"), 1);
    run(w);
    assert_int_equal(w->done, 1);
    assert_int_equal(w->err.code, ERR_UNREACHABLE);
    assert_int_equal(w->gone, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_reaches_its_host_and_its_answer_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unknown_host_has_no_address, setup, teardown),
        cmocka_unit_test_setup_teardown(a_host_can_go, setup, teardown),
        cmocka_unit_test_setup_teardown(fates_delay_fail_and_lose, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stream_arrives_piece_by_piece, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_hears_that_its_client_is_gone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cut_ends_the_streams_of_a_host, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
