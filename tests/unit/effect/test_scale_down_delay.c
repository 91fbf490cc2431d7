#include "effect_world.h"

#define BACK                                                                                                           \
    "[{'kind':'route','primary':100,'canary':0,'from':{'primary':90,'canary':10}},{'kind':'event','message':'x',"      \
    "'key':'k'},{'kind':'scale','to':'zero'},{'kind':'status','weight':0}]"

static void expect_replicas(struct world *w, const char *want)
{
    fake_context_expect(&w->f, TARGET, want, "spec", "replicas");
}

/* The list gets as far as the wait, which lasts 5 s. */
static void expect_wait(struct world *w)
{
    fake_clock_advance(w->f.fc, 4999);
    assert_int_equal(w->done, 0);
    expect_replicas(w, "1");
    fake_clock_advance(w->f.fc, 1);
    expect_ok(w);
    expect_replicas(w, "0");
}

static void open_patient_world(struct world *w)
{
    open_world(w);
    w->f.context.scale_down_delay_ms = 5000;
}

static void test_a_target_outlives_its_share(void **state)
{
    struct world w;
    open_patient_world(&w);
    start(&w, BACK, false, true);
    fake_clock_run(w.f.fc);
    expect_routes(&w, "[{" FAKE_SIDES(100, 0) "}]"); /* the traffic moves at once, and so it is told */
    assert_int_equal(fake_http_count(w.f.fh, "POST", EVENTS), 1);
    expect_wait(&w);
    fake_context_expect(&w.f, CANARY, "0", "status", "canaryWeight");
    close_world(&w);
}

/* kill -9 in mid-wait: the next engine does not know how much of it has passed. */
static void test_the_wait_is_neither_skipped_nor_forgotten_after_a_crash(void **state)
{
    struct world w;
    open_patient_world(&w);
    start(&w, BACK, false, true);
    fake_clock_advance(w.f.fc, 4000);
    effects_cancel(w.effects);
    release_free(w.release);
    fake_clock_advance(w.f.fc, 60000);
    w.release = record_open(&w.f.context, fake_api_find(w.f.api, RELEASE));
    start(&w, BACK, true, true);
    fake_clock_run(w.f.fc);
    expect_wait(&w);
    close_world(&w);
}

static void test_the_wait_of_an_earlier_list_counts(void **state)
{
    struct world w;
    open_patient_world(&w);
    do_list(&w, "[{'kind':'route','primary':100,'canary':0,'from':{'primary':90,'canary':10}}]");
    fake_clock_advance(w.f.fc, 2000);
    start(&w, "[{'kind':'scale','to':'zero'}]", false, false);
    fake_clock_advance(w.f.fc, 2999);
    assert_int_equal(w.done, 0);
    expect_replicas(&w, "1");
    fake_clock_advance(w.f.fc, 1);
    expect_ok(&w);
    expect_replicas(&w, "0");
    close_world(&w);
}

/* The write may have been done although nobody said so. */
static void test_a_route_without_an_answer_is_waited_for(void **state)
{
    struct world w;
    open_patient_world(&w);
    fake_api_lose(w.f.api, "PATCH", ROUTES);
    start(&w, BACK, false, true);
    finish(&w);
    assert_int_equal(w.err.code, ERR_TIMEOUT);
    start(&w,
          "[{'kind':'route','primary':100,'canary':0,'from':{'primary':100,'canary':0}},{'kind':'scale','to':'zero'}]",
          false, true);
    fake_clock_run(w.f.fc);
    expect_wait(&w);
    close_world(&w);
}

static void test_nothing_is_waited_for_that_had_no_share(void **state)
{
    static const char *const lists[] = {
        "[{'kind':'route','primary':100,'canary':0,'from':{'primary':100,'canary':0}},{'kind':'scale','to':'zero'}]",
        "[{'kind':'route','primary':80,'canary':20,'from':{'primary':90,'canary':10}},{'kind':'scale','to':'zero'}]",
        "[{'kind':'scale','to':'zero'}]",
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct world w;
        open_patient_world(&w);
        do_list(&w, lists[i]);
        expect_replicas(&w, "0");
        close_world(&w);
    }
    struct world w;
    open_patient_world(&w);
    fake_api_edit(w.f.api, TARGET, "{'spec':{'replicas':0}}");
    do_list(&w, BACK); /* there are no Pods to wait for */
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_target_outlives_its_share),
        cmocka_unit_test(test_the_wait_is_neither_skipped_nor_forgotten_after_a_crash),
        cmocka_unit_test(test_the_wait_of_an_earlier_list_counts),
        cmocka_unit_test(test_a_route_without_an_answer_is_waited_for),
        cmocka_unit_test(test_nothing_is_waited_for_that_had_no_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
