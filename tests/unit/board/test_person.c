#include "board_world.h"

#include "canary/request.h"
#include "fake_http.h"

/* The API server is a fake one here: it keeps each request as it came, with who has sent it. */
struct office {
    struct virtual_clock *time;
    struct clock *clock;
    struct fake_http *http;
    struct kube_client *kube;
    struct source source;
    struct board *board;
};

#define ALLOWED "{\"status\": {\"allowed\": true}}"
#define ALICE "{\"status\": {\"userInfo\": {\"username\": \"alice\"}}}"

static const struct page_header as_alice[] = {
    {"Authorization", "Bearer alice-token"}, {"Content-Type", "application/json"}, {0}};

static int setup(void **state)
{
    struct err err;
    struct office *o = mem_new(struct office);
    struct kube_config config = {0};
    o->time = virtual_clock_new(INT64_C(1000) * WORLD_BEGIN_S);
    o->clock = virtual_clock_clock(o->time);
    o->http = fake_http_new(o->clock);
    assert_true(kube_config_set_server(&config, "https://api", &err));
    config.token = str_dup("the-board's-own");
    config.tls.ca_pem = str_dup("an authority");
    config.tls.cert_pem = str_dup("the board's certificate");
    config.tls.key_pem = str_dup("and its key");
    o->kube = kube_client_new(fake_http_door(o->http), o->clock, NULL, &config);
    o->source.canaries = store_new(&KUBE_CANARIES, NULL);
    o->source.releases = store_new(&KUBE_RELEASES, NULL);
    struct board_options options = {.feed = {.sources = {.kube = o->kube,
                                                         .clock = o->clock,
                                                         .canaries = o->source.canaries,
                                                         .releases = o->source.releases},
                                             .cluster_clock = o->clock}};
    o->board = board_open(&options);
    *state = o;
    return 0;
}

static int teardown(void **state)
{
    struct office *o = *state;
    board_close(o->board);
    store_free(o->source.canaries);
    store_free(o->source.releases);
    virtual_clock_run(o->time, clock_mono_ms(o->clock) + 1000);
    kube_client_free(o->kube);
    fake_http_free(o->http);
    virtual_clock_free(o->time);
    mem_free(o);
    return 0;
}

static void post(struct office *o, struct page *page, const char *path, const struct page_header *asked,
                 const char *body)
{
    page_init(page, "POST", path, "", asked);
    page->exchange.body = body;
    page->exchange.body_len = strlen(body);
    board_serve(o->board, &page->exchange);
    virtual_clock_run(o->time, clock_mono_ms(o->clock) + 1000);
}

static void expect_answer(struct page *page, int status, const char *body)
{
    struct err err;
    assert_int_equal(page->status, status);
    assert_true(page->ended);
    struct doc *doc = doc_parse(buf_str(&page->body), page->body.len, &err);
    assert_non_null(doc);
    if (body != NULL) {
        fake_doc_expect(doc_root(doc), body);
    }
    doc_free(doc);
    page_fini(page);
}

/* Every request is the person's: their token, no certificate of ours. The TLS settings live as long as the call. */
static bool check_sender(void *ctx, const struct fake_http_seen *seen, struct fake_http_answer *answer)
{
    assert_string_equal(fake_http_header(seen, "Authorization"), "Bearer alice-token");
    assert_null(seen->tls->cert_pem);
    assert_null(seen->tls->key_pem);
    assert_string_equal(seen->tls->ca_pem, "an authority");
    return false;
}

static void buttons_are_what_the_review_allows(void **state)
{
    struct office *o = *state;
    struct page page;
    fake_http_route(o->http, "POST", "/selfsubjectreviews", 201, ALICE);
    fake_http_route(o->http, "POST", "/selfsubjectaccessreviews", 201, ALLOWED);
    fake_http_route(o->http, "PATCH", "/canaries/shop?dryRun=All&", 200, "{}");
    fake_http_handle(o->http, check_sender, NULL);
    post(o, &page, "/access", as_alice, "{\"namespace\": \"test\", \"canary\": \"shop\"}");
    assert_int_equal(fake_http_seen_count(o->http), 2 + REQUEST_VERBS);
    const struct fake_http_seen *review = fake_http_find(o->http, "POST", "/selfsubjectaccessreviews", 0);
    struct doc *asked = doc_parse(review->body, review->body_len, &(struct err){0});
    fake_doc_expect(node_at(doc_root(asked), "spec", "resourceAttributes"),
                    "{'verb': 'patch', 'group': 'flagger.app', 'resource': 'canaries', 'namespace': 'test', "
                    "'name': 'shop'}");
    doc_free(asked);
    expect_answer(&page, 200,
                  "{'user': 'alice', 'verbs': ['pause', 'resume', 'promote', 'rollback', 'retry', 'approve']}");
}

