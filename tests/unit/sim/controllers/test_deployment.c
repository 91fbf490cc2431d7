#include "controllers_steps.h"

static void assert_counts(struct world *w, int64_t replicas, int64_t updated, int64_t ready, int64_t available)
{
    assert_int_equal(number(w, "deployments", "web", "replicas"), replicas);
    assert_int_equal(number(w, "deployments", "web", "updatedReplicas"), updated);
    assert_int_equal(number(w, "deployments", "web", "readyReplicas"), ready);
    assert_int_equal(number(w, "deployments", "web", "availableReplicas"), available);
}

static const char *annotation(struct world *w, const char *plural, const char *name, const char *key)
{
    return node_str_or(node_at(read_object(w, plural, name), "metadata", "annotations", key), "");
}

static void a_new_deployment_becomes_available(void **state)
{
    struct world *w = *state;
    create(w, "deployments", DEPLOYMENT);
    pass(w, 0);
    char *set = first(w, "replicasets", "web-");
    char *progressing = str_format("True ReplicaSetUpdated: ReplicaSet \"%s\" is progressing.", set);
    char *done = str_format("True NewReplicaSetAvailable: ReplicaSet \"%s\" has successfully progressed.", set);
    assert_counts(w, 3, 3, 0, 0);
    assert_int_equal(number(w, "deployments", "web", "unavailableReplicas"), 3);
    assert_string_equal(condition(w, "deployments", "web", "Progressing"), progressing);
    assert_string_equal(condition(w, "deployments", "web", "Available"),
                        "False MinimumReplicasUnavailable: Deployment does not have minimum availability.");
    pass(w, 1000);
    assert_counts(w, 3, 3, 3, 0);
    pass(w, 1000);
    assert_counts(w, 3, 3, 3, 3);
    assert_string_equal(condition(w, "deployments", "web", "Progressing"), done);
    assert_string_equal(condition(w, "deployments", "web", "Available"),
                        "True MinimumReplicasAvailable: Deployment has minimum availability.");
    assert_int_equal(number(w, "deployments", "web", "observedGeneration"), 1);
    assert_string_equal(annotation(w, "deployments", "web", "deployment.kubernetes.io/revision"), "1");
    assert_string_equal(annotation(w, "replicasets", set, "deployment.kubernetes.io/revision"), "1");
    assert_string_equal(annotation(w, "replicasets", set, "deployment.kubernetes.io/max-replicas"), "4");
    assert_string_equal(annotation(w, "replicasets", set, "note"), "hi");
    mem_free(set);
    mem_free(progressing);
    mem_free(done);
}

/* At no time fewer than three are available, or more than four exist. */
static void a_rolling_update_keeps_its_bounds(void **state)
{
    struct world *w = *state;
    create(w, "deployments", DEPLOYMENT);
    pass(w, 5000);
    set_image(w, "web:2");
    for (int i = 0; i < 200; i++) {
        pass(w, 50);
        assert_true(number(w, "deployments", "web", "availableReplicas") >= 3);
        assert_true(number(w, "deployments", "web", "replicas") <= 4);
    }
    assert_counts(w, 3, 3, 3, 3);
    assert_int_equal(count(w, "replicasets", "web-"), 2);
    assert_int_equal(count(w, "pods", "web-"), 3);
    assert_string_equal(annotation(w, "deployments", "web", "deployment.kubernetes.io/revision"), "2");
}

static void percentages_round_in_favour_of_the_service(void **state)
{
    struct world *w = *state;
    create(w, "deployments", DEPLOYMENT);
    scale(w, 5);
    pass(w, 5000);
    change(w, "deployments", "web", "spec.strategy.rollingUpdate", "{\"maxSurge\":\"25%\",\"maxUnavailable\":\"30%\"}");
    set_image(w, "web:2");
    pass(w, 0); /* 5 + 2 surge, 5 - 1 unavailable */
    assert_counts(w, 7, 3, 4, 4);
    pass(w, 20000);
    assert_counts(w, 5, 5, 5, 5);
}

static void what_is_never_ready_misses_its_deadline(void **state)
{
    struct world *w = *state;
    behaviours_set(w->behaviours, "web:2", &(struct behaviour){.ready_ms = -1});
    create(w, "deployments", DEPLOYMENT);
    pass(w, 5000);
    set_image(w, "web:2");
    pass(w, 59000);
    assert_non_null(strstr(condition(w, "deployments", "web", "Progressing"), "True ReplicaSetUpdated"));
    pass(w, 3000);
    assert_non_null(
        strstr(condition(w, "deployments", "web", "Progressing"), "False ProgressDeadlineExceeded: ReplicaSet \"web-"));
    assert_non_null(strstr(condition(w, "deployments", "web", "Progressing"), "\" has timed out progressing."));
    assert_counts(w, 4, 1, 3, 3);
    assert_int_equal(number(w, "deployments", "web", "unavailableReplicas"), 1);
    set_image(w, "web:3");
    pass(w, 20000);
    assert_non_null(strstr(condition(w, "deployments", "web", "Progressing"), "True NewReplicaSetAvailable"));
    assert_counts(w, 3, 3, 3, 3);
}

