// room: sim/api sim/ground
// What a client learns about the server before it asks for objects: discovery, OpenAPI, health, errors of routing.
#include "api_world.h"

static void groups_and_resources_are_listed(void **state)
{
    struct api_world *w = *state;
    const struct node *groups = api_ask(w, "GET", "/apis", NULL);
    assert_string_equal(node_str(node_get(node_item(node_get(groups, "groups"), 1), "name")), "apps");
    const struct node *apps = api_ask(w, "GET", "/apis/apps/v1", NULL);
    const struct node *deployments = node_item(node_get(apps, "resources"), 2);
    assert_string_equal(node_str(node_get(deployments, "name")), "deployments");
    assert_string_equal(node_str(node_item(node_get(deployments, "shortNames"), 0)), "deploy");
    assert_string_equal(node_str(node_get(deployments, "storageVersionHash")), "8aSe+NMegvE=");
    assert_string_equal(node_str(node_get(node_item(node_get(apps, "resources"), 4), "name")), "deployments/scale");
    const struct node *version = api_ask(w, "GET", "/version", NULL);
    assert_string_equal(node_str(node_get(version, "gitVersion")), API_VERSION);
    assert_string_equal(node_str(node_get(version, "minor")), "36");
}

static void openapi_says_that_the_server_validates(void **state)
{
    struct api_world *w = *state;
    const struct node *index = api_ask(w, "GET", "/openapi/v3", NULL);
    const char *url = node_str(node_at(index, "paths", "apis/apps/v1", "serverRelativeURL"));
    assert_true(str_has_prefix(url, "/openapi/v3/apis/apps/v1?hash="));
    const struct node *apps = api_ask(w, "GET", "/openapi/v3/apis/apps/v1", NULL);
    const struct node *patch =
        node_at(apps, "paths", "/apis/apps/v1/namespaces/{namespace}/deployments/{name}", "patch");
    assert_string_equal(node_str(node_get(node_item(node_get(patch, "parameters"), 0), "name")), "fieldValidation");
    assert_string_equal(node_str(node_at(patch, "x-kubernetes-group-version-kind", "kind")), "Deployment");
    assert_non_null(node_at(apps, "components", "schemas", "io.k8s.Deployment", "properties", "spec"));
    assert_string_equal(node_str(node_at(apps, "components", "schemas", "io.k8s.PodSpec", "properties", "containers",
                                         "x-kubernetes-patch-merge-key")),
                        "name");
    api_ask(w, "GET", "/openapi/v2", NULL);
    assert_int_equal(w->status, 200);
    assert_true(str_has_prefix(w->text, "\x0a\x03"
                                        "2.0\x12\x0f\x0a\x0aKubernetes\x12\x01"
                                        "1\x42"));
    api_ask(w, "GET", "/openapi/v3/apis/none/v1", NULL);
    assert_int_equal(w->status, 404);
}

static void what_is_not_there_is_told(void **state)
{
    struct api_world *w = *state;
    api_ask(w, "GET", "/healthz", NULL);
    assert_string_equal(w->text, "ok");
    api_ask(w, "GET", "/apis/none.test/v1/things", NULL);
    assert_string_equal(w->text, "404 page not found\n");
    assert_string_equal(message_of(api_ask(w, "GET", "/apis/apps/v2/deployments", NULL)),
                        "the server could not find the requested resource");
    assert_string_equal(message_of(api_ask(w, "GET", "/api/v1/namespaces/default/configmaps/a/scale", NULL)),
                        "the server could not find the requested resource");
    api_ask(w, "PUT", "/api/v1/namespaces/default/configmaps", "{}");
    assert_int_equal(w->status, 405);
    w->accept = "text/html";
    api_ask(w, "GET", "/api/v1/namespaces/default/configmaps/a", NULL);
    assert_int_equal(w->status, 406);
    w->content_type = "text/plain";
    api_ask(w, "POST", "/api/v1/namespaces/default/configmaps", "{}");
    assert_int_equal(w->status, 415);
}

static void what_a_kubelet_would_do_is_refused(void **state)
{
    static const char *const matters[] = {"log", "exec", "attach", "portforward", "proxy", "proxy/status/500"};
    struct api_world *w = *state;
    assert_string_equal(message_of(api_ask(w, "GET", "/api/v1/namespaces/default/pods/a/log", NULL)),
                        "pods \"a\" not found");
    api_ask(w, "POST", "/api/v1/namespaces/default/pods",
            "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"a\"}]}}");
    for (size_t i = 0; i < sizeof matters / sizeof matters[0]; i++) {
        char *path = str_format("/api/v1/namespaces/default/pods/a/%s", matters[i]);
        assert_string_equal(message_of(api_ask(w, "GET", path, NULL)),
                            "pod default/a runs no process: the Pods of an embedded cluster have no logs, and cannot "
                            "be entered or forwarded to");
        assert_int_equal(w->status, 501);
        mem_free(path);
    }
}

static void bodies_are_told_apart(void **state)
{
    static const char *const table[][2] = {
        {"{\"kind\":",
         "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse "
         "error: unexpected end of JSON input ({\"kind\":)"},
        {"{\"kind\":\"Secret\",\"apiVersion\":\"v1\"}",
         "Secret in version \"v1\" cannot be handled as a ConfigMap: converting (v1.Secret) "
         "to (core.ConfigMap): unknown conversion"},
        {"{\"data\":{\"a\":1}}",
         "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go "
         "struct field ConfigMap.data of type string"},
        {"{\"metadata\":{\"name\":\"a\",\"namespace\":\"other\"}}",
         "the namespace of the provided object does not match the namespace sent on the request"},
    };
    struct api_world *w = *state;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        assert_string_equal(message_of(api_ask(w, "POST", "/api/v1/namespaces/default/configmaps", table[i][0])),
                            table[i][1]);
}

static void unknown_fields_are_warned_of_or_refused(void **state)
{
    static const char body[] = "{\"metadata\":{\"name\":\"a\"},\"extra\":1}";
    struct api_world *w = *state;
    api_ask(w, "POST", "/api/v1/namespaces/default/configmaps?dryRun=All", body);
    assert_int_equal(w->status, 201);
    assert_string_equal(w->warnings, "299 - \"unknown field \\\"extra\\\"\"");
    api_ask(w, "POST", "/api/v1/namespaces/default/configmaps?dryRun=All&fieldValidation=Ignore", body);
    assert_string_equal(w->warnings, "");
    const struct node *answer =
        api_ask(w, "POST", "/api/v1/namespaces/default/configmaps?fieldValidation=Strict", body);
    assert_string_equal(
        message_of(answer),
        "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown field \"extra\"");
    api_ask(w, "GET", "/api/v1/namespaces/default/configmaps/a", NULL);
    assert_int_equal(w->status, 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        api_test(groups_and_resources_are_listed), api_test(openapi_says_that_the_server_validates),
        api_test(what_is_not_there_is_told),       api_test(what_a_kubelet_would_do_is_refused),
        api_test(bodies_are_told_apart),           api_test(unknown_fields_are_warned_of_or_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
