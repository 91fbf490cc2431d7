// The server's exchanges: bodies, answers that come later or in pieces, clients that leave.
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/curl.h"
#include "io/server.h"

struct world {
    struct loop *loop;
    struct http *http;
    struct server *server;
    /* the server's side */
    struct exchange *open;
    char seen[256];
    size_t body_len;
    int served, gone;
    struct timer later;
    int pieces;
    /* the client's side */
    struct http_call *call;
    int done, status;
    char body[512], data[512];
    struct err err;
};

static void on_gone(void *ctx)
{
    struct world *w = ctx;
    w->gone++;
    w->open = NULL;
    timer_cancel(&w->later);
    loop_stop(w->loop);
}

static void on_piece(struct timer *timer, void *ctx)
{
    struct world *w = ctx;
    if (w->pieces == 0)
        exchange_begin(w->open, 200, "text/plain");
    if (w->pieces++ < 3) {
        exchange_send(w->open, "piece ", 6);
        timer_start(loop_clock(w->loop), &w->later, 5, on_piece, w);
        return;
    }
    exchange_end(w->open);
    w->open = NULL;
}

static void on_late(struct timer *timer, void *ctx)
{
    struct world *w = ctx;
    exchange_answer(w->open, 202, "text/plain", "late", 4);
    w->open = NULL;
}

static void serve(void *ctx, struct exchange *exchange)
{
    struct world *w = ctx;
    char *seen = str_format("%s %s?%s %s", exchange->method, exchange->path, exchange->query,
                            exchange->header(exchange, "x-kind") ? exchange->header(exchange, "x-kind") : "-");
    str_copy(w->seen, sizeof w->seen, seen);
    mem_free(seen);
    w->served++;
    w->body_len = exchange->body_len;
    w->open = exchange;
    exchange->gone = on_gone;
    exchange->ctx = w;
    if (str_has_prefix(exchange->path, "/pieces"))
        timer_start(loop_clock(w->loop), &w->later, 5, on_piece, w);
    else if (str_equal(exchange->path, "/late"))
        timer_start(loop_clock(w->loop), &w->later, 5, on_late, w);
    else if (!str_equal(exchange->path, "/never")) {
        exchange_add_header(exchange, "Retry-After", "7");
        exchange_answer(exchange, 200, "text/plain", exchange->body, exchange->body_len < 9 ? exchange->body_len : 0);
        w->open = NULL;
    } else {
        loop_stop(w->loop);
    }
}

static int setup(void **state)
{
    static struct world world;
    struct err err;
    world = (struct world){.loop = loop_new()};
    world.http = curl_http_new(world.loop);
    world.server = server_serve(world.loop, "127.0.0.1", 0, serve, &world, &err);
    assert_non_null(world.server);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    server_stop(w->server);
    curl_http_free(w->http);
    loop_free(w->loop);
    return 0;
}

static void on_done(void *ctx, const struct http_response *response, const struct err *err)
{
    struct world *w = ctx;
    w->done++;
    w->err = *err;
    w->status = response ? response->status : 0;
    w->call = NULL;
    str_copy(w->body, sizeof w->body, response ? response->body : "");
    loop_stop(w->loop);
}

static bool on_data(void *ctx, const char *bytes, size_t len)
{
    struct world *w = ctx;
    size_t had = strlen(w->data);
    memcpy(w->data + had, bytes, len);
    w->data[had + len] = '\0';
    return true;
}

static void ask(struct world *w, const char *method, const char *target, const char *body, size_t len,
                http_data_fn *data)
{
    char *url = str_format("http://127.0.0.1:%d%s", server_port(w->server), target);
    struct http_header header = {"X-Kind", "test"};
    w->call = http_start(w->http,
                         &(struct http_request){.method = method,
                                                .url = url,
                                                .headers = &header,
                                                .header_count = 1,
                                                .body = body,
                                                .body_len = len,
                                                .timeout_ms = 20000},
                         data, on_done, w);
    mem_free(url);
    loop_run(w->loop);
}

