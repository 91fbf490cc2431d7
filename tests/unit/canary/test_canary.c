#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "canary/refusal.h"

static const struct canary_defaults defaults = {
    .provider = "istio", .metrics_server = "http://prometheus:9090", .no_cross_namespace_refs = true};

/* A valid Canary whose analysis and further spec fields are given; "" leaves them out. */
static bool read(struct canary *canary, const char *analysis, const char *more, struct err *err)
{
    char *text =
        str_format("{\"metadata\":{\"name\":\"podinfo\",\"namespace\":\"test\",\"uid\":\"u\"},\"spec\":{\"targetRef\":{"
                   "\"apiVersion\":\"apps/v1\","
                   "\"kind\":\"Deployment\",\"name\":\"podinfo\"},\"service\":{\"port\":9898},\"analysis\":{"
                   "\"stepWeight\":10%s%s}%s}}",
                   analysis[0] != '\0' ? "," : "", analysis, more);
    *err = (struct err){0};
    struct doc *doc = doc_parse(text, strlen(text), err);
    assert_non_null(doc);
    str_free(&text);
    return canary_init(canary, doc, &defaults, err);
}

static void test_defaults_are_flaggers(void **state)
{
    struct canary canary;
    struct err err;
    assert_true(read(&canary, "", "", &err));
    assert_int_equal(canary.interval_ms, 60000);
    assert_int_equal(canary.threshold, 1);
    assert_int_equal(canary.progress_deadline_s, 600);
    assert_int_equal(canary.primary_ready_pct, 100);
    assert_string_equal(canary.provider, "istio");
    assert_string_equal(canary.metrics_server, "http://prometheus:9090");
    assert_string_equal(canary.phase, "");
    assert_true(canary_is_initialising(&canary));
    assert_string_equal(canary.names.apex, "podinfo");
    assert_string_equal(canary.names.apex_primary, "podinfo-primary");
    canary_fini(&canary);
}

