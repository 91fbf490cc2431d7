#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "fake_clock.h"
#include "fake_http.h"
#include "notify/hook.h"
#include "notify/hook_run.h"

static const struct canary_defaults defaults = {.provider = "istio", .metrics_server = "http://prometheus:9090"};

/* One world a test: a virtual clock, a fake network, and what the hook said. */
struct world {
    struct fake_clock *fc;
    struct fake_http *fh;
    int done;
    int status;
    int64_t took_ms;
    char *error;
    struct doc *results;
};

static int setup(void **state)
{
    struct world *w = mem_new(struct world);
    w->fc = fake_clock_new(1000000);
    w->fh = fake_http_new(fake_clock_clock(w->fc));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    fake_http_free(w->fh);
    fake_clock_free(w->fc);
    str_free(&w->error);
    doc_free(w->results);
    mem_free(w);
    return 0;
}

static void on_done(void *ctx, const struct hook_outcome *outcome)
{
    struct world *w = ctx;
    w->done++;
    w->status = outcome->status;
    w->took_ms = outcome->took_ms;
    str_free(&w->error);
    w->error = str_dup(outcome->error);
}

static struct hook_call *start(struct world *w, const char *hook)
{
    struct err err;
    struct doc *doc = doc_parse(hook, strlen(hook), &err);
    assert_non_null(doc);
    struct hook_options options = {.http = fake_http_door(w->fh),
                                   .clock = fake_clock_clock(w->fc),
                                   .hook = doc_root(doc),
                                   .body = "{\"name\":\"podinfo\"}",
                                   .key = "uid/1/gate"};
    struct hook_call *call = hook_start(&options, on_done, w);
    doc_free(doc);
    assert_int_equal(w->done, 0); /* never before it returns */
    return call;
}

static void read_canary(struct canary *canary, const char *status, const char *webhooks)
{
    struct err err = {0};
    char *text = str_format(
        "{\"metadata\":{\"name\":\"podinfo\",\"namespace\":\"test\"},\"spec\":{\"targetRef\":{\"kind\":\"Deployment\","
        "\"name\":\"podinfo\"},\"service\":{\"port\":80},\"analysis\":{\"stepWeight\":10,\"webhooks\":%s}},\"status\":%"
        "s}",
        webhooks, status);
    struct doc *doc = doc_parse(text, strlen(text), &err);
    assert_non_null(doc);
    str_free(&text);
    assert_true(canary_init(canary, doc, &defaults, &err));
}

