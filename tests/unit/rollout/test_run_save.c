/* The record of an accepted edit is written while the script has its turn. */
#include "run_world.h"

/* An edit that was accepted goes on record first, also when the run is not frozen any more. */
static void test_an_order_waits_until_the_run_is_saved(void **state)
{
    struct world w;
    open_run(&w, "", "{'state':'Running','pinned':true}");
    assert_false(fake_script_enter(&w.script, "shift"));
    run_freeze(w.run, true);
    run_save(w.run);
    run_freeze(w.run, false);
    size_t records = fake_http_count(w.f.fh, "PATCH", RELEASE), settled = (size_t)w.settled;
    fake_script_call(&w.script, "act", "[{'kind':'route','primary':60,'canary':40}]");
    assert_null(w.script.answer);
    assert_int_equal(fake_http_count(w.f.fh, "PATCH", RELEASE), records);
    fake_clock_run(w.f.fc);
    fake_doc_expect(doc_root(w.script.answer), "{'ok':true}");
    fake_context_expect(&w.f, ROUTES, "[{" FAKE_SIDES(60, 40) "}]", "spec", "http");
    assert_int_equal(fake_http_count(w.f.fh, "PATCH", ROUTES), 1);
    assert_true((size_t)w.settled > settled);
    close_world(&w);
}

/* What was called before the save goes on after it, too. */
static void test_a_wait_that_ends_meanwhile_goes_on_afterwards(void **state)
{
    struct world w;
    open_run(&w, "", "{'state':'Running','pinned':true}");
    assert_false(fake_script_enter(&w.script, "shift"));
    run_freeze(w.run, true);
    fake_script_call(&w.script, "facts", "{}");
    assert_null(w.script.answer);
    run_save(w.run);
    run_freeze(w.run, false);
    assert_null(w.script.answer);
    fake_clock_run(w.f.fc);
    assert_non_null(w.script.answer);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_order_waits_until_the_run_is_saved),
        cmocka_unit_test(test_a_wait_that_ends_meanwhile_goes_on_afterwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
