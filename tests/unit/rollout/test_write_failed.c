/* A write that fails for now (the server is in trouble, and has refused nothing): it is told, shown, tried again later
 * and later, and nothing of that is left once it works. */
#include "actor_world.h"

#define SERVICE "/api/v1/namespaces/test/services/podinfo-canary"
#define BUSY "{\"kind\":\"Status\",\"message\":\"etcd has no leader\"}"

enum {
    FAILURES = 20,  /* at 0, 1, 3, 7, 15, 31 and 63 s, and then each minute: 14 minutes */
    CONFLICTS = 12, /* that are answered at once, at most */
    MINUTE_MS = 60 * 1000
};

static size_t tries(struct world *w)
{
    return fake_http_count(w->fh, "PATCH", SERVICE);
}

static const char *waits(struct world *w, const char *key)
{
    return node_str_or(node_get(condition(w, "Waiting"), key), "");
}

static void let_repair_fail(struct world *w)
{
    fake_clock_advance(w->fc, 1000);
    for (int i = 0; i < FAILURES; i++) {
        fake_http_once(w->fh, "PATCH", SERVICE, 500, BUSY);
    }
    fake_api_edit(w->api, SERVICE, "{'metadata':{'labels':{'x':'y'}},'spec':{'selector':null}}");
}

static void test_it_is_told_once_and_again_after_the_deadline(void **state)
{
    struct world *w = *state;
    let_repair_fail(w);
    fake_clock_advance(w->fc, 500);
    assert_int_equal(tries(w), 1);
    assert_int_equal(count_told(w, "etcd has no leader"), 1);
    fake_clock_advance(w->fc, 9 * MINUTE_MS);
    assert_in_range(tries(w), 10, 15);
    assert_int_equal(count_told(w, "etcd has no leader"), 1);
    fake_clock_advance(w->fc, 2 * MINUTE_MS);
    assert_int_equal(count_told(w, "has been waiting for 10m0s: "), 1);
    assert_int_equal(count_told(w, "etcd has no leader"), 2);
}

static void test_the_condition_shows_it_until_it_works(void **state)
{
    struct world *w = *state;
    let_repair_fail(w);
    fake_clock_advance(w->fc, MINUTE_MS);
    assert_string_equal(waits(w, "reason"), "WriteFailed");
    assert_string_equal(waits(w, "status"), "True");
    assert_non_null(strstr(waits(w, "message"), "etcd has no leader"));
    char *since = str_dup(waits(w, "lastTransitionTime"));
    fake_clock_advance(w->fc, 12 * MINUTE_MS);
    assert_string_equal(waits(w, "lastTransitionTime"), since);
    str_free(&since);
    fake_clock_advance(w->fc, 5 * MINUTE_MS);
    assert_int_equal(tries(w), FAILURES + 1);
    assert_string_equal(text_at(w, SERVICE, "spec", "type"), "ClusterIP");
    assert_null(condition(w, "Waiting"));
}

/* What is tried again holds up no release. */
static void test_a_release_is_judged_meanwhile(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    let_repair_fail(w);
    fake_script_call(&w->script, "tick", "{}");
    fake_clock_advance(w->fc, 2 * INTERVAL_MS);
    assert_non_null(w->script.answer);
    assert_string_equal(waits(w, "reason"), "WriteFailed");
    fake_clock_advance(w->fc, 20 * MINUTE_MS);
    assert_null(condition(w, "Waiting"));
}

/* Another write that succeeds is no sign that this one would. */
static void test_it_does_not_end_with_another_write(void **state)
{
    struct world *w = *state;
    let_repair_fail(w);
    fake_clock_advance(w->fc, MINUTE_MS);
    fake_api_edit(w->api, ROUTES, FAKE_ROUTES(40, 60));
    fake_clock_advance(w->fc, 2 * MINUTE_MS);
    assert_string_equal(waits(w, "reason"), "WriteFailed");
    assert_int_equal(count_told(w, "etcd has no leader"), 1);
}

/* An admission webhook, or a broken proxy, may answer each write so: the next look at the object solves nothing. */
static void let_conflict(struct world *w, const char *path)
{
    for (int i = 0; i < FAILURES; i++) {
        fake_http_once(w->fh, "PATCH", path, 409, "{\"kind\":\"Status\",\"reason\":\"Conflict\",\"message\":\"no\"}");
    }
}

static void test_conflicts_without_an_end_are_trouble(void **state)
{
    struct world *w = *state;
    fake_clock_advance(w->fc, 1000);
    let_conflict(w, SERVICE);
    fake_api_edit(w->api, SERVICE, "{'metadata':{'labels':{'x':'y'}},'spec':{'selector':null}}");
    fake_clock_advance(w->fc, 500);
    assert_in_range(tries(w), 2, CONFLICTS);
    assert_int_equal(count_told(w, "no"), 1);
    fake_clock_advance(w->fc, 9 * MINUTE_MS);
    assert_int_equal(tries(w), FAILURES + 1);
    assert_string_equal(text_at(w, SERVICE, "spec", "type"), "ClusterIP");
}

static void test_conflicts_of_a_status_without_an_end_are_trouble(void **state)
{
    struct world *w = *state;
    fake_clock_advance(w->fc, 1000);
    let_conflict(w, CANARY "/status");
    size_t before = fake_http_count(w->fh, "PATCH", CANARY "/status");
    fake_api_edit(w->api, CANARY, "{'spec':{'analysis':{'threshold':1.5}}}");
    fake_clock_advance(w->fc, 500);
    assert_in_range(fake_http_count(w->fh, "PATCH", CANARY "/status") - before, 2, CONFLICTS);
    fake_clock_advance(w->fc, 9 * MINUTE_MS);
    fake_doc_expect(node_get(condition(w, "Accepted"), "status"), "'False'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_it_is_told_once_and_again_after_the_deadline, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_condition_shows_it_until_it_works, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_release_is_judged_meanwhile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_does_not_end_with_another_write, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conflicts_without_an_end_are_trouble, setup, teardown),
        cmocka_unit_test_setup_teardown(test_conflicts_of_a_status_without_an_end_are_trouble, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
