#include <errno.h>
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

enum { LARGE = 3 * 1024 * 1024 };

struct world {
    struct loop *loop;
    struct http *http;
    struct server *server;
    char path[64]; /* the server's last */
    int handled;
    int waiting, answers;
    int status;
    struct err err;
    struct buf body;
};

static int handle(void *ctx, const char *path, struct buf *body, const char **content_type)
{
    struct world *w = ctx;
    w->handled++;
    str_copy(w->path, sizeof(w->path), path);
    if (str_equal(path, "/large"))
        for (size_t i = 0; i < LARGE / 16; i++)
            buf_append_str(body, "0123456789abcdef");
    if (str_equal(path, "/too-large"))
        while (buf_append_str(body, "0123456789abcdef"))
            continue;
    if (str_equal(path, "/json"))
        *content_type = "application/json";
    if (str_equal(path, "/missing"))
        return 404;
    buf_printf(body, "hello from %s", path);
    return 200;
}

static int setup(void **state)
{
    static struct world world;
    struct err err;
    world = (struct world){.loop = loop_new()};
    world.http = curl_http_new(world.loop);
    world.server = server_start(world.loop, "127.0.0.1", 0, handle, &world, &err);
    assert_non_null(world.server);
    buf_init(&world.body, HTTP_RESPONSE_MAX);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    curl_http_free(w->http);
    server_stop(w->server);
    loop_free(w->loop);
    buf_fini(&w->body);
    return 0;
}

static void on_done(void *ctx, const struct http_response *response, const struct err *err)
{
    struct world *w = ctx;
    w->err = *err;
    w->answers++;
    buf_clear(&w->body);
    w->status = response ? response->status : 0;
    if (response)
        buf_append(&w->body, response->body, response->body_len);
    if (--w->waiting == 0)
        loop_stop(w->loop);
}

static void ask(struct world *w, const char *method, const char *path, const char *body)
{
    char *url = str_format("http://127.0.0.1:%d%s", server_port(w->server), path);
    http_start(
        w->http,
        &(struct http_request){
            .method = method, .url = url, .body = body, .body_len = body ? strlen(body) : 0, .timeout_ms = 20000},
        NULL, on_done, w);
    mem_free(url);
    w->waiting++;
}

static void ask_and_wait(struct world *w, const char *method, const char *path, const char *body)
{
    ask(w, method, path, body);
    loop_run(w->loop);
    assert_int_equal(w->waiting, 0);
}

static void a_get_is_answered_by_the_handler(void **state)
{
    struct world *w = *state;
    ask_and_wait(w, "GET", "/healthz?verbose=1", NULL);
    assert_int_equal(w->status, 200);
    assert_string_equal(buf_str(&w->body), "hello from /healthz");
    assert_string_equal(w->path, "/healthz");
    ask_and_wait(w, "GET", "/missing", NULL);
    assert_int_equal(w->status, 404);
    assert_int_equal(w->body.len, 0);
}

static void a_head_has_the_status_and_no_body(void **state)
{
    struct world *w = *state;
    ask_and_wait(w, "HEAD", "/healthz", NULL);
    assert_int_equal(w->status, 200);
    assert_int_equal(w->body.len, 0);
    assert_int_equal(w->handled, 1);
}

static void other_methods_never_reach_the_handler(void **state)
{
    struct world *w = *state;
    ask_and_wait(w, "POST", "/healthz", "a body that nobody reads");
    assert_int_equal(w->status, 405);
    ask_and_wait(w, "DELETE", "/healthz", NULL);
    assert_int_equal(w->status, 405);
    assert_int_equal(w->handled, 0);
}

static void a_large_answer_arrives_whole(void **state)
{
    struct world *w = *state;
    ask_and_wait(w, "GET", "/large", NULL);
    assert_int_equal(w->status, 200);
    assert_int_equal(w->body.len, LARGE + strlen("hello from /large"));
    assert_true(str_has_suffix(buf_str(&w->body), "defhello from /large"));
}

static void an_answer_above_the_ceiling_is_an_error_of_the_server(void **state)
{
    struct world *w = *state;
    ask_and_wait(w, "GET", "/too-large", NULL);
    assert_int_equal(w->status, 500);
    assert_string_equal(buf_str(&w->body), "the answer is too large\n");
}

static void many_ask_at_once_and_all_are_answered(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 60; i++)
        ask(w, "GET", "/metrics", NULL);
    loop_run(w->loop);
    assert_int_equal(w->answers, 60);
    assert_int_equal(w->handled, 60);
    assert_int_equal(w->status, 200);
}

static void a_port_that_is_taken_is_an_error_that_names_it(void **state)
{
    struct world *w = *state;
    struct err err;
    int port = server_port(w->server);
    assert_null(server_start(w->loop, "127.0.0.1", port, handle, w, &err));
    assert_int_equal(err.code, ERR_IO);
    char *text = str_format("cannot listen on 127.0.0.1:%d: Address already in use", port);
    assert_string_equal(err.text, text);
    mem_free(text);
    assert_null(server_start(w->loop, "no such host", port, handle, w, &err));
    assert_int_equal(err.code, ERR_INVALID);
}