/* The vectors of Flagger's own hash. */
static void test_checksum_vectors(void **state)
{
    static const struct {
        const char *status, *checksum;
    } cases[] = {
        {"{}", "758df7c9fc"},
        {"{\"trackedConfigs\":{},\"lastAppliedSpec\":\"4cb74184589\"}", "56966965f5"},
        {"{\"trackedConfigs\":{\"secret/b\":\"484637c76acaa7c6\",\"configmap/"
         "a\":\"9fc3a7c76acaa7c6\"},\"lastAppliedSpec\":\"4cb74184589\"}",
         "548bfbf6d9"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct canary canary;
        char checksum[16];
        read_canary(&canary, cases[i].status, "[]");
        hook_checksum(&canary, checksum);
        assert_string_equal(checksum, cases[i].checksum);
        canary_fini(&canary);
    }
}

static void test_payloads(void **state)
{
    struct canary canary;
    read_canary(&canary, "{}",
                "[{\"name\":\"a\",\"url\":\"http://"
                "x\",\"metadata\":{\"type\":\"cmd\",\"eventType\":\"mine\"}},{\"name\":\"b\",\"url\":\"http://x\"}]");
    const struct node *hooks = node_get(canary.analysis, "webhooks");
    char *text = hook_payload(&canary, node_item(hooks, 0), "Progressing");
    assert_string_equal(
        text, "{\"name\":\"podinfo\",\"namespace\":\"test\",\"phase\":\"Progressing\",\"checksum\":\"758df7c9fc\","
              "\"metadata\":{\"type\":\"cmd\",\"eventType\":\"mine\"}}");
    str_free(&text);
    text = hook_payload(&canary, node_item(hooks, 1), "Waiting");
    assert_null(strstr(text, "metadata"));
    str_free(&text);
    text = hook_event_payload(&canary, node_item(hooks, 0), "Failed", "Warning", "Canary failed!", 1773216907123);
    assert_non_null(strstr(text, "\"eventType\":\"Warning\"")); /* the built-in keys win */
    assert_non_null(strstr(text, "\"timestamp\":\"1773216907123\""));
    assert_non_null(strstr(text, "\"type\":\"cmd\""));
    str_free(&text);
    text = hook_event_payload(&canary, NULL, "", "Normal", "all is new", 1773216907123);
    assert_non_null(strstr(text, "\"phase\":\"Initializing\"")); /* before the first status */
    str_free(&text);
    canary_fini(&canary);
}

static void test_statuses_up_to_202_pass(void **state)
{
    static const struct {
        int status;
        const char *body, *error;
    } cases[] = {
        {200, "OK", NULL},
        {202, "", NULL},
        {204, "", ""},
        {203, "odd", "odd"},
        {403, "Forbidden", "Forbidden"},
        {501, "no such thing", "no such thing"},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        w->done = 0;
        fake_http_once(w->fh, "POST", "http://gate/check", cases[i].status, cases[i].body);
        start(w, "{\"url\":\"http://gate/check\"}");
        fake_clock_run(w->fc);
        assert_int_equal(w->done, 1);
        assert_true(str_equal(w->error, cases[i].error));
        assert_int_equal(w->status, cases[i].status);
    }
    assert_string_equal(fake_http_header(fake_http_last(w->fh), "Sluice-Key"), "uid/1/gate");
    assert_int_equal(fake_http_last(w->fh)->timeout_ms, 10000);
}

static void test_500_is_tried_again_and_hides_its_body(void **state)
{
    struct world *w = *state;
    fake_http_route(w->fh, "POST", "gate", 500, "secret");
    start(w, "{\"url\":\"http://user:pass@gate/check?x=1\",\"retries\":3}");
    fake_clock_run(w->fc);
    assert_int_equal(fake_http_seen_count(w->fh), 1);
    fake_clock_advance(w->fc, 999);
    assert_int_equal(fake_http_seen_count(w->fh), 1);
    fake_clock_advance(w->fc, 1);
    assert_int_equal(fake_http_seen_count(w->fh), 2);
    fake_clock_advance(w->fc, 2000);
    assert_int_equal(fake_http_seen_count(w->fh), 3);
    assert_int_equal(w->done, 0);
    fake_clock_advance(w->fc, 4000);
    assert_int_equal(fake_http_seen_count(w->fh), 4);
    assert_int_equal(w->done, 1);
    assert_string_equal(w->error, "POST http://user:xxxxx@gate/check?x=1 giving up after 4 attempt(s)");
    assert_int_equal(w->status, 500);
    assert_int_equal(w->took_ms, 7000);
}

struct failure {
    enum err_code code;
    const char *text;
};

static bool refuse(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    const struct failure *failure = ctx;
    answer->code = failure->code;
    answer->text = failure->text;
    return true;
}

static void test_transport_errors(void **state)
{
    struct world *w = *state;
    struct failure failure = {ERR_UNREACHABLE, "connection refused"};
    fake_http_handle(w->fh, refuse, &failure);
    start(w, "{\"url\":\"http://gate/\",\"retries\":1}");
    fake_clock_advance(w->fc, 1000);
    assert_int_equal(fake_http_seen_count(w->fh), 2);
    assert_string_equal(w->error,
                        "POST http://gate/ giving up after 2 attempt(s): Post \"http://gate/\": connection refused");
    assert_int_equal(w->status, 0);
}

/* Go's retry policy: what does not get better by waiting is not tried again. */
static void test_what_is_tried_again(void **state)
{
    static const struct {
        struct failure failure;
        size_t attempts;
    } cases[] = {
        {{ERR_UNREACHABLE, "POST https://gate/: Recv failure: Connection reset by peer"}, 3},
        {{ERR_TLS, "POST https://gate/: error:0A00010B:SSL routines::wrong version number"}, 3},
        {{ERR_TLS, "POST https://gate/: SSL certificate problem: self-signed certificate"}, 1},
        {{ERR_TLS, "POST https://gate/: SSL: no alternative certificate subject name matches target host name 'gate'"},
         1},
        {{ERR_REJECTED, "POST https://gate/: Maximum (9) redirects followed"}, 1},
        {{ERR_INVALID, "POST https://gate/: not a URL"}, 1},
    };
    struct world *w = *state;
    struct failure failure;
    fake_http_handle(w->fh, refuse, &failure);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t before = fake_http_seen_count(w->fh);
        failure = cases[i].failure;
        w->done = 0;
        start(w, "{\"url\":\"https://gate/\",\"retries\":2}");
        fake_clock_advance(w->fc, 10000);
        assert_int_equal(w->done, 1);
        assert_int_equal(fake_http_seen_count(w->fh) - before, cases[i].attempts);
    }
}

