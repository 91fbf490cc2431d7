#include "controllers_steps.h"

#define SET                                                                                                            \
    "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: web, namespace: default},\n"                             \
    " spec: {replicas: 2, selector: {matchLabels: {app: web}},\n"                                                      \
    "  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: 'web:1'}]}}}}"

static void it_makes_as_many_pods_as_it_says(void **state)
{
    struct world *w = *state;
    create(w, "replicasets", SET);
    pass(w, 2000);
    assert_int_equal(count(w, "pods", "web-"), 2);
    assert_int_equal(number(w, "replicasets", "web", "replicas"), 2);
    assert_int_equal(number(w, "replicasets", "web", "fullyLabeledReplicas"), 2);
    assert_int_equal(number(w, "replicasets", "web", "readyReplicas"), 2);
    assert_int_equal(number(w, "replicasets", "web", "availableReplicas"), 2);
    assert_int_equal(number(w, "replicasets", "web", "observedGeneration"), 1);
    char *pod = first(w, "pods", "web-");
    const struct node *owner = node_item(node_at(read_object(w, "pods", pod), "metadata", "ownerReferences"), 0);
    assert_true(node_is(node_get(owner, "kind"), "ReplicaSet") && node_is(node_get(owner, "name"), "web"));
    assert_true(node_bool_or(node_get(owner, "controller"), false));
    assert_int_equal(strlen(pod), strlen("web-xxxxx"));
    mem_free(pod);
}

static void a_lost_pod_is_replaced(void **state)
{
    struct world *w = *state;
    create(w, "replicasets", SET);
    pass(w, 2000);
    char *pod = first(w, "pods", "web-");
    destroy(w, "pods", pod);
    pass(w, 0);
    assert_int_equal(count(w, "pods", "web-"), 3);
    assert_int_equal(number(w, "replicasets", "web", "replicas"), 2);
    assert_int_equal(number(w, "replicasets", "web", "readyReplicas"), 1);
    assert_int_equal(number(w, "replicasets", "web", "terminatingReplicas"), 1);
    pass(w, 3000);
    assert_int_equal(count(w, "pods", "web-"), 2);
    assert_null(read_object(w, "pods", pod));
    assert_int_equal(number(w, "replicasets", "web", "readyReplicas"), 2);
    mem_free(pod);
}

static void those_that_are_not_ready_are_given_up_first(void **state)
{
    struct world *w = *state;
    create(w, "replicasets", SET);
    pass(w, 2000);
    behaviours_set(w->behaviours, "web:1", &(struct behaviour){.ready_ms = -1});
    change(w, "replicasets", "web", "spec.replicas", "5");
    pass(w, 2000);
    assert_int_equal(number(w, "replicasets", "web", "replicas"), 5);
    change(w, "replicasets", "web", "spec.replicas", "2");
    pass(w, 2000);
    assert_int_equal(number(w, "replicasets", "web", "replicas"), 2);
    assert_int_equal(number(w, "replicasets", "web", "readyReplicas"), 2);
}

static void available_is_what_was_ready_for_a_while(void **state)
{
    struct world *w = *state;
    create(w, "replicasets", SET);
    change(w, "replicasets", "web", "spec.minReadySeconds", "10");
    pass(w, 10000);
    assert_int_equal(number(w, "replicasets", "web", "readyReplicas"), 2);
    assert_int_equal(number(w, "replicasets", "web", "availableReplicas"), 0);
    pass(w, 1000);
    assert_int_equal(number(w, "replicasets", "web", "availableReplicas"), 2);
}

static void what_is_free_and_matches_is_adopted(void **state)
{
    struct world *w = *state;
    create(w, "pods",
           "{apiVersion: v1, kind: Pod, metadata: {name: free, namespace: default, labels: {app: web}},\n"
           " spec: {containers: [{name: a, image: 'web:1'}]}}");
    create(w, "pods",
           "{apiVersion: v1, kind: Pod, metadata: {name: other, namespace: default, labels: {app: other}},\n"
           " spec: {containers: [{name: a, image: 'web:1'}]}}");
    pass(w, 2000);
    create(w, "replicasets", SET);
    pass(w, 2000);
    assert_int_equal(count(w, "pods", ""), 3);
    assert_int_equal(node_count(node_at(read_object(w, "pods", "free"), "metadata", "ownerReferences")), 1);
    assert_int_equal(node_count(node_at(read_object(w, "pods", "other"), "metadata", "ownerReferences")), 0);
    change(w, "pods", "other", "metadata.labels", "{\"app\":\"web\"}"); /* one too many: the youngest goes */
    pass(w, 3000);
    assert_int_equal(count(w, "pods", ""), 2);
}

static void what_does_not_match_any_more_is_let_go(void **state)
{
    struct world *w = *state;
    create(w, "replicasets", SET);
    pass(w, 2000);
    char *pod = first(w, "pods", "web-");
    change(w, "pods", pod, "metadata.labels", "{\"app\":\"debug\"}");
    pass(w, 3000);
    assert_int_equal(count(w, "pods", "web-"), 3);
    assert_int_equal(node_count(node_at(read_object(w, "pods", pod), "metadata", "ownerReferences")), 0);
    assert_int_equal(number(w, "replicasets", "web", "readyReplicas"), 2);
    mem_free(pod);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(it_makes_as_many_pods_as_it_says),
        CASE(a_lost_pod_is_replaced),
        CASE(those_that_are_not_ready_are_given_up_first),
        CASE(available_is_what_was_ready_for_a_while),
        CASE(what_is_free_and_matches_is_adopted),
        CASE(what_does_not_match_any_more_is_let_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
