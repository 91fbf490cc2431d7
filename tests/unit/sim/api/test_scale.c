// room: sim/api sim/ground
#include "api_world.h"

static void replicas_are_read_and_written_by_scale(void **state)
{
    struct api_world *w = *state;
    api_ask(w, "POST", DEPLOYMENTS, DEPLOYMENT("d", "\"replicas\":2,"));
    const struct node *scale = api_ask(w, "GET", DEPLOYMENTS "/d/scale", NULL);
    assert_string_equal(node_str(node_get(scale, "kind")), "Scale");
    assert_int_equal(node_int_or(node_at(scale, "spec", "replicas"), 0), 2);
    assert_string_equal(node_str(node_at(scale, "status", "selector")), "app=x");
    scale = api_patch(w, DEPLOYMENTS "/d/scale", "{\"spec\":{\"replicas\":5}}");
    assert_int_equal(node_int_or(node_at(scale, "spec", "replicas"), 0), 5);
    const struct node *d = api_ask(w, "GET", DEPLOYMENTS "/d", NULL);
    assert_int_equal(node_int_or(node_at(d, "spec", "replicas"), 0), 5);
    assert_int_equal(node_int_or(node_at(d, "metadata", "generation"), 0), 2);
}

static void a_scale_is_checked(void **state)
{
    struct api_world *w = *state;
    api_ask(w, "POST", DEPLOYMENTS, DEPLOYMENT("d", ""));
    assert_string_equal(
        message_of(api_patch(w, DEPLOYMENTS "/d/scale", "{\"spec\":{\"replicas\":-5}}")),
        "Scale.autoscaling \"d\" is invalid: spec.replicas: Invalid value: -5: must be greater than or equal to 0");
    const struct node *answer =
        api_ask(w, "PUT", DEPLOYMENTS "/d/scale",
                "{\"metadata\":{\"name\":\"d\",\"resourceVersion\":\"1\"},\"spec\":{\"replicas\":3}}");
    assert_int_equal(w->status, 409);
    assert_string_equal(node_str(node_get(answer, "reason")), "Conflict");
    api_ask(w, "GET", DEPLOYMENTS "/none/scale", NULL);
    assert_int_equal(w->status, 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {api_test(replicas_are_read_and_written_by_scale), api_test(a_scale_is_checked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
