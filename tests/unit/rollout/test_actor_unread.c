/* An annotation of sluice.dev/ that nobody reads is told once. */
#include "actor_world.h"

#define MISSPELT "{'metadata':{'annotations':{'sluice.dev/pasue':'INC-4711','example.com/pasue':'x'}}}"
#define TOLD                                                                                                           \
    "canary podinfo.test: metadata.annotations: the engine reads no sluice.dev/pasue of a Canary, only "               \
    "sluice.dev/pause and sluice.dev/request"

static int setup_one(void **state)
{
    struct world *w = new_world();
    start_engine(w);
    fake_clock_advance(w->fc, 2000);
    *state = w;
    return 0;
}

static size_t told(struct world *w, const char *text)
{
    size_t count = 0;
    for (size_t i = 0; i < fake_http_count(w->fh, "POST", EVENTS); i++) {
        const char *body = fake_http_find(w->fh, "POST", EVENTS, i)->body;
        count += strstr(body, text) != NULL && strstr(body, "\"Warning\"") != NULL;
    }
    return count;
}

static void annotate(struct world *w, const char *edit)
{
    fake_api_edit(w->api, CANARY, edit);
    fake_clock_advance(w->fc, 2000);
}

static void test_it_is_told_once(void **state)
{
    struct world *w = *state;
    annotate(w, "{'metadata':{'annotations':{'example.com/pasue':'x','sluice.dev/pause':'false'}}}");
    assert_int_equal(told(w, "the engine reads no"), 0);
    annotate(w, MISSPELT);
    assert_int_equal(told(w, TOLD "\""), 1);
    annotate(w, "{'metadata':{'annotations':{'sluice.dev/pasue':'INC-4712'}}}");
    annotate(w, "{'spec':{'analysis':{'threshold':7}}}");
    assert_int_equal(told(w, "the engine reads no"), 1);
}

static void test_another_one_is_told_too(void **state)
{
    struct world *w = *state;
    annotate(w, MISSPELT);
    annotate(w, "{'metadata':{'annotations':{'sluice.dev/reqest':'promote podinfo-1'}}}");
    assert_int_equal(told(w, TOLD "; metadata.annotations: the engine reads no sluice.dev/reqest of a Canary"), 1);
    assert_int_equal(told(w, "the engine reads no"), 2);
}

static void test_it_is_told_of_a_refused_canary(void **state)
{
    struct world *w = *state;
    annotate(w, "{'spec':{'analysis':{'interval':'soon'}}}");
    annotate(w, MISSPELT);
    assert_int_equal(told(w, TOLD "\""), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_it_is_told_once, setup_one, teardown),
        cmocka_unit_test_setup_teardown(test_another_one_is_told_too, setup_one, teardown),
        cmocka_unit_test_setup_teardown(test_it_is_told_of_a_refused_canary, setup_one, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