static void test_a_hook_without_tls_checks_goes_past_the_proxy(void **state)
{
    struct world *w = *state;
    fake_http_route(w->fh, "POST", "gate", 200, "");
    start(w, "{\"url\":\"https://gate/\",\"disableTLS\":true}");
    assert_true(fake_http_last(w->fh)->no_proxy);
    fake_clock_run(w->fc);
    w->done = 0;
    start(w, "{\"url\":\"https://gate/\",\"retries\":9223372036854775807}");
    assert_false(fake_http_last(w->fh)->no_proxy);
    assert_true(fake_http_last(w->fh)->follow_redirects && fake_http_last(w->fh)->same_host);
    fake_clock_run(w->fc);
}

/* It goes into an event, a record and a terminal. */
static void test_the_body_of_a_refusal_comes_back_as_one_short_line(void **state)
{
    static const struct {
        const char *body, *error;
    } cases[] = {
        {"closed\n", "closed"},
        {"\n  <h1>\r\n  403\033[2J Forbidden</h1>\n", "<h1> 403\xef\xbf\xbd[2J Forbidden</h1>"},
        {"\n", ""},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        w->done = 0;
        fake_http_once(w->fh, "POST", "gate", 403, cases[i].body);
        start(w, "{\"url\":\"http://gate/\"}");
        fake_clock_run(w->fc);
        assert_int_equal(w->done, 1);
        assert_string_equal(w->error, cases[i].error);
        str_free(&w->error);
    }
    char large[2001];
    memset(large, 'x', 2000);
    large[2000] = '\0';
    w->done = 0;
    fake_http_once(w->fh, "POST", "gate", 403, large);
    start(w, "{\"url\":\"http://gate/\"}");
    fake_clock_run(w->fc);
    assert_int_equal(strlen(w->error), 256 + 3);
    assert_true(str_has_suffix(w->error, "xxx..."));
}

static void test_retry_after_is_kept_and_a_hook_that_hangs_ends(void **state)
{
    struct world *w = *state;
    fake_http_route(w->fh, "POST", "gate", 200, "");
    fake_http_once(w->fh, "POST", "gate", 429, "");
    start(w, "{\"url\":\"http://gate/\",\"retries\":1,\"timeout\":\"2s\"}");
    fake_clock_run(w->fc);
    assert_int_equal(fake_http_last(w->fh)->timeout_ms, 2000);
    fake_clock_advance(w->fc, 1000);
    assert_int_equal(w->done, 1);
    assert_null(w->error);
}

static void test_a_bad_timeout_fails_every_call(void **state)
{
    struct world *w = *state;
    start(w, "{\"url\":\"http://gate/\",\"timeout\":\"1min\"}");
    fake_clock_run(w->fc);
    assert_int_equal(w->done, 1);
    assert_non_null(strstr(w->error, "1min"));
    assert_int_equal(fake_http_seen_count(w->fh), 0);
}

/* In Go's words, which Flagger's events have, and without a request. */
static void test_a_url_that_cannot_be_read_fails_every_call(void **state)
{
    struct world *w = *state;
    start(w, "{\"url\":\"http://gate/%zz\",\"retries\":3}");
    fake_clock_run(w->fc);
    assert_int_equal(w->done, 1);
    assert_string_equal(w->error, "parse \"http://gate/%zz\": invalid URL escape \"%zz\"");
    assert_int_equal(fake_http_seen_count(w->fh), 0);
}