/* A policy that forbids promote, and a webhook that cannot be tried when it comes to approve. */
static bool forbid(void *ctx, const struct fake_http_seen *seen, struct fake_http_answer *answer)
{
    bool promotes = seen->body != NULL && strstr(seen->body, "promote") != NULL;
    bool approves = seen->body != NULL && strstr(seen->body, "approve") != NULL;
    answer->status = promotes ? 403 : 400;
    answer->body = "{\"kind\": \"Status\", \"message\": \"no\"}";
    return strcmp(seen->method, "PATCH") == 0 && (promotes || approves);
}

static void what_a_policy_forbids_has_no_button(void **state)
{
    struct office *o = *state;
    struct page page;
    fake_http_route(o->http, "POST", "/selfsubjectreviews", 201, ALICE);
    fake_http_route(o->http, "POST", "/selfsubjectaccessreviews", 201, ALLOWED);
    fake_http_route(o->http, "PATCH", "/canaries/shop?dryRun=All&", 200, "{}");
    fake_http_handle(o->http, forbid, NULL);
    post(o, &page, "/access", as_alice, "{\"namespace\": \"test\", \"canary\": \"shop\"}");
    expect_answer(&page, 200, "{'user': 'alice', 'verbs': ['pause', 'resume', 'rollback', 'retry', 'approve']}");
}

static void who_may_not_has_none(void **state)
{
    struct office *o = *state;
    struct page page;
    fake_http_route(o->http, "POST", "/selfsubjectreviews", 404, "{}"); /* before Kubernetes 1.28 */
    fake_http_route(o->http, "POST", "/selfsubjectaccessreviews", 201, "{\"status\": {\"allowed\": false}}");
    post(o, &page, "/access", as_alice, "{\"namespace\": \"test\", \"canary\": \"shop\"}");
    expect_answer(&page, 200, "{'verbs': []}");
}

static void a_request_is_the_persons_own_patch(void **state)
{
    struct office *o = *state;
    struct page page;
    fake_http_route(o->http, "POST", "/selfsubjectreviews", 201, ALICE);
    fake_http_route(o->http, "PATCH", "/canaries/shop", 200, "{}");
    fake_http_handle(o->http, check_sender, NULL);
    post(o, &page, "/ask", as_alice,
         "{\"namespace\": \"test\", \"canary\": \"shop\", \"verb\": \"rollback\", \"release\": \"shop-3\", \"gate\": "
         "null, "
         "\"reason\": \"INC-1\"}");
    const struct fake_http_seen *patch = fake_http_find(o->http, "PATCH", "/namespaces/test/canaries/shop?", 0);
    assert_non_null(patch);
    assert_string_equal(fake_http_header(patch, "Content-Type"), "application/merge-patch+json");
    struct doc *body = doc_parse(patch->body, patch->body_len, &(struct err){0});
    const char *text = node_str(node_at(doc_root(body), "metadata", "annotations", "sluice.dev/request"));
    struct doc *request = doc_parse(text, strlen(text), &(struct err){0});
    char *id = str_dup(node_str(node_get(doc_root(request), "id")));
    node_remove(doc_root(request), "id");
    fake_doc_expect(doc_root(request), "{'verb': 'rollback', 'release': 'shop-3', 'reason': 'INC-1', 'by': 'alice', "
                                       "'at': '2026-11-29T10:00:00Z'}");
    char *answer = str_format("{'id': '%s'}", id);
    expect_answer(&page, 200, answer);
    str_free(&answer);
    str_free(&id);
    doc_free(request);
    doc_free(body);
}

static void a_refusal_has_the_words_of_the_server(void **state)
{
    struct office *o = *state;
    struct page page;
    fake_http_route(o->http, "POST", "/selfsubjectreviews", 201, ALICE);
    fake_http_route(o->http, "PATCH", "/canaries/shop", 403,
                    "{\"kind\": \"Status\", \"message\": \"canaries.flagger.app is forbidden: alice cannot patch\"}");
    post(o, &page, "/ask", as_alice, "{\"namespace\": \"test\", \"canary\": \"shop\", \"verb\": \"promote\"}");
    expect_answer(&page, 403, "{'problem': 'canaries.flagger.app is forbidden: alice cannot patch'}");
    fake_http_route(o->http, "POST", "/selfsubjectaccessreviews", 401,
                    "{\"kind\": \"Status\", \"message\": \"Unauthorized\"}");
    post(o, &page, "/access", as_alice, "{\"namespace\": \"test\", \"canary\": \"shop\"}");
    expect_answer(&page, 401, "{'problem': 'bearer token: the credentials were refused: Unauthorized'}");
}

