// room: sim/api sim/ground
// What the API server adds to built-in kinds, and what it refuses of them: sim/api/builtin/*.c.
#include "api_world.h"

#define SERVICES "/api/v1/namespaces/default/services"

static void expect_text(struct api_world *w, const struct node *value, const char *wanted)
{
    char *text = value ? node_to_text(value) : str_dup("absent");
    assert_string_equal(text, wanted);
    mem_free(text);
}

static void expect_causes(struct api_world *w, const char *method, const char *path, const char *body,
                          const char *wanted)
{
    char *causes = causes_of(api_ask(w, method, path, body));
    if (!str_equal(causes, wanted))
        fail_msg("%s: %s, not %s", body, causes, wanted);
    mem_free(causes);
}

static void a_deployment_gets_its_defaults(void **state)
{
    struct api_world *w = *state;
    const struct node *d = api_ask(w, "POST", DEPLOYMENTS, DEPLOYMENT("d", ""));
    assert_int_equal(w->status, 201);
    expect_text(w, node_at(d, "spec", "strategy"),
                "{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"maxUnavailable\":\"25%\",\"maxSurge\":\"25%\"}}");
    expect_text(
        w, node_item(node_at(d, "spec", "template", "spec", "containers"), 0),
        "{\"name\":\"web\",\"image\":\"web:1\",\"resources\":{},\"terminationMessagePath\":\"/dev/termination-log\","
        "\"terminationMessagePolicy\":\"File\",\"imagePullPolicy\":\"IfNotPresent\"}");
    expect_text(w, node_at(d, "metadata", "generation"), "1");
    expect_text(w, node_get(d, "status"), "{}");
}

/* One amount in another text: stored as a real server stores it, and no new generation, so nobody rolls it out. */
static void an_amount_in_another_text_is_no_change(void **state)
{
    static const char *const same[] = {"\"1000m\"", "1", "\"1\"", "\"1e0\""};
    struct api_world *w = *state;
    api_ask(w, "POST", DEPLOYMENTS, DEPLOYMENT("d", ""));
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        char *body = str_format("[{\"op\":\"add\",\"path\":\"/spec/template/spec/containers/0/resources\",\"value\":"
                                "{\"limits\":{\"cpu\":%s,\"memory\":\"%s\"}}}]",
                                same[i], i == 2 ? "1073741824" : "1024Mi");
        w->content_type = "application/json-patch+json";
        const struct node *d = api_ask(w, "PATCH", DEPLOYMENTS "/d", body);
        mem_free(body);
        const struct node *limits =
            node_at(node_item(node_at(d, "spec", "template", "spec", "containers"), 0), "resources", "limits");
        assert_string_equal(node_str(node_get(limits, "cpu")), i == 3 ? "1e0" : "1");
        assert_string_equal(node_str(node_get(limits, "memory")), i == 2 ? "1073741824" : "1Gi");
        expect_text(w, node_at(d, "metadata", "generation"), "2");
    }
}

static void a_deployment_is_checked(void **state)
{
    struct api_world *w = *state;
    expect_causes(w, "POST", DEPLOYMENTS, DEPLOYMENT("d", "\"replicas\":-1,"),
                  "spec.replicas: Invalid value: -1: must be greater than or equal to 0; ");
    expect_causes(w, "POST", DEPLOYMENTS, DEPLOYMENT("d", "\"strategy\":{\"type\":\"Other\"},"),
                  "spec.strategy: Unsupported value: {\"Type\":\"Other\",\"RollingUpdate\":null}: supported values: "
                  "\"Recreate\", \"RollingUpdate\"; ");
    expect_causes(
        w, "POST", DEPLOYMENTS, "{\"metadata\":{\"name\":\"d\"},\"spec\":{}}",
        "spec.selector: Required value; spec.template.metadata.labels: Invalid value: null: `selector` does not "
        "match template `labels`; spec.template.spec.containers: Required value; ");
    api_ask(w, "POST", DEPLOYMENTS, DEPLOYMENT("d", ""));
    char *causes =
        causes_of(api_patch(w, DEPLOYMENTS "/d", "{\"spec\":{\"selector\":{\"matchLabels\":{\"b\":\"c\"}}}}"));
    assert_non_null(strstr(causes, "field is immutable"));
    mem_free(causes);
    causes = causes_of(api_patch(w, DEPLOYMENTS "/d/status", "{\"status\":{\"replicas\":1,\"readyReplicas\":2}}"));
    assert_string_equal(causes, "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas; ");
    mem_free(causes);
}

