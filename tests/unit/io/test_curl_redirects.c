/* Where a request goes in the end: redirects, and addresses that a name must not lead to. */
#include "curl_world.h"

static void a_redirected_post_becomes_a_get_without_body(void **state)
{
    struct world *w = *state;
    struct reply *r = ask(
        w, "/moved302", (struct http_request){.method = "POST", .body = "b", .body_len = 1, .follow_redirects = true});
    assert_int_equal(r->status, 200);
    assert_string_equal(r->body, "fine");
    assert_true(str_has_prefix(fake_net_request(w->net, 1), "GET /landed "));
    assert_null(strstr(fake_net_request(w->net, 1), "Content-Length"));
}

static void a_temporary_redirect_keeps_method_and_body(void **state)
{
    struct world *w = *state;
    ask(w, "/moved307", (struct http_request){.method = "POST", .body = "b", .body_len = 1, .follow_redirects = true});
    assert_true(str_has_prefix(fake_net_request(w->net, 1), "POST /landed "));
    assert_true(str_has_suffix(fake_net_request(w->net, 1), "\r\n\r\nb"));
}

static void what_go_does_not_follow_is_an_answer(void **state)
{
    struct world *w = *state;
    struct reply *r = ask(w, "/moved300", (struct http_request){.method = "POST", .follow_redirects = true});
    assert_int_equal(r->status, 300);
    assert_string_equal(r->body, "choose");
    assert_int_equal(ask(w, "/moved304", (struct http_request){.follow_redirects = true})->status, 304);
    assert_int_equal(ask(w, "/moved307", (struct http_request){.follow_redirects = true})->status, 200);
    assert_int_equal(fake_net_request_count(w->net), 4);
}

/* With a connection to the other host that could be used again, and without. */
static void a_redirect_to_another_host_is_refused_where_that_is_wanted(void **state)
{
    struct world *w = *state;
    struct http_request post = {
        .method = "POST", .body = "b", .body_len = 1, .follow_redirects = true, .same_host = true};
    for (int i = 0; i < 2; i++) {
        struct reply *r = ask(w, "/away", post);
        assert_false(r->answered);
        assert_int_equal(r->err.code, ERR_REJECTED);
        assert_true(str_has_suffix(r->err.text, "/away: a redirect to another host is not followed"));
        assert_int_equal(fake_net_accepted(w->net), 1 + i);
        assert_int_equal(fake_net_request_count(w->net), 1 + 2 * i);
        char *url = str_format("http://localhost:%d/fine", fake_net_port(w->net));
        start_with(w, (struct http_request){.url = url}, NULL);
        mem_free(url);
        run_until(w, all_done);
    }
    assert_int_equal(ask(w, "/moved307", post)->status, 200);
    struct http_request any = post;
    any.same_host = false;
    assert_int_equal(ask(w, "/away", any)->status, 200);
}

/* A name that leads nowhere is not found out to do so. */
static void a_host_that_is_not_followed_is_not_looked_up(void **state)
{
    struct world *w = *state;
    struct http_request only = {.follow_redirects = true, .same_host = true}, any = {.follow_redirects = true};
    assert_true(str_has_suffix(ask(w, "/nowhere", only)->err.text, ": a redirect to another host is not followed"));
    assert_true(str_has_suffix(ask(w, "/nowhere", any)->err.text, "Could not resolve host: nobody.invalid"));
}

/* Over a connection of its own, and over one that somebody else has opened. */
static void a_name_that_leads_to_this_machine_is_refused_where_that_is_wanted(void **state)
{
    struct world *w = *state;
    char *url = str_format("http://inner.localhost:%d/fine", fake_net_port(w->net));
    for (int i = 0; i < 2; i++) {
        struct reply *r = start_with(w, (struct http_request){.url = url, .outward = true}, NULL);
        run_until(w, all_done);
        assert_false(r->answered);
        assert_int_equal(r->err.code, ERR_REJECTED);
        assert_non_null(strstr(r->err.text, "/fine: the name leads to an address of this machine"));
        assert_int_equal(fake_net_request_count(w->net), i);
        r = start_with(w, (struct http_request){.url = url}, NULL);
        run_until(w, all_done);
        assert_int_equal(r->status, 200);
    }
    mem_free(url);
    assert_int_equal(ask(w, "/fine", (struct http_request){.outward = true})->status, 200); /* 127.0.0.1 */
}

static void a_redirect_to_another_host_carries_no_credentials(void **state)
{
    struct world *w = *state;
    char *url = str_format("http://user:word@127.0.0.1:%d/away?token=secret", fake_net_port(w->net));
    struct reply *r = start_with(w, (struct http_request){.url = url, .follow_redirects = true}, NULL);
    mem_free(url);
    run_until(w, all_done);
    assert_int_equal(r->status, 200);
    assert_non_null(strstr(fake_net_request(w->net, 0), "Authorization: Basic "));
    assert_non_null(strstr(fake_net_request(w->net, 1), "Host: localhost:"));
    assert_null(strstr(fake_net_request(w->net, 1), "Authorization"));
    assert_null(strstr(fake_net_request(w->net, 1), "secret"));
}

static void redirects_are_answers_unless_they_are_to_be_followed(void **state)
{
    struct world *w = *state;
    assert_int_equal(ask(w, "/moved302", (struct http_request){0})->status, 302);
    assert_int_equal(fake_net_request_count(w->net), 1);
}

static void a_circle_of_redirects_ends_after_ten_requests(void **state)
{
    struct world *w = *state;
    struct reply *r = ask(w, "/circle", (struct http_request){.follow_redirects = true});
    assert_false(r->answered);
    assert_int_equal(r->err.code, ERR_REJECTED);
    assert_int_equal(fake_net_request_count(w->net), 10);
}

int main(void)
{
    forget_proxies();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_redirected_post_becomes_a_get_without_body, setup, teardown),
        cmocka_unit_test_setup_teardown(a_temporary_redirect_keeps_method_and_body, setup, teardown),
        cmocka_unit_test_setup_teardown(what_go_does_not_follow_is_an_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(a_redirect_to_another_host_is_refused_where_that_is_wanted, setup, teardown),
        cmocka_unit_test_setup_teardown(a_host_that_is_not_followed_is_not_looked_up, setup, teardown),
        cmocka_unit_test_setup_teardown(a_name_that_leads_to_this_machine_is_refused_where_that_is_wanted, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_redirect_to_another_host_carries_no_credentials, setup, teardown),
        cmocka_unit_test_setup_teardown(redirects_are_answers_unless_they_are_to_be_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_circle_of_redirects_ends_after_ten_requests, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
