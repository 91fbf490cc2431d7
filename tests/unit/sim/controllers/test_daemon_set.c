#include "controllers_steps.h"

#define DAEMON_SET                                                                                                     \
    "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: web, namespace: default},\n"                              \
    " spec: {selector: {matchLabels: {app: web}},\n"                                                                   \
    "  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: 'web:1'}]}}}}"

static void set_daemon_image(struct world *w, const char *image)
{
    char *value = str_format("[{\"name\":\"web\",\"image\":\"%s\"}]", image);
    change(w, "daemonsets", "web", "spec.template.spec.containers", value);
    mem_free(value);
}

/* desired, current, updated, available, unavailable, misscheduled */
static void assert_status(struct world *w, const char *want)
{
    char *text =
        str_format("%lld %lld %lld %lld %lld %lld", (long long)number(w, "daemonsets", "web", "desiredNumberScheduled"),
                   (long long)number(w, "daemonsets", "web", "currentNumberScheduled"),
                   (long long)number(w, "daemonsets", "web", "updatedNumberScheduled"),
                   (long long)number(w, "daemonsets", "web", "numberAvailable"),
                   (long long)number(w, "daemonsets", "web", "numberUnavailable"),
                   (long long)number(w, "daemonsets", "web", "numberMisscheduled"));
    assert_string_equal(text, want);
    mem_free(text);
}

static void it_runs_on_the_one_node(void **state)
{
    struct world *w = *state;
    create(w, "daemonsets", DAEMON_SET);
    pass(w, 0);
    assert_status(w, "1 1 1 0 1 0");
    pass(w, 1000);
    assert_status(w, "1 1 1 1 0 0");
    assert_int_equal(number(w, "daemonsets", "web", "numberReady"), 1);
    assert_int_equal(number(w, "daemonsets", "web", "observedGeneration"), 1);
    assert_int_equal(clock_pending(virtual_clock_clock(w->vc)), 0);
}

static void the_old_pod_goes_before_the_new_one_comes(void **state)
{
    struct world *w = *state;
    create(w, "daemonsets", DAEMON_SET);
    pass(w, 2000);
    set_daemon_image(w, "web:2");
    pass(w, 900);
    assert_status(w, "1 1 0 1 0 0");
    assert_int_equal(count(w, "pods", "web-"), 1);
    pass(w, 200);
    assert_status(w, "1 1 1 0 1 0");
    pass(w, 2000);
    assert_status(w, "1 1 1 1 0 0");
}

static void with_a_surge_the_new_one_comes_first(void **state)
{
    struct world *w = *state;
    create(w, "daemonsets", DAEMON_SET);
    change(w, "daemonsets", "web", "spec.updateStrategy.rollingUpdate", "{\"maxSurge\":1,\"maxUnavailable\":0}");
    pass(w, 2000);
    set_daemon_image(w, "web:2");
    pass(w, 900);
    assert_int_equal(count(w, "pods", "web-"), 2);
    assert_int_equal(number(w, "daemonsets", "web", "numberAvailable"), 1);
    pass(w, 5000);
    assert_int_equal(count(w, "pods", "web-"), 1);
    assert_status(w, "1 1 1 1 0 0");
}

static void a_selector_that_no_node_has_scales_it_to_zero(void **state)
{
    struct world *w = *state;
    create(w, "daemonsets", DAEMON_SET);
    pass(w, 2000);
    change(w, "daemonsets", "web", "spec.template.spec.nodeSelector", "{\"flagger.app/scale-to-zero\":\"true\"}");
    pass(w, 500);
    assert_status(w, "0 0 0 0 0 1");
    pass(w, 2000);
    assert_status(w, "0 0 0 0 0 0");
    assert_int_equal(count(w, "pods", "web-"), 0);
    change(w, "daemonsets", "web", "spec.template.spec.nodeSelector", "null");
    pass(w, 2000);
    assert_status(w, "1 1 1 1 0 0");
}

static void what_is_not_ready_is_replaced_at_once(void **state)
{
    struct world *w = *state;
    behaviours_set(w->behaviours, "web:2", &(struct behaviour){.ready_ms = -1});
    create(w, "daemonsets", DAEMON_SET);
    pass(w, 2000);
    set_daemon_image(w, "web:2");
    pass(w, 60000);
    assert_status(w, "1 1 1 0 1 0");
    set_daemon_image(w, "web:3");
    pass(w, 10000);
    assert_status(w, "1 1 1 1 0 0");
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(it_runs_on_the_one_node),
        CASE(the_old_pod_goes_before_the_new_one_comes),
        CASE(with_a_surge_the_new_one_comes_first),
        CASE(a_selector_that_no_node_has_scales_it_to_zero),
        CASE(what_is_not_ready_is_replaced_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