static void services_get_addresses_of_their_own(void **state)
{
    struct api_world *w = *state;
    const struct node *a =
        api_ask(w, "POST", SERVICES, "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"ports\":[{\"port\":80}]}}");
    char *first = str_dup(node_str(node_at(a, "spec", "clusterIP")));
    expect_text(w, node_item(node_at(a, "spec", "ports"), 0), "{\"protocol\":\"TCP\",\"port\":80,\"targetPort\":80}");
    const struct node *b =
        api_ask(w, "POST", SERVICES, "{\"metadata\":{\"name\":\"b\"},\"spec\":{\"ports\":[{\"port\":80}]}}");
    assert_string_not_equal(node_str(node_at(b, "spec", "clusterIP")), first);
    const struct node *put =
        api_ask(w, "PUT", SERVICES "/a", "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"ports\":[{\"port\":81}]}}");
    assert_string_equal(node_str(node_at(put, "spec", "clusterIP")), first);
    mem_free(first);
    char *causes = causes_of(api_patch(w, SERVICES "/a", "{\"spec\":{\"clusterIP\":\"127.96.9.9\"}}"));
    assert_string_equal(causes, "spec.clusterIPs[0]: Invalid value: [\"127.96.9.9\"]: may not change once set; ");
    mem_free(causes);
    expect_causes(w, "POST", SERVICES,
                  "{\"metadata\":{\"name\":\"c\"},\"spec\":{\"ports\":[{\"port\":70000,\"targetPort\":1}]}}",
                  "spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive; ");
}

/* The words of Kubernetes 1.36. */
static void what_a_service_has_twice_or_wrong_is_refused(void **state)
{
    static const struct {
        const char *spec, *causes;
    } cases[] = {
        {"'ports':[{'name':'http','port':9090},{'name':'http','port':9003}]",
         "spec.ports[1].name: Duplicate value: \"http\"; "},
        {"'ports':[{'name':'a','port':80},{'name':'b','port':80}]",
         "spec.ports[1]: Duplicate value: "
         "{\"Name\":\"\",\"Protocol\":\"TCP\",\"AppProtocol\":null,\"Port\":80,\"TargetPort\":0,\"NodePort\":0}; "},
        {"'ports':[{'name':'a','port':80},{'name':'b','port':80,'protocol':'UDP'}]", ""},
        {"'ports':[{'port':80,'protocol':'HTTP'}]",
         "spec.ports[0].protocol: Unsupported value: \"HTTP\": supported values: \"SCTP\", \"TCP\", \"UDP\"; "},
        {"'ports':[{'port':80,'targetPort':'a_b'}]",
         "spec.ports[0].targetPort: Invalid value: \"a_b\": must contain only "
         "alpha-numeric characters (a-z, 0-9), and hyphens (-); "},
        {"'ports':[{'port':80,'targetPort':'a--b'}]",
         "spec.ports[0].targetPort: Invalid value: \"a--b\": must not contain consecutive hyphens; "},
        {"'ports':[{'port':80,'targetPort':'12'}]",
         "spec.ports[0].targetPort: Invalid value: \"12\": must contain at least one letter (a-z); "},
        {"'ports':[{'port':80,'nodePort':30080}]",
         "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'; "},
        {"'type':'NodePort','ports':[{'name':'a','port':80,'nodePort':30080},{'name':'b','port':81,'nodePort':30080}]",
         "spec.ports[1].nodePort: Invalid value: 30080: provided port is already allocated; "},
        {"'type':'NodePort','clusterIP':'None','ports':[{'port':80}]",
         "spec.clusterIPs[0]: Invalid value: \"None\": may not be set to 'None' for NodePort services; "},
        {"'type':'ExternalName'", "spec.externalName: Required value; "},
        {"'sessionAffinity':'Cookie','ports':[{'port':80}]",
         "spec.sessionAffinity: Unsupported value: \"Cookie\": supported values: \"ClientIP\", \"None\"; "},
    };
    struct api_world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *body = str_format("{'metadata':{'name':'s%zu'},'spec':{%s}}", i, cases[i].spec);
        for (char *c = body; *c != '\0'; c++)
            *c = *c == '\'' ? '"' : *c;
        expect_causes(w, "POST", SERVICES, body, cases[i].causes);
        mem_free(body);
    }
}

/* Ports that were given for the type that it had go with it. */
static void a_service_may_stop_having_node_ports(void **state)
{
    struct api_world *w = *state;
    api_ask(w, "POST", SERVICES,
            "{\"metadata\":{\"name\":\"n\"},\"spec\":{\"type\":\"NodePort\",\"ports\":[{\"port\":80}]}}");
    assert_int_equal(w->status, 201);
    const struct node *s = api_patch(w, SERVICES "/n", "{\"spec\":{\"type\":\"ClusterIP\"}}");
    assert_int_equal(w->status, 200);
    expect_text(w, node_get(node_item(node_at(s, "spec", "ports"), 0), "nodePort"), "absent");
}

static void what_a_container_has_twice_is_refused(void **state)
{
    struct api_world *w = *state;
    expect_causes(
        w, "POST", "/api/v1/namespaces/default/pods",
        "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"volumes\":[{\"name\":\"v\"},{\"name\":\"v\"}],\"containers\":[{"
        "\"name\":\"a\",\"image\":\"a:1\",\"ports\":[{\"name\":\"http\",\"containerPort\":80},{\"name\":\"http\","
        "\"containerPort\":81},{\"containerPort\":70000}]}]}}",
        "spec.volumes[1].name: Duplicate value: \"v\"; spec.containers[0].ports[1].name: Duplicate value: "
        "\"http\"; spec.containers[0].ports[2].containerPort: Invalid value: 70000: must be between 1 and "
        "65535, inclusive; ");
}