static void test_intervals(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {{"30s", 30000},  {"1m30s", 90000}, {"1s", 10000}, {"500ms", 10000},
                 {"1min", 60000}, {"", 60000},      {"2m", 120000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct canary canary;
        struct err err;
        char *analysis = str_format("\"interval\":\"%s\"", cases[i].text);
        assert_true(read(&canary, analysis, "", &err));
        assert_int_equal(canary.interval_ms, cases[i].ms);
        str_free(&analysis);
        canary_fini(&canary);
    }
}

static void test_selection_of_the_strategy(void **state)
{
    static const struct {
        const char *analysis, *strategy, *label;
    } cases[] = {
        {"\"stepWeight\":10", "canary", "canary"},
        {"\"iterations\":5", "blue_green", "blue-green"},
        {"\"iterations\":5,\"match\":[{\"headers\":{\"x\":{\"exact\":\"y\"}}}]", "ab_test", "ab-testing"},
        {"\"stepWeight\":10,\"match\":[{\"headers\":{\"x\":{\"exact\":\"y\"}}}]", "canary", "canary"},
        {"\"iterations\":5,\"match\":[]", "blue_green", "blue-green"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct canary canary;
        struct err err;
        assert_true(read(&canary, cases[i].analysis, "", &err));
        assert_string_equal(canary.strategy, cases[i].strategy);
        assert_string_equal(canary.strategy_label, cases[i].label);
        canary_fini(&canary);
    }
}

static void test_what_is_refused_is_named(void **state)
{
    static const struct {
        const char *analysis, *more, *words;
    } cases[] = {
        {"\"threshold\":1.5", "", "spec.analysis.threshold: 1.5 is not an integer"},
        {"\"stepWeights\":[1,2.5]", "", "spec.analysis.stepWeights[1]: 2.5 is not an integer"},
        {"\"maxWeight\":\"x\"", "", "spec.analysis.maxWeight: \"x\" is not an integer"},
        {"", ",\"progressDeadlineSeconds\":0.5", "spec.progressDeadlineSeconds: 0.5 is not an integer"},
        {"", ",\"progressDeadlineSeconds\":9223372036854775807",
         "spec.progressDeadlineSeconds: 9223372036854775807 does not fit into 32 bits"},
        {"\"webhooks\":[{\"name\":\"a\",\"type\":\"event\",\"retries\":2},{\"name\":\"b\",\"type\":\"event\","
         "\"retries\":1.5}]",
         "", "spec.analysis.webhooks[1].retries: 1.5 is not an integer"},
        {"\"sessionAffinity\":{\"cookieName\":\"c\"}", "", "spec.analysis.sessionAffinity is not supported yet"},
        {"\"metrics\":[{\"name\":\"m\",\"templateRef\":{\"name\":\"t\",\"namespace\":\"other\"}}]", "",
         "spec.analysis.metrics[0].templateRef: can't access metric template t.other, cross-namespace references are "
         "blocked"},
        {"\"metrics\":[{\"name\":\"m\",\"query\":\"{{ target }} {{- if eq name `x` }}1{{ foo }}{{ end }}\"}]", "",
         "spec.analysis.metrics[0].query (metric m): {{ foo }} is no word of a template, wanted name, namespace, "
         "target, "
         "service, ingress, route, interval, variables.KEY, index variables \"KEY\" or a function of Go's templates"},
        {"\"metrics\":[{\"name\":\"m\",\"query\":\"{{ define `x` }}{{ end }}\"}]", "",
         "spec.analysis.metrics[0].query (metric m): {{ define `x` }} is not supported"},
        {"", ",\"revertOnDeletion\":true", "spec.revertOnDeletion is not supported yet"},
        {"", ",\"provider\":\"nginx\"", "spec.provider: nginx is not supported yet, only istio"},
        {"", ",\"autoscalerRef\":{\"kind\":\"ScaledObject\",\"name\":\"s\"}",
         "spec.autoscalerRef.kind: ScaledObject is not supported yet, only HorizontalPodAutoscaler"},
        {"", ",\"targetRef\":{\"kind\":\"DaemonSet\",\"name\":\"d\"}",
         "spec.targetRef.kind: DaemonSet is not supported yet, only Deployment"},
        {"\"match\":[{\"headers\":{}}],\"iterations\":8", ",\"service\":{\"port\":80,\"appProtocol\":\"TCP\"}",
         "spec.analysis.match is not possible with spec.service.appProtocol: tcp: TCP has no headers, so the canary "
         "would get a share of all requests, not of those that match"},
        {"", ",\"service\":{\"port\":70000}", "spec.service.port: 70000 is not a port"},
        {"", ",\"service\":{\"port\":0}", "spec.service.port: 0 is not a port"},
        {"", ",\"service\":{}", "spec.service.port is missing"},
        {"", ",\"service\":null", "spec.service.port is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct canary canary;
        struct err err;
        assert_false(read(&canary, cases[i].analysis, cases[i].more, &err));
        assert_int_equal(err.code, ERR_INVALID);
        assert_string_equal(err.text, cases[i].words);
        assert_string_equal(canary.names.name, "podinfo"); /* the refusal must be reported somewhere */
        canary_fini(&canary);
    }
}

static void test_numbers_that_nobody_counts_to(void **state)
{
    static const char *const fields[] = {
        "threshold",           "iterations", "maxWeight", "stepWeight", "mirrorWeight", "primaryReadyThreshold",
        "stepWeightPromotion", NULL};
    static const char *const values[] = {"1000000001", "9007199254740993", "1e18", "99999999999999999999", "-1e300"};
    for (size_t i = 0; fields[i] != NULL; i++) {
        for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {
            struct canary canary;
            struct err err;
            char *analysis = str_format("\"%s\":%s", fields[i], values[k]);
            char *words = str_format("spec.analysis.%s: ", fields[i]);
            assert_false(read(&canary, analysis, "", &err));
            assert_true(str_has_prefix(err.text, words));
            assert_true(str_has_suffix(err.text, " is too large, wanted an integer from -1000000000 to 1000000000"));
            canary_fini(&canary);
            str_free(&analysis);
            str_free(&words);
        }
    }
    struct canary canary;
    struct err err;
    assert_true(read(&canary, "\"threshold\":1000000000,\"stepWeights\":[-5,150],\"maxWeight\":150", "", &err));
    canary_fini(&canary);
    assert_false(read(&canary,
                      "\"stepWeights\":[10,1e18],\"webhooks\":[{\"name\":\"a\",\"url\":\"http://a\","
                      "\"retries\":2e9}]",
                      "", &err));
    assert_non_null(strstr(err.text, "spec.analysis.stepWeights[1]: "));
    assert_non_null(strstr(err.text, "spec.analysis.webhooks[0].retries: "));
    canary_fini(&canary);
}

#define WANTED_URL " is no URL, wanted one of http or https"

static void test_what_can_never_work(void **state)
{
    static const struct {
        const char *analysis, *more, *words; /* words NULL: it is accepted */
    } cases[] = {
        {"\"metrics\":[{\"name\":\"m\"}]", "",
         "spec.analysis.metrics[0] (metric m): it has no query, and its name is no built-in one, wanted a query or the "
         "name request-success-rate or request-duration"},
        {"\"metrics\":[{\"name\":\"m\"}]", ",\"skipAnalysis\":true", NULL},
        {"\"metrics\":[{\"name\":\"request-duration\"},{\"name\":\"m\",\"query\":\"x\"}]", "", NULL},
        {"\"webhooks\":[{\"name\":\"a\",\"url\":\"not a url\"}]", "",
         "spec.analysis.webhooks[0].url (webhook a): \"not a url\"" WANTED_URL},
        {"\"webhooks\":[{\"name\":\"a\",\"type\":\"confirm-promotion\",\"url\":\"ftp://x\"}]", "",
         "spec.analysis.webhooks[0].url (webhook a): \"ftp://x\"" WANTED_URL},
        {"\"webhooks\":[{\"name\":\"a\",\"url\":\"http://\"}]", "",
         "spec.analysis.webhooks[0].url (webhook a): \"http://\"" WANTED_URL},
        {"\"webhooks\":[{\"name\":\"a\",\"type\":\"event\",\"url\":\"ftp://x\"}]", "", NULL},
        {"\"webhooks\":[{\"name\":\"a\",\"type\":\"rollback\",\"url\":\"ftp://x\"}]", "", NULL},
        {"\"webhooks\":[{\"name\":\"a\",\"url\":\"HTTPS://x:8080/a b?c\",\"timeout\":\"5s\"}]", "", NULL},
        {"\"webhooks\":[{\"name\":\"a\",\"url\":\"http://x\",\"timeout\":\"1min\"}]", "",
         "spec.analysis.webhooks[0].timeout (webhook a): \"1min\" is no duration, wanted one like 30s"},
        {"", ",\"service\":{\"port\":80,\"delegation\":true,\"hosts\":[\"x\"]}",
         "spec.service.hosts: a delegate VirtualService has none, wanted no hosts or no delegation"},
        {"", ",\"service\":{\"port\":80,\"delegation\":true,\"gateways\":[\"x\"]},\"skipAnalysis\":true",
         "spec.service.gateways: a delegate VirtualService has none, wanted no gateways or no delegation"},
        {"", ",\"service\":{\"port\":80,\"delegation\":true,\"gateways\":[],\"hosts\":[]}", NULL},
        {"", ",\"service\":{\"port\":80,\"hosts\":[\"x\"]}", NULL},
        {"\"primaryReadyThreshold\":101", "",
         "spec.analysis.primaryReadyThreshold: 101 is no part of the Pods, wanted 0 to 100 percent"},
        {"\"canaryReadyThreshold\":200", ",\"skipAnalysis\":true",
         "spec.analysis.canaryReadyThreshold: 200 is no part of the Pods, wanted 0 to 100 percent"},
        {"\"primaryReadyThreshold\":100,\"canaryReadyThreshold\":0", "", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct canary canary;
        struct err err = {0};
        bool accepted = read(&canary, cases[i].analysis, cases[i].more, &err);
        assert_string_equal(accepted ? "" : err.text, cases[i].words == NULL ? "" : cases[i].words);
        canary_fini(&canary);
    }
}

static void test_what_is_of_another_namespace_may_be_forbidden(void **state)
{
    static const char alerts[] =
        "\"alerts\":[{\"name\":\"a\",\"providerRef\":{\"name\":\"own\",\"namespace\":\"test\"}},"
        "{\"name\":\"b\",\"providerRef\":{\"name\":\"chat\",\"namespace\":\"far\"}}]";
    struct canary canary;
    struct err err = {0};
    assert_false(read(&canary, alerts, "", &err));
    assert_string_equal(err.text, "spec.analysis.alerts[1].providerRef: can't access alert provider chat.far, "
                                  "cross-namespace references are blocked");
    struct canary_defaults lax = defaults;
    lax.no_cross_namespace_refs = false;
    struct doc *doc = doc_copy(canary.root);
    canary_fini(&canary);
    assert_true(canary_init(&canary, doc, &lax, &err));
    canary_fini(&canary);
}

static void test_everything_that_is_refused_is_named_at_once(void **state)
{
    struct canary canary;
    struct err err;
    assert_false(
        read(&canary,
             "\"threshold\":1.5,\"maxWeight\":\"x\",\"sessionAffinity\":{},\"metrics\":[{\"name\":\"m\","
             "\"templateRef\":{\"name\":\"t\",\"namespace\":\"other\"}},{\"name\":\"n\",\"query\":\"{{ define `x` }}{{ "
             "end }}\"}]",
             ",\"revertOnDeletion\":true,\"service\":{\"port\":0.5}", &err));
    assert_string_equal(err.text,
                        "spec.service.port: 0.5 is not an integer; spec.analysis.threshold: 1.5 is not an integer; "
                        "spec.analysis.maxWeight: \"x\" is not an integer; spec.revertOnDeletion is not supported yet; "
                        "spec.analysis.sessionAffinity is not supported yet; "
                        "spec.analysis.metrics[1].query (metric n): {{ define `x` }} is not supported; "
                        "spec.analysis.metrics[0].templateRef: can't access metric template t.other, cross-namespace "
                        "references are blocked");
    struct str_list reasons = {0};
    assert_true(canary_refusals(&canary, &reasons));
    assert_int_equal(reasons.count, 7);
    str_list_fini(&reasons);
    canary_fini(&canary);
}

#define A50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_names_that_cannot_exist(void **state)
{
    static const struct {
        const char *more, *words;
    } cases[] = {
        {",\"service\":{\"port\":80,\"name\":\"" A50 "bbbbb\"}", NULL},
        {",\"service\":{\"port\":80,\"name\":\"" A50 "bbbbbb\"}",
         "spec.service.name: the Service " A50 "bbbbbb-primary cannot exist: its name has 64 characters, and 63 are "
         "allowed"},
        {",\"targetRef\":{\"kind\":\"Deployment\",\"name\":\"" A50 "bbbbbb\"}",
         "spec.targetRef.name: the Service " A50 "bbbbbb-primary cannot exist: its name has 64 characters, and 63 are "
         "allowed"},
        {",\"targetRef\":{\"kind\":\"Deployment\",\"name\":\"a.b\"}",
         "spec.targetRef.name: a.b cannot be the name of a Service: it may have lower-case letters, digits and '-'"},
        {",\"targetRef\":{\"kind\":\"Deployment\",\"name\":\"a.b\"},\"service\":{\"port\":80,\"name\":\"x\"}", NULL},
        {",\"targetRef\":{\"kind\":\"Deployment\",\"name\":\"" A50 A50 A50 A50 A50
         "\"},\"service\":{\"port\":80,\"name\":\"x\"}",
         "spec.targetRef.name: the Deployment " A50 A50 A50 A50 A50
         "-primary cannot exist: its name has 258 characters, and 253 are allowed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct canary canary;
        struct err err;
        assert_int_equal(read(&canary, "", cases[i].more, &err), cases[i].words == NULL);
        assert_string_equal(err.text, cases[i].words != NULL ? cases[i].words : "");
        canary_fini(&canary);
    }
}

static void test_whole_numbers_may_be_written_as_reals(void **state)
{
    struct canary canary;
    struct err err;
    assert_true(read(&canary, "\"threshold\":5.0", "", &err));
    assert_int_equal(canary.threshold, 5);
    canary_fini(&canary);
}

static void test_words_of_queries(void **state)
{
    static const struct {
        const char *query, *words; /* words NULL: it is accepted */
    } cases[] = {
        {"{{ name }}/{{- variables.if -}} {{ index variables \\\"x\\\" }} a }} b", NULL},
        {"{{ target }}{{ foo }}",
         "{{ foo }} is no word of a template, wanted name, namespace, target, service, ingress, route, interval, "
         "variables.KEY, index variables \"KEY\" or a function of Go's templates"},
        {"{{ target }}{{ variables.x }}", "{{ variables.x }}: templateVariables has no x"},
        {"{{ name }} {{ target", "{{ target is not closed, wanted }}"},
        {"{{ with variables.if }}{{ . }}{{ else }}{{ variables.x }}{{ end }}{{ name | len }}", NULL},
        {"{{ template `name` }}", "{{ template `name` }} is not supported"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct canary canary;
        struct err err = {0};
        char *analysis = str_format(
            "\"metrics\":[{\"name\":\"m\",\"query\":\"%s\",\"templateVariables\":{\"if\":\"1\"}}]", cases[i].query);
        char *words = str_format("spec.analysis.metrics[0].query (metric m): %s", cases[i].words);
        assert_int_equal(read(&canary, analysis, "", &err), cases[i].words == NULL);
        assert_string_equal(cases[i].words == NULL ? "" : words, err.code == ERR_NONE ? "" : err.text);
        canary_fini(&canary);
        str_free(&analysis);
        str_free(&words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_are_flaggers),
        cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_selection_of_the_strategy),
        cmocka_unit_test(test_what_is_refused_is_named),
        cmocka_unit_test(test_numbers_that_nobody_counts_to),
        cmocka_unit_test(test_what_can_never_work),
        cmocka_unit_test(test_what_is_of_another_namespace_may_be_forbidden),
        cmocka_unit_test(test_everything_that_is_refused_is_named_at_once),
        cmocka_unit_test(test_names_that_cannot_exist),
        cmocka_unit_test(test_words_of_queries),
        cmocka_unit_test(test_whole_numbers_may_be_written_as_reals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
