// room: rollout
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "rollout/status.h"

static const struct canary_defaults defaults = {.provider = "istio", .metrics_server = "http://prometheus:9090"};
enum { NOW_MS = 1700000000 }; /* any time will do: only whether it changed matters below */

static void read(struct canary *canary, const char *status)
{
    struct err err = {0};
    char *text = str_format("{\"metadata\":{\"name\":\"podinfo\",\"namespace\":\"test\"},\"spec\":{\"targetRef\":{"
                            "\"kind\":\"Deployment\",\"name\":\"podinfo\"},"
                            "\"service\":{\"port\":9898},\"analysis\":{\"iterations\":5}},\"status\":%s}",
                            status);
    struct doc *doc = doc_parse(text, strlen(text), &err);
    assert_non_null(doc);
    str_free(&text);
    assert_true(canary_init(canary, doc, &defaults, &err));
}

static const struct node *promoted(const struct doc *patch)
{
    const struct node *conditions = node_at(doc_root(patch), "status", "conditions");
    assert_int_equal(node_count(conditions), 1);
    return node_item(conditions, 0);
}

static void test_each_phase_resets_what_flagger_resets(void **state)
{
    static const struct {
        const char *phase;
        bool resets;
        int64_t iterations;
        const char *condition;
    } cases[] = {
        {"Waiting", false, 0, "Unknown"},   {"Progressing", false, 0, "Unknown"},
        {"Promoting", false, 0, "Unknown"}, {"WaitingPromotion", true, 4, "Unknown"},
        {"Finalising", true, 0, "Unknown"}, {"Succeeded", true, 0, "True"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct canary canary;
        read(&canary, "{\"phase\":\"Progressing\",\"canaryWeight\":50,\"iterations\":3,\"lastAppliedSpec\":\"s1-a\"}");
        struct doc *patch = status_set_phase(&canary, cases[i].phase, NOW_MS);
        const struct node *status = node_get(doc_root(patch), "status");
        assert_true(node_is(node_get(status, "phase"), cases[i].phase));
        assert_int_equal(node_get(status, "canaryWeight") != NULL, cases[i].resets);
        if (cases[i].resets) {
            assert_int_equal(node_int_or(node_get(status, "canaryWeight"), -1), 0);
            assert_int_equal(node_int_or(node_get(status, "iterations"), -1), cases[i].iterations);
        }
        bool succeeded = strcmp(cases[i].phase, "Succeeded") == 0;
        assert_int_equal(node_is(node_get(status, "lastPromotedSpec"), "s1-a"), succeeded);
        assert_true(node_is(node_get(promoted(patch), "status"), cases[i].condition));
        assert_true(node_is(node_get(promoted(patch), "reason"), cases[i].phase));
        doc_free(patch);
        canary_fini(&canary);
    }
}

static void test_condition_keeps_its_times(void **state)
{
    static const char *const live = "{\"phase\":\"Progressing\",\"conditions\":[{\"type\":\"Promoted\",\"status\":"
                                    "\"Unknown\",\"reason\":\"Progressing\","
                                    "\"lastUpdateTime\":\"T1\",\"lastTransitionTime\":\"T0\",\"message\":\"m\"}]}";
    struct canary canary;
    read(&canary, live);
    struct doc *same = status_set_phase(&canary, "Progressing", NOW_MS);
    assert_true(node_is(node_get(promoted(same), "lastUpdateTime"), "T1"));
    struct doc *other_reason = status_set_phase(&canary, "Promoting", NOW_MS);
    assert_true(node_is(node_get(promoted(other_reason), "lastTransitionTime"), "T0"));
    assert_false(node_is(node_get(promoted(other_reason), "lastUpdateTime"), "T1"));
    struct doc *other_status = status_set_phase(&canary, "Succeeded", NOW_MS);
    assert_false(node_is(node_get(promoted(other_status), "lastTransitionTime"), "T0"));
    doc_free(same);
    doc_free(other_reason);
    doc_free(other_status);
    canary_fini(&canary);
}

static void test_messages_name_the_kind(void **state)
{
    struct canary canary;
    read(&canary, "{}");
    struct status_sync sync = {.phase = "Failed", .revision = "s1-b"};
    struct doc *patch = status_sync(&canary, &sync, NOW_MS);
    assert_true(node_is(node_get(promoted(patch), "message"), "Canary analysis failed, Deployment scaled to zero."));
    assert_null(node_at(doc_root(patch), "status", "lastPromotedSpec"));
    doc_free(patch);
    sync = (struct status_sync){.phase = "Initialized", .revision = "s1-b"};
    patch = status_sync(&canary, &sync, NOW_MS);
    assert_true(node_is(node_get(promoted(patch), "message"), "Deployment initialization completed."));
    assert_true(node_is(node_at(doc_root(patch), "status", "lastPromotedSpec"), "s1-b"));
    assert_true(node_is(node_at(doc_root(patch), "status", "lastAppliedSpec"), "s1-b"));
    doc_free(patch);
    canary_fini(&canary);
}

static void test_configs_that_are_not_tracked_any_more_go(void **state)
{
    struct canary canary;
    struct err err;
    read(&canary, "{\"trackedConfigs\":{\"configmap/a\":\"1\",\"secret/b\":\"2\"}}");
    struct doc *now = doc_parse("{\"configmap/a\":\"3\"}", 19, &err);
    struct status_sync sync = {.phase = "Progressing", .revision = "s1-b", .checksums = doc_root(now)};
    struct doc *patch = status_sync(&canary, &sync, NOW_MS);
    const struct node *map = node_at(doc_root(patch), "status", "trackedConfigs");
    assert_true(node_is(node_get(map, "configmap/a"), "3"));
    assert_int_equal(node_type(node_get(map, "secret/b")), NODE_NULL);
    doc_free(patch);
    doc_free(now);
    canary_fini(&canary);
}

static void test_a_write_that_changes_nothing_is_seen(void **state)
{
    struct canary canary;
    read(&canary, "{\"phase\":\"Progressing\",\"canaryWeight\":20,\"failedChecks\":0,\"iterations\":0}");
    struct doc *same = status_counters(20, INT64_MIN, INT64_MIN, NOW_MS);
    struct doc *other = status_counters(30, INT64_MIN, INT64_MIN, NOW_MS);
    assert_true(status_is_same(&canary, same));
    assert_false(status_is_same(&canary, other));
    doc_free(same);
    doc_free(other);
    canary_fini(&canary);
}

static void test_refusal_is_written_once_and_taken_back(void **state)
{
    struct canary canary;
    read(&canary, "{\"conditions\":[{\"type\":\"Promoted\",\"status\":\"True\",\"reason\":\"Initialized\"}]}");
    assert_null(status_accepted(&canary));
    struct doc *patch = status_refused(&canary, "spec.x is not supported yet", NOW_MS);
    const struct node *conditions = node_at(doc_root(patch), "status", "conditions");
    assert_int_equal(node_count(conditions), 2);
    assert_true(node_is(node_get(node_item(conditions, 1), "type"), "Accepted"));
    char *text = node_to_text(node_get(doc_root(patch), "status"));
    doc_free(patch);
    canary_fini(&canary);

    read(&canary, text);
    str_free(&text);
    assert_null(status_refused(&canary, "spec.x is not supported yet", NOW_MS));
    patch = status_accepted(&canary);
    assert_int_equal(node_count(node_at(doc_root(patch), "status", "conditions")), 1);
    doc_free(patch);
    canary_fini(&canary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_phase_resets_what_flagger_resets),
        cmocka_unit_test(test_condition_keeps_its_times),
        cmocka_unit_test(test_messages_name_the_kind),
        cmocka_unit_test(test_configs_that_are_not_tracked_any_more_go),
        cmocka_unit_test(test_a_write_that_changes_nothing_is_seen),
        cmocka_unit_test(test_refusal_is_written_once_and_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