static void secrets_keep_bytes(void **state)
{
    struct api_world *w = *state;
    const struct node *s = api_ask(w, "POST", "/api/v1/namespaces/default/secrets",
                                   "{\"metadata\":{\"name\":\"s\"},\"stringData\":{\"a\":\"hello\",\"b\":\"hell\"}}");
    expect_text(w, node_get(s, "data"), "{\"a\":\"aGVsbG8=\",\"b\":\"aGVsbA==\"}");
    expect_text(w, node_get(s, "type"), "\"Opaque\"");
    expect_text(w, node_get(s, "stringData"), "absent");
}

static void autoscalers_are_completed_and_checked(void **state)
{
    static const char path[] = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";
    struct api_world *w = *state;
    const struct node *h =
        api_ask(w, "POST", path,
                "{\"metadata\":{\"name\":\"h\"},\"spec\":{\"maxReplicas\":3,\"scaleTargetRef\":{\"apiVersion\":"
                "\"apps/v1\",\"kind\":\"Deployment\",\"name\":\"d\"}}}");
    expect_text(w, node_at(h, "spec", "minReplicas"), "1");
    expect_text(w, node_at(h, "status"), "{\"desiredReplicas\":0,\"currentMetrics\":null}");
    expect_causes(w, "POST", path,
                  "{\"metadata\":{\"name\":\"i\"},\"spec\":{\"maxReplicas\":3,\"minReplicas\":4,\"scaleTargetRef\":{"
                  "\"apiVersion\":"
                  "\"apps/v1\",\"kind\":\"Deployment\",\"name\":\"d\"}}}",
                  "spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`; ");
}

static void namespaces_open_and_close(void **state)
{
    struct api_world *w = *state;
    const struct node *n = api_ask(w, "POST", "/api/v1/namespaces", "{\"metadata\":{\"name\":\"n\"}}");
    expect_text(w, node_at(n, "metadata", "labels"), "{\"kubernetes.io/metadata.name\":\"n\"}");
    expect_text(w, node_get(n, "status"), "{\"phase\":\"Active\"}");
    n = api_ask(w, "DELETE", "/api/v1/namespaces/n", NULL);
    expect_text(w, node_get(n, "status"), "{\"phase\":\"Terminating\"}");
    const struct node *answer =
        api_ask(w, "POST", "/api/v1/namespaces/n/configmaps", "{\"metadata\":{\"name\":\"c\"}}");
    assert_int_equal(w->status, 403);
    assert_non_null(
        strstr(message_of(answer), "unable to create new content in namespace n because it is being terminated"));
    answer = api_ask(w, "POST", "/api/v1/namespaces/none/configmaps", "{\"metadata\":{\"name\":\"c\"}}");
    assert_string_equal(message_of(answer), "namespaces \"none\" not found");
    api_ask(w, "DELETE", "/api/v1/namespaces/default", NULL);
    assert_int_equal(w->status, 403);
}

static void a_pod_on_a_node_ends_with_grace(void **state)
{
    static const char pods[] = "/api/v1/namespaces/default/pods";
    struct api_world *w = *state;
    api_ask(w, "POST", pods,
            "{\"metadata\":{\"name\":\"p\"},\"spec\":{\"nodeName\":\"n\",\"containers\":[{\"name\":\"c\",\"image\":"
            "\"i\"}]}}");
    const struct node *p = api_ask(w, "DELETE", "/api/v1/namespaces/default/pods/p", NULL);
    expect_text(w, node_at(p, "metadata", "deletionGracePeriodSeconds"), "30");
    expect_text(w, node_at(p, "metadata", "deletionTimestamp"), "\"2026-01-01T00:00:30Z\"");
    api_ask(w, "DELETE", "/api/v1/namespaces/default/pods/p?gracePeriodSeconds=0", NULL);
    api_ask(w, "GET", "/api/v1/namespaces/default/pods/p", NULL);
    assert_int_equal(w->status, 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        api_test(a_deployment_gets_its_defaults),
        api_test(an_amount_in_another_text_is_no_change),
        api_test(a_deployment_is_checked),
        api_test(services_get_addresses_of_their_own),
        api_test(what_a_service_has_twice_or_wrong_is_refused),
        api_test(services_get_addresses_of_their_own),
        api_test(a_service_may_stop_having_node_ports),
        api_test(services_get_addresses_of_their_own),
        api_test(what_a_container_has_twice_is_refused),
        api_test(services_get_addresses_of_their_own),
        api_test(secrets_keep_bytes),
        api_test(autoscalers_are_completed_and_checked),
        api_test(namespaces_open_and_close),
        api_test(a_pod_on_a_node_ends_with_grace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
