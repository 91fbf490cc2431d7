#include "controllers_steps.h"

/* As kubectl delete --cascade=foreground and --cascade=orphan. */
static void destroy_with(struct world *w, const char *plural, const char *name, const char *finalizer)
{
    char *value = str_format("[\"%s\"]", finalizer);
    change(w, plural, name, "metadata.finalizers", value);
    destroy(w, plural, name);
    mem_free(value);
}

/* A ConfigMap that belongs to others. */
static void create_owned(struct world *w, const char *name, const char *owner, const char *other)
{
    char *yaml = str_format("{apiVersion: v1, kind: ConfigMap, metadata: {name: %s, namespace: default, "
                            "ownerReferences: [%s%s%s]}}",
                            name, owner, other ? ", " : "", other ? other : "");
    create(w, "configmaps", yaml);
    mem_free(yaml);
}

static char *reference_to(struct world *w, const char *name)
{
    const char *uid = node_str(node_at(read_object(w, "configmaps", name), "metadata", "uid"));
    return str_format("{apiVersion: v1, kind: ConfigMap, name: %s, uid: %s, blockOwnerDeletion: true}", name, uid);
}

static void create_map(struct world *w, const char *name)
{
    char *yaml = str_format("{apiVersion: v1, kind: ConfigMap, metadata: {name: %s, namespace: default}}", name);
    create(w, "configmaps", yaml);
    mem_free(yaml);
}

static void what_belonged_to_a_deployment_goes_after_it(void **state)
{
    struct world *w = *state;
    create(w, "deployments", DEPLOYMENT);
    pass(w, 5000);
    destroy(w, "deployments", "web");
    assert_int_equal(count(w, "replicasets", "web-"), 1);
    pass(w, 100);
    assert_int_equal(count(w, "replicasets", "web-"), 0);
    assert_int_equal(count(w, "pods", "web-"), 3);
    pass(w, 2000);
    assert_int_equal(count(w, "pods", "web-"), 0);
}

static void in_the_foreground_the_owner_goes_last(void **state)
{
    struct world *w = *state;
    create(w, "deployments", DEPLOYMENT);
    pass(w, 5000);
    destroy_with(w, "deployments", "web", "foregroundDeletion");
    pass(w, 900);
    assert_non_null(read_object(w, "deployments", "web"));
    assert_int_equal(count(w, "replicasets", "web-"), 1);
    assert_int_equal(count(w, "pods", "web-"), 3);
    pass(w, 2000);
    assert_null(read_object(w, "deployments", "web"));
    assert_int_equal(count(w, "replicasets", "web-"), 0);
    assert_int_equal(count(w, "pods", "web-"), 0);
}

static void orphans_stay_and_are_found_again(void **state)
{
    struct world *w = *state;
    create(w, "deployments", DEPLOYMENT);
    pass(w, 5000);
    char *set = first(w, "replicasets", "web-");
    destroy_with(w, "deployments", "web", "orphan");
    pass(w, 5000);
    assert_null(read_object(w, "deployments", "web"));
    assert_int_equal(node_count(node_at(read_object(w, "replicasets", set), "metadata", "ownerReferences")), 0);
    assert_int_equal(count(w, "pods", "web-"), 3);
    create(w, "deployments", DEPLOYMENT);
    pass(w, 5000);
    assert_int_equal(count(w, "replicasets", "web-"), 1);
    assert_int_equal(node_count(node_at(read_object(w, "replicasets", set), "metadata", "ownerReferences")), 1);
    assert_non_null(strstr(condition(w, "deployments", "web", "Available"), "True"));
    mem_free(set);
}

static void one_owner_is_enough_to_stay(void **state)
{
    struct world *w = *state;
    create_map(w, "a");
    create_map(w, "b");
    char *a = reference_to(w, "a"), *b = reference_to(w, "b");
    create_owned(w, "child", a, b);
    pass(w, 1000);
    destroy(w, "configmaps", "a");
    pass(w, 1000);
    assert_int_equal(node_count(node_at(read_object(w, "configmaps", "child"), "metadata", "ownerReferences")), 1);
    destroy(w, "configmaps", "b");
    pass(w, 1000);
    assert_null(read_object(w, "configmaps", "child"));
    mem_free(a);
    mem_free(b);
}

static void whose_owner_never_was_goes(void **state)
{
    struct world *w = *state;
    create_owned(w, "child", "{apiVersion: v1, kind: ConfigMap, name: x, uid: no-such-uid}", NULL);
    pass(w, 1000);
    assert_null(read_object(w, "configmaps", "child"));
}

static void what_was_there_before_the_controllers_is_known_to_them(void **state)
{
    struct world *w = *state;
    create(w, "deployments", DEPLOYMENT);
    pass(w, 5000);
    controllers_free(w->controllers);
    w->controllers = controllers_new(w->api, virtual_clock_clock(w->vc), w->behaviours);
    destroy(w, "deployments", "web");
    pass(w, 5000);
    assert_int_equal(count(w, "replicasets", "web-"), 0);
    assert_int_equal(count(w, "pods", "web-"), 0);
}

static void a_namespace_goes_with_what_is_in_it(void **state)
{
    struct world *w = *state;
    create(w, "namespaces", "{apiVersion: v1, kind: Namespace, metadata: {name: team}}");
    create(w, "configmaps", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: team}}");
    create(w, "deployments",
           "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: team},\n"
           " spec: {selector: {matchLabels: {app: web}},\n"
           "  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: 'web:1'}]}}}}");
    pass(w, 5000);
    destroy(w, "namespaces", "team");
    pass(w, 900);
    assert_non_null(read_object(w, "namespaces", "team"));
    assert_true(node_is(node_at(w->read ? doc_root(w->read) : NULL, "status", "phase"), "Terminating"));
    pass(w, 5000);
    assert_null(read_object(w, "namespaces", "team"));
    struct doc *left = objects_get(api_objects(w->api), "/configmaps", "team", "a");
    assert_null(left);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(what_belonged_to_a_deployment_goes_after_it),
        CASE(in_the_foreground_the_owner_goes_last),
        CASE(orphans_stay_and_are_found_again),
        CASE(one_owner_is_enough_to_stay),
        CASE(whose_owner_never_was_goes),
        CASE(what_was_there_before_the_controllers_is_known_to_them),
        CASE(a_namespace_goes_with_what_is_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