static void test_cancel_between_attempts_is_silent(void **state)
{
    struct world *w = *state;
    fake_http_route(w->fh, "POST", "gate", 503, "");
    struct hook_call *call = start(w, "{\"url\":\"http://gate/\",\"retries\":9}");
    fake_clock_run(w->fc);
    hook_cancel(call);
    fake_clock_advance(w->fc, 60000);
    assert_int_equal(w->done, 0);
    assert_int_equal(fake_http_seen_count(w->fh), 1);
}

static void on_results(void *ctx, const struct doc *results)
{
    struct world *w = ctx;
    w->done++;
    w->results = doc_copy(doc_root(results));
}

static void test_hooks_of_a_type_stop_at_the_first_failure(void **state)
{
    struct world *w = *state;
    struct canary canary;
    read_canary(&canary, "{}",
                "[{\"name\":\"a\",\"url\":\"http://a\"},{\"name\":\"p\",\"type\":\"pre-rollout\",\"url\":\"http://p\"},"
                "{\"name\":\"b\",\"type\":\"rollout\",\"url\":\"http://"
                "b\",\"muteAlert\":true},{\"name\":\"c\",\"url\":\"http://c\"}]");
    fake_http_route(w->fh, "POST", "http://a", 200, "");
    fake_http_route(w->fh, "POST", "http://b", 403, "closed");
    struct hook_run_options options = {.http = fake_http_door(w->fh),
                                       .clock = fake_clock_clock(w->fc),
                                       .canary = &canary,
                                       .type = "rollout",
                                       .phase = "Progressing",
                                       .key_prefix = "uid/7/rollout"};
    assert_true(hook_run_is_needed(&canary, "rollout"));
    assert_false(hook_run_is_needed(&canary, "rollback"));
    hook_run_start(&options, on_results, w);
    canary_fini(&canary);
    fake_clock_run(w->fc);
    assert_int_equal(w->done, 1);
    char *text = node_to_text(doc_root(w->results));
    assert_string_equal(text, "[{\"name\":\"a\",\"ok\":true,\"status\":200,\"took_ms\":0,\"mute\":false},"
                              "{\"name\":\"b\",\"ok\":false,\"error\":\"closed\",\"status\":403,\"took_ms\":0,"
                              "\"mute\":true}]");
    str_free(&text);
    assert_string_equal(fake_http_header(fake_http_last(w->fh), "Sluice-Key"), "uid/7/rollout/b");
}

static void test_every_hook_has_a_key_of_its_own(void **state)
{
    static const char *const keys[] = {"uid/7/rollout/load", "uid/7/rollout/load/2", "uid/7/rollout/line_"};
    struct world *w = *state;
    struct canary canary;
    read_canary(
        &canary, "{}",
        "[{\"name\":\"load\",\"url\":\"http://a\"},{\"name\":\"load\",\"type\":\"pre-rollout\",\"url\":\"http://p\"},"
        "{\"name\":\"load\",\"url\":\"http://a\"},{\"name\":\"line\\n\",\"url\":\"http://a\"}]");
    fake_http_route(w->fh, "POST", "http://a", 200, "");
    struct hook_run_options options = {.http = fake_http_door(w->fh),
                                       .clock = fake_clock_clock(w->fc),
                                       .canary = &canary,
                                       .type = "rollout",
                                       .phase = "Progressing",
                                       .key_prefix = "uid/7/rollout"};
    hook_run_start(&options, on_results, w);
    canary_fini(&canary);
    fake_clock_run(w->fc);
    assert_int_equal(fake_http_seen_count(w->fh), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(fake_http_header(fake_http_seen(w->fh, i), "Sluice-Key"), keys[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_checksum_vectors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_payloads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_statuses_up_to_202_pass, setup, teardown),
        cmocka_unit_test_setup_teardown(test_500_is_tried_again_and_hides_its_body, setup, teardown),
        cmocka_unit_test_setup_teardown(test_transport_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_tried_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_hook_without_tls_checks_goes_past_the_proxy, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_body_of_a_refusal_comes_back_as_one_short_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_retry_after_is_kept_and_a_hook_that_hangs_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_bad_timeout_fails_every_call, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_url_that_cannot_be_read_fails_every_call, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel_between_attempts_is_silent, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hooks_of_a_type_stop_at_the_first_failure, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_hook_has_a_key_of_its_own, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