/* Nothing is asked of the API server, whose fake fails the test at a request that nobody expects. */
static void what_makes_no_sense_goes_no_further(void **state)
{
    struct office *o = *state;
    struct page page;
    static const struct page_header no_token[] = {{"Content-Type", "application/json"}, {0}},
                                    empty[] = {{"Authorization", "Bearer "}, {"Content-Type", "application/json"}, {0}},
                                    two[] = {{"Authorization", "Bearer a b"},
                                             {"Content-Type", "application/json"},
                                             {0}},
                                    basic[] = {{"Authorization", "Basic YTpi"},
                                               {"Content-Type", "application/json"},
                                               {0}},
                                    form[] = {{"Authorization", "Bearer a"}, {"Content-Type", "text/plain"}, {0}};
    static const struct page_header *const strangers[] = {no_token, empty, two, basic};
    const char *body = "{\"namespace\": \"test\", \"canary\": \"shop\", \"verb\": \"pause\"}";
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        post(o, &page, "/ask", strangers[i], body);
        expect_answer(&page, 401, "{'problem': 'a bearer token is wanted'}");
    }
    post(o, &page, "/ask", form, body); /* what a form of another site could send */
    expect_answer(&page, 415, NULL);
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "{\"canary\": \"shop\", \"verb\": \"pause\"}",
        "{\"namespace\": \"test\", \"canary\": \"shop\"}",
        "{\"namespace\": \"test\", \"canary\": \"shop\", \"verb\": \"delete\"}",
        "{\"namespace\": \"test\", \"canary\": 7, \"verb\": \"pause\"}",
        "{\"namespace\": \"test\", \"canary\": \"shop\", \"verb\": \"pause\", \"reason\": {}}",
        "{\"namespace\": \"test\", \"canary\": \"shop\", \"verb\": \"pause\", \"reason\": \"a\\u0000b\"}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        post(o, &page, "/ask", as_alice, bad[i]);
        expect_answer(&page, 400, NULL);
    }
    post(o, &page, "/other", as_alice, body);
    assert_int_equal(page.status, 405);
    page_fini(&page);
    assert_int_equal(fake_http_seen_count(o->http), 0);
}

/* A name that would be another path of the API server. */
static void a_name_is_no_path(void **state)
{
    struct office *o = *state;
    struct page page;
    fake_http_route(o->http, "POST", "/selfsubjectreviews", 201, ALICE);
    post(o, &page, "/ask", as_alice,
         "{\"namespace\": \"test\", \"canary\": \"../../secrets/x\", \"verb\": \"pause\", \"reason\": null}");
    expect_answer(&page, 502, NULL);
    assert_int_equal(fake_http_count(o->http, "PATCH", NULL), 0);
}

static bool hold(void *ctx, const struct fake_http_seen *seen, struct fake_http_answer *answer)
{
    answer->delay_ms = 5000;
    answer->status = 201;
    answer->body = ALICE;
    return strcmp(seen->method, "POST") == 0;
}

static void so_many_are_under_way_and_a_page_may_leave(void **state)
{
    struct office *o = *state;
    static struct page pages[17];
    fake_http_route(o->http, "PATCH", "/canaries/shop", 200, "{}");
    fake_http_handle(o->http, hold, NULL);
    for (size_t i = 0; i < 17; i++) {
        page_init(&pages[i], "POST", "/ask", "", as_alice);
        pages[i].exchange.body = "{\"namespace\": \"test\", \"canary\": \"shop\", \"verb\": \"pause\"}";
        pages[i].exchange.body_len = strlen(pages[i].exchange.body);
        board_serve(o->board, &pages[i].exchange);
    }
    expect_answer(&pages[16], 503, NULL);
    page_leave(&pages[0]); /* what it has asked for is done all the same */
    page_fini(&pages[0]);
    virtual_clock_run(o->time, clock_mono_ms(o->clock) + 10 * 1000);
    for (size_t i = 1; i < 16; i++) {
        expect_answer(&pages[i], 200, NULL);
    }
    assert_int_equal(fake_http_count(o->http, "PATCH", NULL), 16);
}

/* A board that closes answers who waits. */
static void who_waits_is_answered_at_the_end(void **state)
{
    struct office *o = *state;
    static struct page page;
    fake_http_handle(o->http, hold, NULL);
    page_init(&page, "POST", "/access", "", as_alice);
    page.exchange.body = "{\"namespace\": \"test\", \"canary\": \"shop\"}";
    page.exchange.body_len = strlen(page.exchange.body);
    board_serve(o->board, &page.exchange);
    teardown(state);
    expect_answer(&page, 502, "{'problem': 'the dashboard is ending'}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(buttons_are_what_the_review_allows, setup, teardown),
        cmocka_unit_test_setup_teardown(what_a_policy_forbids_has_no_button, setup, teardown),
        cmocka_unit_test_setup_teardown(who_may_not_has_none, setup, teardown),
        cmocka_unit_test_setup_teardown(a_request_is_the_persons_own_patch, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refusal_has_the_words_of_the_server, setup, teardown),
        cmocka_unit_test_setup_teardown(what_makes_no_sense_goes_no_further, setup, teardown),
        cmocka_unit_test_setup_teardown(a_name_is_no_path, setup, teardown),
        cmocka_unit_test_setup_teardown(so_many_are_under_way_and_a_page_may_leave, setup, teardown),
        cmocka_unit_test_setup(who_waits_is_answered_at_the_end, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
