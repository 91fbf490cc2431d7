// room: rollout
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "canary/refusal.h"

static const struct canary_defaults defaults = {.provider = "istio", .metrics_server = "http://prometheus:9090"};

/* A valid Canary whose analysis and further spec fields are given; "" leaves them out. */
static bool read(struct canary *canary, const char *analysis, const char *more, struct err *err)
{
    char *text =
        str_format("{\"metadata\":{\"name\":\"podinfo\",\"namespace\":\"test\",\"uid\":\"u\"},\"spec\":{\"targetRef\":{"
                   "\"apiVersion\":\"apps/v1\","
                   "\"kind\":\"Deployment\",\"name\":\"podinfo\"},\"service\":{\"port\":9898},\"analysis\":{%s}%s}}",
                   analysis, more);
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
        {"\"webhooks\":[{\"name\":\"a\",\"retries\":2},{\"name\":\"b\",\"retries\":1.5}]", "",
         "spec.analysis.webhooks[1].retries: 1.5 is not an integer"},
        {"\"alerts\":[{\"name\":\"a\"}]", "", "spec.analysis.alerts is not supported yet"},
        {"\"sessionAffinity\":{\"cookieName\":\"c\"}", "", "spec.analysis.sessionAffinity is not supported yet"},
        {"\"metrics\":[{\"name\":\"m\",\"templateRef\":{\"name\":\"t\"}}]", "",
         "spec.analysis.metrics[0].templateRef (metric m) is not supported yet"},
        {"\"metrics\":[{\"name\":\"m\",\"query\":\"{{ target }} {{- if eq name `x` }}1{{ end }}\"}]", "",
         "spec.analysis.metrics[0].query (metric m): {{- if eq name `x` }} is not supported yet"},
        {"\"metrics\":[{\"name\":\"m\",\"query\":\"{{ interval | len }}\"}]", "",
         "spec.analysis.metrics[0].query (metric m): {{ interval | len }} is not supported yet"},
        {"", ",\"revertOnDeletion\":true", "spec.revertOnDeletion is not supported yet"},
        {"", ",\"provider\":\"nginx\"", "spec.provider: nginx is not supported yet, only istio"},
        {"", ",\"autoscalerRef\":{\"kind\":\"ScaledObject\",\"name\":\"s\"}",
         "spec.autoscalerRef.kind: ScaledObject is not supported yet, only HorizontalPodAutoscaler"},
        {"", ",\"targetRef\":{\"kind\":\"DaemonSet\",\"name\":\"d\"}",
         "spec.targetRef.kind: DaemonSet is not supported yet, only Deployment"},
        {"", ",\"service\":{\"port\":70000}", "spec.service.port: 70000 is not a port"},
        {"", ",\"service\":{}", "spec.service.port: 0 is not a port"},
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

static void test_everything_that_is_refused_is_named_at_once(void **state)
{
    struct canary canary;
    struct err err;
    assert_false(
        read(&canary,
             "\"threshold\":1.5,\"maxWeight\":\"x\",\"alerts\":[{\"name\":\"a\"}],\"metrics\":[{\"name\":\"m\","
             "\"templateRef\":{\"name\":\"t\"}},{\"name\":\"n\",\"query\":\"{{ if x }}{{ end }}\"}]",
             ",\"revertOnDeletion\":true,\"service\":{\"port\":0.5}", &err));
    assert_string_equal(err.text,
                        "spec.service.port: 0.5 is not an integer; spec.analysis.threshold: 1.5 is not an integer; "
                        "spec.analysis.maxWeight: \"x\" is not an integer; spec.revertOnDeletion is not supported yet; "
                        "spec.analysis.alerts is not supported yet; "
                        "spec.analysis.metrics[0].templateRef (metric m) is not supported yet; "
                        "spec.analysis.metrics[1].query (metric n): {{ if x }} is not supported yet");
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

static void test_queries_with_values_are_accepted(void **state)
{
    struct canary canary;
    struct err err;
    assert_true(read(&canary,
                     "\"metrics\":[{\"name\":\"m\",\"query\":\"{{ name }}/{{- variables.if -}} {{ index variables "
                     "\\\"x\\\" }} {{ lender }} {{ open\"}]",
                     "", &err));
    canary_fini(&canary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults_are_flaggers),
        cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_selection_of_the_strategy),
        cmocka_unit_test(test_what_is_refused_is_named),
        cmocka_unit_test(test_everything_that_is_refused_is_named_at_once),
        cmocka_unit_test(test_names_that_cannot_exist),
        cmocka_unit_test(test_queries_with_values_are_accepted),
        cmocka_unit_test(test_whole_numbers_may_be_written_as_reals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
