#include "controllers_steps.h"

#define AUTOSCALER                                                                                                     \
    "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: web, namespace: default},\n"         \
    " spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: 2, maxReplicas: 4,\n"    \
    "  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 99}}}]}}"
#define NO_METRICS                                                                                                     \
    "False FailedGetResourceMetric: the HPA was unable to compute the replica count: failed to get cpu utilization: "  \
    "unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not " \
    "find the requested resource (get pods.metrics.k8s.io)"

static int64_t size(struct world *w)
{
    return node_int_or(node_at(read_object(w, "deployments", "web"), "spec", "replicas"), -1);
}

static const char *able(struct world *w)
{
    return condition(w, "horizontalpodautoscalers", "web", "AbleToScale");
}

static const char *active(struct world *w)
{
    return condition(w, "horizontalpodautoscalers", "web", "ScalingActive");
}

static void create_both(struct world *w)
{
    create(w, "deployments", DEPLOYMENT);
    create(w, "horizontalpodautoscalers", AUTOSCALER);
    pass(w, 15000);
}

static void without_metrics_it_leaves_what_is_between_its_bounds(void **state)
{
    struct world *w = *state;
    create_both(w);
    assert_int_equal(size(w), 3);
    assert_string_equal(able(w),
                        "True SucceededGetScale: the HPA controller was able to get the target's current scale");
    assert_string_equal(active(w), NO_METRICS);
    assert_int_equal(number(w, "horizontalpodautoscalers", "web", "currentReplicas"), 3);
    const struct node *metrics = node_at(read_object(w, "horizontalpodautoscalers", "web"), "status", "currentMetrics");
    assert_int_equal(node_count(metrics), 1);
    pass(w, 60000);
    assert_int_equal(clock_pending(virtual_clock_clock(w->vc)), 0);
}

static void it_raises_what_is_below_its_minimum_at_its_next_look(void **state)
{
    struct world *w = *state;
    create_both(w);
    pass(w, 1000);
    scale(w, 1);
    pass(w, 13000);
    assert_int_equal(size(w), 1);
    pass(w, 15000);
    assert_int_equal(size(w), 2);
    assert_string_equal(able(w), "True SucceededRescale: the HPA controller was able to update the target scale to 2");
    assert_int_equal(number(w, "horizontalpodautoscalers", "web", "desiredReplicas"), 2);
    assert_non_null(node_at(read_object(w, "horizontalpodautoscalers", "web"), "status", "lastScaleTime"));
    pass(w, 15000);
    assert_string_equal(able(w),
                        "True SucceededGetScale: the HPA controller was able to get the target's current scale");
}

static void it_lowers_what_is_above_its_maximum(void **state)
{
    struct world *w = *state;
    create_both(w);
    scale(w, 9);
    pass(w, 30000);
    assert_int_equal(size(w), 4);
}

static void at_zero_it_is_disabled(void **state)
{
    struct world *w = *state;
    create_both(w);
    scale(w, 0);
    pass(w, 60000);
    assert_int_equal(size(w), 0);
    assert_string_equal(active(w), "False ScalingDisabled: scaling is disabled since the replica count of the target "
                                   "is zero");
    scale(w, 1);
    pass(w, 60000);
    assert_int_equal(size(w), 2);
    assert_string_equal(active(w), NO_METRICS);
}

static void without_a_target_it_says_so_and_finds_it_later(void **state)
{
    struct world *w = *state;
    create(w, "horizontalpodautoscalers", AUTOSCALER);
    pass(w, 60000);
    assert_string_equal(able(w), "False FailedGetScale: the HPA controller was unable to get the target's current "
                                 "scale: deployments.apps \"web\" not found");
    create(w, "deployments", DEPLOYMENT);
    pass(w, 60000);
    assert_non_null(strstr(able(w), "True SucceededGetScale"));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(without_metrics_it_leaves_what_is_between_its_bounds),
        CASE(it_raises_what_is_below_its_minimum_at_its_next_look),
        CASE(it_lowers_what_is_above_its_maximum),
        CASE(at_zero_it_is_disabled),
        CASE(without_a_target_it_says_so_and_finds_it_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