static void a_request_comes_whole_and_as_it_was_sent(void **state)
{
    struct world *w = *state;
    ask(w, "PATCH", "/a%2Fb/c?x=%20y&z", "hello", 5, NULL);
    assert_string_equal(w->seen, "PATCH /a%2Fb/c?x=%20y&z test");
    assert_int_equal(w->status, 200);
    assert_string_equal(w->body, "hello");
}

static void a_large_body_is_taken_and_a_larger_one_refused(void **state)
{
    struct world *w = *state;
    size_t len = 4 * 1024 * 1024;
    char *body = mem_alloc(len + 2);
    memset(body, 'x', len + 1);
    ask(w, "POST", "/big", body, len, NULL);
    assert_int_equal(w->body_len, len);
    assert_int_equal(w->status, 200);
    ask(w, "POST", "/big", body, len + 1, NULL);
    assert_int_equal(w->status, 413);
    assert_int_equal(w->served, 1);
    mem_free(body);
}

static void an_answer_may_come_later(void **state)
{
    struct world *w = *state;
    ask(w, "GET", "/late", NULL, 0, NULL);
    assert_int_equal(w->status, 202);
    assert_string_equal(w->body, "late");
    assert_int_equal(w->gone, 0);
}

static void an_answer_may_come_in_pieces(void **state)
{
    struct world *w = *state;
    ask(w, "GET", "/pieces", NULL, 0, on_data);
    assert_int_equal(w->status, 200);
    assert_string_equal(w->data, "piece piece piece ");
    ask(w, "GET", "/late", NULL, 0, NULL); /* over the same connection */
    assert_int_equal(w->status, 202);
}

static void a_client_that_leaves_is_noticed_while_nothing_is_sent(void **state)
{
    struct world *w = *state;
    ask(w, "GET", "/never", NULL, 0, NULL);
    assert_non_null(w->open);
    http_cancel(w->call);
    loop_run(w->loop);
    assert_int_equal(w->gone, 1);
}

static void a_server_that_stops_lets_its_exchanges_go(void **state)
{
    struct world *w = *state;
    struct err err;
    ask(w, "GET", "/never", NULL, 0, NULL);
    server_stop(w->server);
    assert_int_equal(w->gone, 1);
    while (w->done == 0)
        loop_run(w->loop);
    w->server = server_serve(w->loop, "127.0.0.1", 0, serve, w, &err);
}

enum { FLOOD = 64 * 1024 * 1024, FLOOD_LEFT = FLOOD / 2 };

/* Sent all, and cut when the sockets' own buffers are full. */
static void on_flooded(struct timer *timer, void *ctx)
{
    struct world *w = ctx;
    assert_true(exchange_unsent(w->open) > FLOOD_LEFT);
    exchange_cut(w->open);
    assert_int_equal(exchange_unsent(w->open), 0);
    assert_int_equal(w->gone, 0); /* it comes later */
}

/* A page whose tab sleeps holds its connection open, and takes nothing. */
static void a_reader_that_does_not_read_is_cut_off(void **state)
{
    struct world *w = *state;
    static const char request[] = "GET /never HTTP/1.1\r\nHost: x\r\n\r\n";
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)server_port(w->server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(write(fd, request, sizeof request - 1), sizeof request - 1);
    loop_run(w->loop);
    char *bytes = mem_alloc(FLOOD);
    exchange_begin(w->open, 200, "text/plain");
    exchange_send(w->open, bytes, FLOOD);
    timer_start(loop_clock(w->loop), &w->later, 50, on_flooded, w);
    loop_run(w->loop);
    assert_int_equal(w->gone, 1);
    mem_free(bytes);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_comes_whole_and_as_it_was_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(a_large_body_is_taken_and_a_larger_one_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_may_come_later, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_may_come_in_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(a_client_that_leaves_is_noticed_while_nothing_is_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reader_that_does_not_read_is_cut_off, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_that_stops_lets_its_exchanges_go, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