static void an_address_may_have_brackets(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    server_stop(w->server);
    w->server = server_start(w->loop, "[::1]", 0, handle, w, &err);
    assert_non_null(w->server);
    assert_null(server_start(w->loop, "[::1]", server_port(w->server), handle, w, &err));
    assert_non_null(strstr(err.text, "cannot listen on [::1]:"));
    assert_non_null(strstr(err.text, "Address already in use"));
}

static void no_host_means_every_address(void **state)
{
    struct world *w = *state;
    struct err err;
    server_stop(w->server);
    w->server = server_start(w->loop, "", 0, handle, w, &err);
    assert_non_null(w->server);
    assert_true(server_port(w->server) > 0);
    ask_and_wait(w, "GET", "/json", NULL);
    assert_int_equal(w->status, 200);
}

enum { CROWD = 400, ADDRESSES = 6, KEPT = 192, BATCH = 64 /* below the listener's backlog */, TURNS = 64 };

/* A connection from an address of loopback, whose request never ends. */
static int half_ask(int port, unsigned address)
{
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + address)}, to = from;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
    assert_true(connect(fd, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS);
    return fd;
}

static bool is_closed(int fd)
{
    char byte;
    ssize_t len = recv(fd, &byte, 1, MSG_DONTWAIT);
    return len == 0 || (len < 0 && errno != EAGAIN);
}

/* They are taken in the order in which they came, a few in each turn of the loop; everybody who asks meanwhile is
 * answered. */
static void fill(struct world *w, int *crowd, unsigned count, unsigned addresses)
{
    for (unsigned i = 0; i < count; i++) {
        crowd[i] = half_ask(server_port(w->server), i % addresses);
        for (int turn = 0; turn < (i % BATCH == BATCH - 1 || i == count - 1 ? TURNS : 0); turn++) {
            ask_and_wait(w, "GET", "/healthz", NULL);
            assert_int_equal(w->status, 200);
        }
    }
}

/* From one address, the client's own, or from many: the oldest of those that say nothing are closed. */
static void who_opens_many_connections_keeps_nobody_else_out(void **state)
{
    struct world *w = *state;
    for (unsigned addresses = 1; addresses <= ADDRESSES; addresses += ADDRESSES - 1) {
        int crowd[CROWD];
        fill(w, crowd, CROWD, addresses);
        size_t closed = 0;
        for (size_t i = 0; i < CROWD; i++)
            closed += is_closed(crowd[i]) ? 1 : 0;
        assert_in_range(closed, CROWD - KEPT, CROWD - KEPT + 4);
        assert_true(is_closed(crowd[0]));
        assert_false(is_closed(crowd[CROWD - 1]));
        for (size_t i = 0; i < CROWD; i++)
            close(crowd[i]);
    }
}

/* Who asks now and then is not among the silent. */
static void a_connection_in_use_outlives_the_silent_ones(void **state)
{
    struct world *w = *state;
    int crowd[KEPT];
    fill(w, crowd, KEPT - 1, 1); /* and the one that asks */
    assert_false(is_closed(crowd[0]));
    fill(w, crowd + KEPT - 1, 1, 1);
    assert_true(is_closed(crowd[0]));
    assert_false(is_closed(crowd[1]));
    for (size_t i = 0; i < KEPT; i++)
        close(crowd[i]);
}

static void a_server_stops_with_clients_connected(void **state)
{
    struct world *w = *state;
    struct err err;
    ask_and_wait(w, "GET", "/", NULL); /* the connection is kept */
    server_stop(w->server);
    w->server = server_start(w->loop, "127.0.0.1", 0, handle, w, &err);
    assert_non_null(w->server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_get_is_answered_by_the_handler, setup, teardown),
        cmocka_unit_test_setup_teardown(a_head_has_the_status_and_no_body, setup, teardown),
        cmocka_unit_test_setup_teardown(other_methods_never_reach_the_handler, setup, teardown),
        cmocka_unit_test_setup_teardown(a_large_answer_arrives_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_above_the_ceiling_is_an_error_of_the_server, setup, teardown),
        cmocka_unit_test_setup_teardown(many_ask_at_once_and_all_are_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(a_port_that_is_taken_is_an_error_that_names_it, setup, teardown),
        cmocka_unit_test_setup_teardown(an_address_may_have_brackets, setup, teardown),
        cmocka_unit_test_setup_teardown(no_host_means_every_address, setup, teardown),
        cmocka_unit_test_setup_teardown(who_opens_many_connections_keeps_nobody_else_out, setup, teardown),
        cmocka_unit_test_setup_teardown(a_connection_in_use_outlives_the_silent_ones, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_stops_with_clients_connected, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
