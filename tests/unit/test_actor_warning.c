// room: rollout
#include "fake_context.h"
#include "fake_strategist.h"
#include "rollout/engine.h"

#define OTHER ISTIO "/other"
#define OLDER "{'metadata':{'creationTimestamp':'2026-03-11T08:00:00Z'},'spec':{'hosts':['podinfo']}}"
#define SENTENCE                                                                                                       \
    "VirtualService other.test is older and has host podinfo too (gateway mesh): requests follow its routes, not the " \
    "weights of VirtualService podinfo.test"

/* A Canary at rest whose VirtualService is the younger one of two. */
struct world {
    struct fake_clock *fc;
    struct fake_http *fh;
    struct fake_api *api;
    struct kube_client *kube;
    struct metrics *metrics;
    struct fake_strategist script;
    struct engine *engine;
    int closed;
};

static void on_closed(void *ctx)
{
    ((struct world *)ctx)->closed++;
}

static void on_ready(void *ctx)
{
}

static void on_lost(void *ctx, const struct err *err)
{
}

static void start_engine(struct world *w)
{
    struct engine_options options = {
        .clock = fake_clock_clock(w->fc),
        .http = fake_http_door(w->fh),
        .kube = w->kube,
        .mesh_kube = w->kube,
        .strategist = &w->script.base,
        .metrics = w->metrics,
        .namespace = "test",
        .defaults = {.provider = "istio", .metrics_server = "http://prometheus:9090"},
        .selector_labels = "app,name",
        .include_label_prefix = "",
        .lease_namespace = "test",
        .lease_name = "sluice",
        .identity = "me",
        .on_lost = on_lost,
        .on_ready = on_ready,
        .ctx = w,
    };
    w->engine = engine_new(&options);
    fake_clock_advance(w->fc, 2000);
}

static void stop_engine(struct world *w)
{
    engine_close(w->engine, on_closed, w);
    fake_clock_run(w->fc);
}

static int setup(void **state)
{
    struct world *w = mem_new(struct world);
    w->fc = fake_clock_new(1773216907000);
    w->fh = fake_http_new(fake_clock_clock(w->fc));
    w->api = fake_api_new(w->fh);
    w->kube = fake_context_client(w->fh, w->fc);
    w->metrics = metrics_new();
    fake_strategist_init(&w->script);
    fake_context_objects(w->api);
    fake_api_edit(w->api, CANARY, "{'status':{'phase':'Initialized','canaryWeight':0}}");
    fake_api_edit(w->api, TARGET,
                  "{'spec':{'template':{'spec':{'containers':[{'name':'podinfod','image':'podinfo:1'}]}}}}");
    fake_api_edit(w->api, ROUTES, FAKE_ROUTES(100, 0));
    fake_api_edit(w->api, ROUTES, "{'metadata':{'creationTimestamp':'2026-03-11T08:00:01Z'}}");
    fake_api_put(w->api, OTHER, OLDER);
    start_engine(w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    stop_engine(w);
    assert_true(w->closed > 0);
    fake_strategist_fini(&w->script);
    kube_client_free(w->kube);
    metrics_free(w->metrics);
    fake_http_free(w->fh);
    fake_api_free(w->api);
    fake_clock_free(w->fc);
    mem_free(w);
    return 0;
}

static size_t told(struct world *w)
{
    size_t count = 0;
    for (size_t i = 0; i < fake_http_count(w->fh, "POST", EVENTS); i++) {
        count += strstr(fake_http_find(w->fh, "POST", EVENTS, i)->body,
                        "The mesh does not follow the weights of podinfo.test everywhere: " SENTENCE) != NULL;
    }
    return count;
}

static const struct node *condition(struct world *w)
{
    return object_condition(fake_api_find(w->api, CANARY), "WeightsEffective");
}

static void test_what_defeats_the_weights_is_told_once_and_shown(void **state)
{
    struct world *w = *state;
    assert_int_equal(told(w), 1);
    fake_doc_expect(node_get(condition(w), "status"), "'False'");
    fake_doc_expect(node_get(condition(w), "message"), "'" SENTENCE "'");
    fake_api_edit(w->api, TARGET, "{'metadata':{'labels':{'touched':'1'}}}");
    fake_clock_advance(w->fc, 60000);
    assert_int_equal(told(w), 1);
}

static void test_another_engine_does_not_repeat_it(void **state)
{
    struct world *w = *state;
    stop_engine(w);
    start_engine(w);
    fake_clock_advance(w->fc, 60000);
    assert_int_equal(told(w), 1);
}

/* Another writer takes our condition away each time. */
static void test_a_status_that_is_changed_back_holds_up_nothing(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 20; i++) {
        fake_api_edit(w->api, CANARY, "{'status':{'conditions':null}}");
        fake_clock_advance(w->fc, 1000);
    }
    assert_null(condition(w));
    assert_int_equal(told(w), 1);
    fake_api_edit(w->api, TARGET,
                  "{'spec':{'template':{'spec':{'containers':[{'name':'podinfod','image':'podinfo:3'}]}}}}");
    fake_clock_advance(w->fc, 1000);
    assert_true(w->script.running); /* the new revision is seen all the same */
}

static void test_it_goes_with_its_cause(void **state)
{
    struct world *w = *state;
    fake_api_edit(w->api, OTHER, "{'spec':{'hosts':['elsewhere']}}");
    fake_clock_advance(w->fc, 2000);
    assert_null(condition(w));
    assert_int_equal(told(w), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_defeats_the_weights_is_told_once_and_shown, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_engine_does_not_repeat_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_status_that_is_changed_back_holds_up_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_it_goes_with_its_cause, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
