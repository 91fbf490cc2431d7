#include "curl_world.h"

static void tls_speaks_http_2_and_trusts_the_given_authority(void **state)
{
    struct world *w = *state;
    struct reply *r = ask_tls(w, w->nginx.h2_port, &w->nginx.tls);
    assert_string_equal(r->err.text, "");
    assert_int_equal(r->status, 200);
    char *expected = str_format("|HTTP/2.0|127.0.0.1:%d|", w->nginx.h2_port);
    assert_string_equal(r->body, expected);
    mem_free(expected);
}

static void http_1_can_be_asked_for(void **state)
{
    struct world *w = *state;
    char *url = str_format("https://127.0.0.1:%d/who", w->nginx.h2_port);
    struct http_request request = {.url = url, .tls = &w->nginx.tls, .timeout_ms = 30000, .http1 = true};
    struct reply *r = start_with(w, request, NULL);
    run_until(w, all_done);
    assert_true(str_has_prefix(r->body, "|HTTP/1.1|"));
    mem_free(url);
}

static void a_client_certificate_is_shown(void **state)
{
    struct world *w = *state;
    struct reply *r = ask_tls(w, w->nginx.h2_port, &w->nginx.user);
    assert_true(str_has_prefix(r->body, "CN=sluice-test|HTTP/2.0|"));
    r = ask_tls(w, w->nginx.h2_port, &w->nginx.tls); /* the connection of one identity never serves another */
    assert_true(str_has_prefix(r->body, "|HTTP/2.0|"));
}

static void an_unknown_authority_is_an_error_of_tls(void **state)
{
    struct world *w = *state;
    struct http_tls other = {.ca_pem = w->nginx.other_ca_pem}, broken = {.ca_pem = (char *)"no certificate"};
    struct http_tls system = {0}, insecure = {.insecure = true};
    assert_int_equal(ask_tls(w, w->nginx.h2_port, &other)->err.code, ERR_TLS);
    assert_int_equal(ask_tls(w, w->nginx.h2_port, &broken)->err.code, ERR_TLS);
    assert_int_equal(ask_tls(w, w->nginx.h2_port, &system)->err.code, ERR_TLS);
    assert_int_equal(ask_tls(w, w->nginx.h2_port, NULL)->err.code, ERR_TLS);
    assert_int_equal(ask_tls(w, w->nginx.h2_port, &insecure)->status, 200);
    assert_int_equal(ask_tls(w, w->nginx.h2_port, &other)->err.code, ERR_TLS);
}

static void another_name_can_be_expected_of_the_server(void **state)
{
    struct world *w = *state;
    struct http_tls named = w->nginx.tls;
    named.server_name = (char *)"api.sluice.test";
    struct reply *r = ask_tls(w, w->nginx.h2_port, &named);
    char *expected = str_format("|HTTP/2.0|127.0.0.1:%d|api.sluice.test", w->nginx.h2_port);
    assert_string_equal(r->body, expected);
    mem_free(expected);
    named.server_name = (char *)"other.sluice.test";
    assert_int_equal(ask_tls(w, w->nginx.h2_port, &named)->err.code, ERR_TLS);
}

static struct reply *start_tls_watch(struct world *w, int port)
{
    char *url = str_format("https://127.0.0.1:%d/watch", port);
    struct http_request request = {.url = url, .tls = &w->nginx.tls, .long_lived = true};
    struct reply *r = start_with(w, request, on_data);
    mem_free(url);
    return r;
}

/* Numbers of the client's connections on which requests came. */
static size_t count_connections(struct world *w)
{
    struct str_list seen = {0};
    for (size_t i = 0; i < fake_net_request_count(w->net); i++) {
        const char *at = strstr(fake_net_request(w->net, i), "X-Connection: ");
        assert_non_null(at);
        char *number = str_dup_n(at, strcspn(at, "\r"));
        if (!str_list_has(&seen, number))
            str_list_push(&seen, number);
        mem_free(number);
    }
    size_t count = seen.count;
    str_list_fini(&seen);
    return count;
}

static void many_watches_at_once_share_few_connections(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 30; i++)
        start_tls_watch(w, w->nginx.h2_port);
    run_until(w, all_held);
    assert_true(count_connections(w) <= 4);
}

static bool thirty_two_held(struct world *w)
{
    return w->held_count == 32;
}

static bool last_is_done(struct world *w)
{
    return w->replies[w->reply_count - 1].done_count == 1;
}

/* Four connections of eight streams: the server takes no more watches, and still answers. */
static void watches_that_fill_every_stream_starve_no_request(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 40; i++)
        start_tls_watch(w, w->nginx.h2_port);
    run_until(w, thirty_two_held);
    char *url = str_format("https://127.0.0.1:%d/who", w->nginx.h2_port);
    struct reply *r = start_with(w, (struct http_request){.url = url, .tls = &w->nginx.tls}, NULL);
    mem_free(url);
    run_until(w, last_is_done);
    assert_int_equal(r->status, 200);
}

static bool some_held(struct world *w)
{
    return w->held_count > 0;
}

/* A few are let in, four by libcurl 7.88 and one by 8.14; the first answer tells that the server speaks HTTP/1.1
 * only. */
static void over_tls_without_http_2_the_fifth_watch_does_not_wait(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 12; i++)
        start_tls_watch(w, w->nginx.h1_port);
    run_until(w, some_held);
    fake_net_send(w->held[0], "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    run_until(w, all_held);
    for (size_t i = 0; i < w->reply_count; i++)
        assert_int_equal(w->replies[i].done_count, 0);
}

static void a_dying_connection_ends_every_stream_exactly_once(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 6; i++)
        start_tls_watch(w, w->nginx.h2_port);
    run_until(w, all_held);
    fake_net_send(w->held[0], "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n");
    for (size_t i = 1; i < 6; i++)
        fake_net_send(w->held[i], "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    fake_nginx_kill(&w->nginx);
    run_until(w, all_done);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(w->replies[i].done_count, 1);
}

int main(void)
{
    forget_proxies();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tls_speaks_http_2_and_trusts_the_given_authority, setup_tls, teardown_tls),
        cmocka_unit_test_setup_teardown(http_1_can_be_asked_for, setup_tls, teardown_tls),
        cmocka_unit_test_setup_teardown(a_client_certificate_is_shown, setup_tls, teardown_tls),
        cmocka_unit_test_setup_teardown(an_unknown_authority_is_an_error_of_tls, setup_tls, teardown_tls),
        cmocka_unit_test_setup_teardown(another_name_can_be_expected_of_the_server, setup_tls, teardown_tls),
        cmocka_unit_test_setup_teardown(many_watches_at_once_share_few_connections, setup_tls, teardown_tls),
        cmocka_unit_test_setup_teardown(watches_that_fill_every_stream_starve_no_request, setup_tls, teardown_tls),
        cmocka_unit_test_setup_teardown(over_tls_without_http_2_the_fifth_watch_does_not_wait, setup_tls, teardown_tls),
        cmocka_unit_test_setup_teardown(a_dying_connection_ends_every_stream_exactly_once, setup_tls, teardown_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
