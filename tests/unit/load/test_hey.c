#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "load/hey.h"
#include "load/words.h"

static const char *header(const struct load_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->header_names.count; i++) {
        if (strcmp(plan->header_names.items[i], name) == 0) {
            return plan->header_values.items[i];
        }
    }
    return NULL;
}

static bool read(const char *text, struct load_plan *plan, struct err *err)
{
    struct words words;
    assert_true(words_split(text, &words, err));
    bool ok = hey_read(&words.programs[0], plan, err);
    words_fini(&words);
    return ok;
}

static struct load_plan plan_of(const char *text)
{
    struct load_plan plan;
    struct err err = {0};
    if (!read(text, &plan, &err)) {
        fail_msg("%s: %s", text, err.text);
    }
    return plan;
}

static void expect_refused(const char *text, const char *want)
{
    struct load_plan plan;
    struct err err = {0};
    assert_false(read(text, &plan, &err));
    assert_string_equal(err.text, want);
    load_plan_fini(&plan);
}

static void what_is_not_said_is_as_in_hey(void **state)
{
    struct load_plan plan = plan_of("hey http://podinfo.test");
    assert_string_equal(plan.method, "GET");
    assert_string_equal(plan.url, "http://podinfo.test");
    assert_null(plan.body);
    assert_null(plan.proxy);
    assert_int_equal(plan.requests, 200);
    assert_int_equal(plan.workers, 50);
    assert_int_equal(plan.duration_ms, 0);
    assert_int_equal(plan.timeout_ms, 20000);
    assert_true(plan.rate == 0);
    assert_false(plan.http2 || plan.no_keepalive || plan.no_redirects);
    assert_string_equal(header(&plan, "Content-Type"), "text/html");
    assert_string_equal(header(&plan, "Accept-Encoding"), "gzip");
    assert_null(header(&plan, "Host"));
    load_plan_fini(&plan);
}

static void the_command_lines_of_the_documents_are_read(void **state)
{
    struct load_plan plan = plan_of("hey -z 1m -q 10 -c 2 http://podinfo-canary.test:9898/");
    assert_int_equal(plan.duration_ms, 60000);
    assert_int_equal(plan.requests, 0);
    assert_int_equal(plan.workers, 2);
    assert_true(plan.rate == 10);
    load_plan_fini(&plan);
    plan = plan_of("hey -z 1m -q 10 -c 2 -m POST -d '{test: 2}' http://podinfo-canary.test:9898/echo");
    assert_string_equal(plan.method, "POST");
    assert_string_equal(plan.body, "{test: 2}");
    assert_int_equal(plan.body_len, 9);
    load_plan_fini(&plan);
    plan = plan_of("hey -z 2m -q 10 -c 2 -host www.example.com -H 'Cookie: type=insider' http://gateway-istio.istio/");
    assert_string_equal(header(&plan, "Host"), "www.example.com");
    assert_string_equal(header(&plan, "Cookie"), "type=insider");
    assert_null(plan.server_name);
    load_plan_fini(&plan);
    plan = plan_of("hey -z 1m -q 10 -c 2 -h2 https://podinfo.example.com/");
    assert_true(plan.http2);
    assert_null(plan.server_name);
    load_plan_fini(&plan);
    plan = plan_of("hey -h2 -host app.example.com:8443 https://gateway.istio/");
    assert_string_equal(header(&plan, "Host"), "app.example.com:8443");
    assert_string_equal(plan.server_name, "app.example.com");
    load_plan_fini(&plan);
}

static void flags_are_written_as_go_reads_them(void **state)
{
    struct load_plan plan = plan_of("hey --n=0x64 -c=1_0 -q 2.5e0 -t 0 --h2=false -disable-keepalive "
                                    "-disable-redirects=true -x proxy:3128 -cpus 2 -- http://a/");
    assert_int_equal(plan.requests, 100);
    assert_int_equal(plan.workers, 10);
    assert_true(plan.rate == 2.5);
    assert_int_equal(plan.timeout_ms, 0);
    assert_false(plan.http2);
    assert_true(plan.no_keepalive && plan.no_redirects);
    assert_string_equal(plan.proxy, "proxy:3128");
    load_plan_fini(&plan);
}