static void a_template_that_was_there_before_takes_its_set_up_again(void **state)
{
    struct world *w = *state;
    create(w, "deployments", DEPLOYMENT);
    pass(w, 5000);
    char *set = first(w, "replicasets", "web-");
    set_image(w, "web:2");
    pass(w, 20000);
    set_image(w, "web:1");
    pass(w, 20000);
    assert_int_equal(count(w, "replicasets", "web-"), 2);
    assert_string_equal(annotation(w, "replicasets", set, "deployment.kubernetes.io/revision"), "3");
    assert_string_equal(annotation(w, "replicasets", set, "deployment.kubernetes.io/revision-history"), "1");
    assert_string_equal(annotation(w, "deployments", "web", "deployment.kubernetes.io/revision"), "3");
    mem_free(set);
}

static void it_scales_to_zero_and_up_again(void **state)
{
    struct world *w = *state;
    create(w, "deployments", DEPLOYMENT);
    pass(w, 5000);
    scale(w, 0);
    pass(w, 0);
    assert_counts(w, 0, 0, 0, 0);
    assert_int_equal(number(w, "deployments", "web", "terminatingReplicas"), 3);
    pass(w, 5000);
    assert_int_equal(count(w, "pods", "web-"), 0);
    assert_int_equal(number(w, "deployments", "web", "terminatingReplicas"), 0);
    assert_non_null(strstr(condition(w, "deployments", "web", "Available"), "True"));
    scale(w, 2);
    pass(w, 0);
    assert_non_null(strstr(condition(w, "deployments", "web", "Available"), "False"));
    assert_non_null(strstr(condition(w, "deployments", "web", "Progressing"), "NewReplicaSetAvailable"));
    pass(w, 5000);
    assert_counts(w, 2, 2, 2, 2);
}

static void in_mid_rollout_all_sets_scale_in_proportion(void **state)
{
    struct world *w = *state;
    behaviours_set(w->behaviours, "web:2", &(struct behaviour){.ready_ms = -1});
    create(w, "deployments", DEPLOYMENT);
    scale(w, 10);
    pass(w, 5000);
    change(w, "deployments", "web", "spec.strategy.rollingUpdate", "{\"maxSurge\":3,\"maxUnavailable\":2}");
    set_image(w, "web:2");
    pass(w, 5000);
    assert_counts(w, 13, 5, 8, 8); /* the example of the documentation of Kubernetes */
    scale(w, 15);
    pass(w, 5000);
    assert_counts(w, 18, 7, 11, 11);
}

static void recreate_waits_until_the_last_pod_has_gone(void **state)
{
    struct world *w = *state;
    create(w, "deployments", DEPLOYMENT);
    pass(w, 5000);
    change(w, "deployments", "web", "spec.strategy", "{\"type\":\"Recreate\"}");
    set_image(w, "web:2");
    pass(w, 900);
    assert_int_equal(count(w, "replicasets", "web-"), 1);
    assert_int_equal(count(w, "pods", "web-"), 3);
    assert_counts(w, 0, 0, 0, 0);
    pass(w, 200);
    assert_int_equal(count(w, "replicasets", "web-"), 2);
    pass(w, 5000);
    assert_counts(w, 3, 3, 3, 3);
}

static void a_paused_deployment_rolls_nothing_out(void **state)
{
    struct world *w = *state;
    create(w, "deployments", DEPLOYMENT);
    pass(w, 5000);
    change(w, "deployments", "web", "spec.paused", "true");
    set_image(w, "web:2");
    pass(w, 20000);
    assert_int_equal(count(w, "replicasets", "web-"), 1);
    assert_string_equal(condition(w, "deployments", "web", "Progressing"),
                        "Unknown DeploymentPaused: Deployment is paused");
    assert_counts(w, 3, 0, 3, 3);
    change(w, "deployments", "web", "spec.paused", "null");
    pass(w, 20000);
    assert_counts(w, 3, 3, 3, 3);
    assert_non_null(strstr(condition(w, "deployments", "web", "Progressing"), "True NewReplicaSetAvailable"));
}

static void old_sets_go_beyond_the_limit(void **state)
{
    struct world *w = *state;
    create(w, "deployments", DEPLOYMENT);
    for (int i = 2; i < 6; i++) {
        char image[16] = "web:0";
        image[4] = (char)('0' + i);
        pass(w, 30000);
        set_image(w, image);
    }
    pass(w, 30000);
    assert_int_equal(count(w, "replicasets", "web-"), 3);
    assert_string_equal(annotation(w, "deployments", "web", "deployment.kubernetes.io/revision"), "5");
}

static void at_rest_nobody_waits(void **state)
{
    struct world *w = *state;
    create(w, "deployments", DEPLOYMENT);
    pass(w, 30000);
    int64_t version = objects_version(api_objects(w->api));
    pass(w, 3600000);
    assert_int_equal(objects_version(api_objects(w->api)), version);
    assert_int_equal(clock_pending(virtual_clock_clock(w->vc)), 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_new_deployment_becomes_available),
        CASE(a_rolling_update_keeps_its_bounds),
        CASE(percentages_round_in_favour_of_the_service),
        CASE(what_is_never_ready_misses_its_deadline),
        CASE(a_template_that_was_there_before_takes_its_set_up_again),
        CASE(it_scales_to_zero_and_up_again),
        CASE(in_mid_rollout_all_sets_scale_in_proportion),
        CASE(recreate_waits_until_the_last_pod_has_gone),
        CASE(a_paused_deployment_rolls_nothing_out),
        CASE(old_sets_go_beyond_the_limit),
        CASE(at_rest_nobody_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
