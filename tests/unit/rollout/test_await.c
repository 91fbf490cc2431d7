/* The operation await, and sleep before it: what brings the next look of a script that waits. */
#include "base/mem.h"
#include "run_world.h"

#define BACKEND "/apis/flagger.app/v1beta1/namespaces/test/canaries/backend"

enum { SECOND = 1000, INTERVAL = 10 * SECOND };

static int64_t now_of(const struct world *w)
{
    return clock_wall_ms(w->f.context.clock);
}

/* Of a word that began so long ago, and looked for the last time so long ago; `more` with its comma in front. */
static void await(struct world *w, int64_t began_ago_ms, int64_t since_ago_ms, const char *more)
{
    char *args = str_format("{'began':%lld,'since':%lld%s}", (long long)(now_of(w) - began_ago_ms),
                            (long long)(now_of(w) - since_ago_ms), more);
    assert_false(fake_script_call(&w->script, "await", args));
    assert_string_equal(w->script.refused.text, "");
    str_free(&args);
}

/* Is answered when so much time has passed, and not before. */
static void expect_after(struct world *w, int64_t ms)
{
    if (ms > 0) {
        fake_clock_advance(w->f.fc, ms - 1);
        assert_null(w->script.answer);
        fake_clock_advance(w->f.fc, 1);
    } else {
        fake_clock_run(w->f.fc);
    }
    assert_non_null(w->script.answer);
}

static void open_script(struct world *w)
{
    open_run(w, "", "{'state':'Running','pinned':true}");
}

static void expect_until(struct world *w, int64_t until_in_ms, bool often, int64_t after_ms)
{
    char *more = str_format(",'until':%lld,'often':%s,'canaries':[]", (long long)(now_of(w) + until_in_ms),
                            often ? "true" : "false");
    await(w, 25 * SECOND, 2 * SECOND, more);
    str_free(&more);
    expect_after(w, after_ms);
}

static void test_a_time_brings_it(void **state)
{
    struct world w;
    open_script(&w);
    expect_until(&w, 30 * SECOND, false, 30 * SECOND);
    expect_until(&w, -5 * SECOND, false, 0);
    close_world(&w);
}

/* The last look was 23 s after the beginning, 2 s ago: the next one of an interval is 30 s after it. */
static void test_looks_of_an_interval_are_in_step_with_the_beginning(void **state)
{
    struct world w;
    open_script(&w);
    expect_until(&w, 30 * SECOND, true, 5 * SECOND);
    expect_until(&w, 4 * SECOND, true, 4 * SECOND);
    await(&w, 0, 0, ",'often':true,'canaries':[]");
    expect_after(&w, INTERVAL);
    await(&w, 55 * SECOND, 50 * SECOND, ",'often':true,'canaries':[]"); /* an engine was dead since */
    expect_after(&w, 0);
    close_world(&w);
}

static void test_a_clock_that_is_set_holds_no_look_up(void **state)
{
    struct world w;
    open_script(&w);
    await(&w, 25 * SECOND, 2 * SECOND, ",'often':true,'canaries':[]");
    fake_clock_set_wall(w.f.fc, now_of(&w) - 3600 * SECOND);
    expect_after(&w, 5 * SECOND);
    await(&w, -3600 * SECOND, 0, ",'often':true,'canaries':[]"); /* it began in what is the future now */
    expect_after(&w, INTERVAL);
    close_world(&w);
}

#define BACKEND_OF(phase)                                                                                              \
    "{'metadata':{'uid':'u-2'},'spec':{'targetRef':{'kind':'Deployment','name':'backend'}},'status':{'phase':'" phase  \
    "'}}"

static void expect_watched(const struct world *w, const char *name)
{
    struct str_list names = {0};
    run_list_watched(w->run, &names);
    assert_int_equal(names.count, name != NULL);
    if (name != NULL) {
        assert_string_equal(names.items[0], name);
    }
    str_list_fini(&names);
}

/* The run says that the actor must watch another Canary; a change of that one pokes it. The Canary of the turn stays
 * the one that was read. */
static void test_another_canary_brings_it(void **state)
{
    struct world w;
    open_script(&w);
    w.f.context.reading = mem_new(struct canary_reading);
    int settled = w.settled;
    fake_api_put(w.f.api, BACKEND, BACKEND_OF("Progressing"));
    await(&w, 0, 0, ",'often':false,'canaries':[{'name':'backend','phase':'Succeeded'}]");
    assert_true(w.settled > settled);
    expect_watched(&w, "backend");
    run_poke(w.run);
    fake_clock_advance(w.f.fc, 3600 * SECOND); /* no timer asks */
    assert_null(w.script.answer);
    fake_api_edit(w.f.api, BACKEND, "{'status':{'phase':'Succeeded'}}");
    run_poke(w.run);
    assert_non_null(w.script.answer);
    assert_string_equal(w.f.context.reading->canary.names.name, "podinfo");
    expect_watched(&w, NULL);
    assert_true(fake_script_call(&w.script, "phase", "{'name':'backend','phase':'Succeeded'}"));
    fake_doc_expect(doc_root(w.script.answer), "{'came':true}");
    assert_true(fake_script_call(&w.script, "phase", "{'name':'nobody','phase':'Succeeded'}"));
    fake_doc_expect(doc_root(w.script.answer), "{'came':false}");
    assert_string_equal(w.f.context.reading->canary.names.name, "podinfo");
    close_world(&w);
}

/* A wait of the words of version 1, which is one operation. */
static void test_another_canary_ends_a_sleep(void **state)
{
    struct world w;
    open_script(&w);
    fake_api_put(w.f.api, BACKEND, BACKEND_OF("Progressing"));
    assert_false(fake_script_enter(&w.script, "wait_until"));
    fake_script_call(&w.script, "sleep", "{'ms':7200000,'canary':{'name':'backend','phase':'Succeeded'}}");
    fake_clock_advance(w.f.fc, 3600 * SECOND);
    assert_null(w.script.answer);
    expect_watched(&w, "backend");
    fake_api_edit(w.f.api, BACKEND, "{'status':{'phase':'Succeeded'}}");
    run_poke(w.run);
    assert_true(node_bool_or(node_get(doc_root(w.script.answer), "came"), false));
    close_world(&w);
}

static void test_a_frozen_release_does_not_look(void **state)
{
    struct world w;
    open_script(&w);
    await(&w, 0, 0, ",'often':true,'canaries':[]");
    run_freeze(w.run, true);
    fake_clock_advance(w.f.fc, 2 * INTERVAL);
    assert_null(w.script.answer);
    run_freeze(w.run, false);
    assert_non_null(w.script.answer);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_time_brings_it),
        cmocka_unit_test(test_looks_of_an_interval_are_in_step_with_the_beginning),
        cmocka_unit_test(test_a_clock_that_is_set_holds_no_look_up),
        cmocka_unit_test(test_another_canary_brings_it),
        cmocka_unit_test(test_another_canary_ends_a_sleep),
        cmocka_unit_test(test_a_frozen_release_does_not_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