static void headers_are_set_as_hey_sets_them(void **state)
{
    struct load_plan plan = plan_of("hey -H 'X-A: 1' -H 'x-a:2' -T application/json -A text/plain -a me:secret -H "
                                    "'Content-Type: text/csv' -H 'User-Agent: me' -disable-compression http://a/");
    assert_string_equal(header(&plan, "X-A"), "2");
    assert_null(header(&plan, "x-a"));
    assert_string_equal(header(&plan, "Content-Type"), "text/csv");
    assert_string_equal(header(&plan, "Accept"), "text/plain");
    assert_string_equal(header(&plan, "Authorization"), "Basic bWU6c2VjcmV0");
    assert_string_equal(header(&plan, "User-Agent"), "me");
    assert_null(header(&plan, "Accept-Encoding"));
    load_plan_fini(&plan);
}

static void bodies_are_compressed_where_there_is_one(void **state)
{
    static const char *const without[] = {"hey -m head http://a/", "hey -H 'Range: bytes=0-9' http://a/",
                                          "hey -disable-compression http://a/"};
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        struct load_plan plan = plan_of(without[i]);
        assert_null(header(&plan, "Accept-Encoding"));
        load_plan_fini(&plan);
    }
}

/* 200 requests of 3 workers are 66 of each. */
static void what_workers_cannot_share_is_left_out(void **state)
{
    struct load_plan plan = plan_of("hey -c 3 http://a/");
    assert_int_equal(plan.requests, 198);
    load_plan_fini(&plan);
}

static void what_means_nothing_is_refused_by_name(void **state)
{
    expect_refused("hey", "hey: the URL is missing");
    expect_refused("hey -n", "hey: -n: its value is missing");
    expect_refused("hey -n 5", "hey: the URL is missing");
    expect_refused("hey -n x http://a/", "hey: -n: \"x\" is not a whole number");
    expect_refused("hey -n 0 http://a/", "hey: -n: 0 is not between 1 and 1099511627776");
    expect_refused("hey -n 99999999999999999999 http://a/", "hey: -n: \"99999999999999999999\" is not a whole number");
    expect_refused("hey -c -1 http://a/", "hey: -c: -1 is not between 1 and 1000000");
    expect_refused("hey -n 10 http://a/", "hey: -n 10 is less than the 50 workers of -c");
    expect_refused("hey -q -1 http://a/", "hey: -q: -1 is not a number of requests a second");
    expect_refused("hey -q inf http://a/", "hey: -q: inf is not a number of requests a second");
    expect_refused("hey -z 1 http://a/", "hey: -z: time: missing unit in duration \"1\"");
    expect_refused("hey -z -1s http://a/", "hey: -z: -1s is not between 0s and 8760h");
    expect_refused("hey -m 'GE T' http://a/", "hey: -m: \"GE T\" is no method of HTTP");
    expect_refused("hey -H nothing http://a/", "hey: -H: \"nothing\" is not a header such as \"Name: value\"");
    expect_refused("hey -H 'X: a\nY: b' http://a/", "hey: -H: it has a control character");
    expect_refused("hey -host 'a\nb' http://a/", "hey: -host: it has a control character");
    expect_refused("hey -H 'Host: a' http://a/", "hey: -H: hey does not send \"Host: a\"; -host does");
    expect_refused("hey -H 'transfer-encoding: chunked' http://a/",
                   "hey: -H: hey does not send \"transfer-encoding: chunked\"");
    expect_refused("hey -H 'Content-Length: 5' http://a/", "hey: -H: hey does not send \"Content-Length: 5\"");
    expect_refused("hey -a me http://a/", "hey: -a: it is not user:password");
    expect_refused("hey -D /etc/passwd http://a/", "hey: -D: no file is read here; -d has the body itself");
    expect_refused("hey -o csv http://a/", "hey: -o: the figures are in the log and at /metrics, and in no other form");
    expect_refused("hey -h 'A: b' http://a/", "hey: -h: hey has no such flag any more; -H sets a header");
    expect_refused("hey --verbose=1 http://a/", "hey: --verbose: hey has no such flag");
    expect_refused("hey -h2=maybe http://a/", "hey: -h2: \"maybe\" is neither true nor false");
    expect_refused("hey http://a/ -n 5", "hey: \"-n\" stands behind the URL, where hey does not look");
    expect_refused("hey a.test", "hey: \"a.test\" is no URL of http or https");
    expect_refused("hey file:///etc/passwd", "hey: \"file:///etc/passwd\" is no URL of http or https");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_said_is_as_in_hey),
        cmocka_unit_test(the_command_lines_of_the_documents_are_read),
        cmocka_unit_test(flags_are_written_as_go_reads_them),
        cmocka_unit_test(headers_are_set_as_hey_sets_them),
        cmocka_unit_test(bodies_are_compressed_where_there_is_one),
        cmocka_unit_test(what_workers_cannot_share_is_left_out),
        cmocka_unit_test(what_means_nothing_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
