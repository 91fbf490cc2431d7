#include "controllers_steps.h"

#define POD                                                                                                            \
    "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: default},\n"                                           \
    " spec: {containers: [{name: a, image: 'web:1'}, {name: b, image: 'side:1'}]}}"

static const char *phase(struct world *w)
{
    return node_str_or(node_at(read_object(w, "pods", "p"), "status", "phase"), "");
}

static const struct node *first_container(struct world *w)
{
    return node_item(node_at(read_object(w, "pods", "p"), "status", "containerStatuses"), 0);
}

static void a_pod_is_ready_when_its_image_says_so(void **state)
{
    struct world *w = *state;
    behaviours_set(w->behaviours, "web:1", &(struct behaviour){.ready_ms = 2500});
    create(w, "pods", POD);
    pass(w, 2499);
    assert_string_equal(phase(w), "Pending");
    assert_string_equal(condition(w, "pods", "p", "PodScheduled"), "True : ");
    assert_string_equal(condition(w, "pods", "p", "Ready"),
                        "False ContainersNotReady: containers with unready status: [a b]");
    assert_true(node_is(node_at(first_container(w), "state", "waiting", "reason"), "ContainerCreating"));
    pass(w, 1);
    assert_string_equal(phase(w), "Running");
    assert_string_equal(condition(w, "pods", "p", "Ready"), "True : ");
    assert_string_equal(condition(w, "pods", "p", "ContainersReady"), "True : ");
    assert_true(node_bool_or(node_get(first_container(w), "ready"), false));
    assert_non_null(node_at(first_container(w), "state", "running", "startedAt"));
    assert_non_null(node_at(read_object(w, "pods", "p"), "status", "podIP"));
}

static void one_with_a_probe_runs_before_it_is_ready(void **state)
{
    struct world *w = *state;
    create(w, "pods",
           "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: default},\n"
           " spec: {containers: [{name: a, image: 'web:1', readinessProbe: {tcpSocket: {port: 80}}}]}}");
    pass(w, 500);
    assert_string_equal(phase(w), "Running");
    assert_non_null(strstr(condition(w, "pods", "p", "Ready"), "False"));
    char *started = str_dup(node_str(node_at(first_container(w), "state", "running", "startedAt")));
    pass(w, 5000);
    assert_string_equal(condition(w, "pods", "p", "Ready"), "True : ");
    assert_true(node_is(node_at(first_container(w), "state", "running", "startedAt"), started));
    mem_free(started);
}

static void one_whose_image_cannot_be_had_waits_for_ever(void **state)
{
    struct world *w = *state;
    behaviours_set(w->behaviours, "web:1", &(struct behaviour){.ready_ms = -1});
    create(w, "pods", POD);
    pass(w, 3600000);
    assert_string_equal(phase(w), "Pending");
    assert_true(node_is(node_at(first_container(w), "state", "waiting", "reason"), "ImagePullBackOff"));
    assert_int_equal(clock_pending(virtual_clock_clock(w->vc)), 0);
}

static void one_without_room_waits_until_there_is_some(void **state)
{
    struct world *w = *state;
    controllers_set_full(w->controllers, true);
    create(w, "pods", POD);
    pass(w, 60000);
    assert_string_equal(phase(w), "Pending");
    assert_non_null(strstr(condition(w, "pods", "p", "PodScheduled"), "False Unschedulable: 0/1 nodes are available"));
    assert_null(node_at(read_object(w, "pods", "p"), "spec", "nodeName"));
    assert_int_equal(clock_pending(virtual_clock_clock(w->vc)), 0);
    controllers_set_full(w->controllers, false);
    pass(w, 2000);
    assert_string_equal(condition(w, "pods", "p", "PodScheduled"), "True : ");
    assert_string_equal(condition(w, "pods", "p", "Ready"), "True : ");
}

static void a_deleted_pod_goes_a_moment_later(void **state)
{
    struct world *w = *state;
    create(w, "pods", POD);
    pass(w, 2000);
    destroy(w, "pods", "p");
    pass(w, 900);
    assert_non_null(node_at(read_object(w, "pods", "p"), "metadata", "deletionTimestamp"));
    pass(w, 200);
    assert_null(read_object(w, "pods", "p"));
}

static void one_that_ends_can_still_be_changed(void **state)
{
    struct world *w = *state;
    create(w, "pods", POD);
    pass(w, 2000);
    destroy(w, "pods", "p");
    pass(w, 100);
    change(w, "pods", "p", "metadata.labels", "{\"seen\":\"yes\"}");
    assert_non_null(read_object(w, "pods", "p"));
    pass(w, 2000);
    assert_null(read_object(w, "pods", "p"));
}

static void one_that_never_was_bound_goes_at_once(void **state)
{
    struct world *w = *state;
    create(w, "pods", POD);
    destroy(w, "pods", "p");
    assert_null(read_object(w, "pods", "p"));
    pass(w, 1000);
}

static void one_with_a_finalizer_stays_until_that_is_removed(void **state)
{
    struct world *w = *state;
    create(w, "pods", POD);
    change(w, "pods", "p", "metadata.finalizers", "[\"example.com/hold\"]");
    pass(w, 2000);
    destroy(w, "pods", "p");
    pass(w, 60000);
    assert_non_null(read_object(w, "pods", "p"));
    change(w, "pods", "p", "metadata.finalizers", "null");
    pass(w, 0);
    assert_null(read_object(w, "pods", "p"));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_pod_is_ready_when_its_image_says_so),
        CASE(one_with_a_probe_runs_before_it_is_ready),
        CASE(one_whose_image_cannot_be_had_waits_for_ever),
        CASE(one_without_room_waits_until_there_is_some),
        CASE(a_deleted_pod_goes_a_moment_later),
        CASE(one_that_ends_can_still_be_changed),
        CASE(one_that_never_was_bound_goes_at_once),
        CASE(one_with_a_finalizer_stays_until_that_is_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
