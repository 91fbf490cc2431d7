#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "canary/status.h"
#include "fake_doc.h"

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
    read(&canary,
         "{\"phase\":\"Progressing\",\"canaryWeight\":20,\"failedChecks\":0,\"iterations\":0,\"conditions\":[]}");
    struct doc *same = status_counters(&canary, 20, INT64_MIN, INT64_MIN, NOW_MS);
    struct doc *other = status_counters(&canary, 30, INT64_MIN, INT64_MIN, NOW_MS);
    assert_true(status_is_same(&canary, same));
    assert_false(status_is_same(&canary, other));
    doc_free(same);
    doc_free(other);
    canary_fini(&canary);
}

#define PROMOTED(phase, status)                                                                                        \
    "{\"type\":\"Promoted\",\"status\":\"" status "\",\"reason\":\"" phase "\",\"message\":\"m\","                     \
    "\"lastUpdateTime\":\"T1\",\"lastTransitionTime\":\"T0\"}"

static const struct node *condition_at(const struct doc *patch, size_t index)
{
    return node_item(node_at(doc_root(patch), "status", "conditions"), index);
}

/* What the API server would have after the patch; enough of a merge for a status. */
static void write_over(struct canary *canary, struct doc *patch)
{
    struct doc *merged = doc_copy(canary->root);
    struct node *status = node_ensure_object(merged, doc_root(merged), "status");
    struct node_iter it = node_iterate(node_get(doc_root(patch), "status"));
    while (node_next(&it)) {
        node_set(merged, status, it.key, node_copy(merged, it.value));
    }
    struct err err = {0};
    doc_free(patch);
    canary_fini(canary);
    assert_true(canary_init(canary, merged, &defaults, &err));
}

static void test_refusal_is_written_once_and_taken_back(void **state)
{
    struct canary canary;
    read(&canary, "{\"phase\":\"Initialized\",\"conditions\":[" PROMOTED("Initialized", "True") "]}");
    assert_null(status_accepted(&canary, NOW_MS));
    struct doc *patch = status_refused(&canary, "spec.x is not supported yet", NOW_MS);
    assert_true(node_is(node_get(condition_at(patch, 0), "type"), "Promoted"));
    assert_true(node_is(node_get(condition_at(patch, 1), "type"), "Accepted"));
    write_over(&canary, patch);
    assert_null(status_refused(&canary, "spec.x is not supported yet", NOW_MS));
    assert_true(canary_phase_is(&canary, "Initialized"));
    patch = status_accepted(&canary, NOW_MS);
    assert_int_equal(node_count(node_at(doc_root(patch), "status", "conditions")), 1);
    doc_free(patch);
    canary_fini(&canary);
}

static void test_other_conditions_outlive_every_write(void **state)
{
    static const char *const live = "{\"phase\":\"Progressing\",\"conditions\":[" PROMOTED(
        "Progressing",
        "Unknown") ","
                   "{\"type\":\"Accepted\",\"status\":\"False\",\"reason\":\"Refused\",\"message\":\"why\"},"
                   "{\"type\":\"Foreign\",\"status\":\"True\"}]}";
    struct canary canary;
    read(&canary, live);
    struct status_sync sync = {.phase = "Failed", .revision = "s1-b"};
    struct canary_condition waiting = {
        .type = "Waiting", .status = "True", .reason = "PodsNotReady", .message = "3 of 4"};
    struct doc *patches[] = {
        status_set_phase(&canary, "Promoting", NOW_MS),
        status_sync(&canary, &sync, NOW_MS),
        status_condition(&canary, &waiting, NOW_MS),
        status_refused(&canary, "why else", NOW_MS),
    };
    static const char *const types[] = {"Promoted", "Accepted", "Foreign"};
    for (size_t i = 0; i < sizeof patches / sizeof patches[0]; i++) {
        for (size_t k = 0; k < sizeof types / sizeof types[0]; k++) {
            assert_true(node_is(node_get(condition_at(patches[i], k), "type"), types[k]));
            assert_non_null(node_str(node_get(condition_at(patches[i], k), "message")));
        }
        doc_free(patches[i]);
    }
    canary_fini(&canary);
}

static void test_a_condition_has_times_as_flaggers(void **state)
{
    struct canary canary;
    read(&canary,
         "{\"phase\":\"Progressing\",\"conditions\":[{\"type\":\"Waiting\",\"status\":\"True\",\"reason\":\"A\","
         "\"message\":\"m\",\"lastUpdateTime\":\"T1\",\"lastTransitionTime\":\"T0\"}]}");
    struct canary_condition waiting = {.type = "Waiting", .status = "True", .reason = "A", .message = "m"};
    assert_null(status_condition(&canary, &waiting, NOW_MS));
    waiting.message = "n";
    struct doc *patch = status_condition(&canary, &waiting, NOW_MS);
    assert_true(node_is(node_get(condition_at(patch, 0), "lastTransitionTime"), "T0"));
    assert_false(node_is(node_get(condition_at(patch, 0), "lastUpdateTime"), "T1"));
    doc_free(patch);
    waiting.since = "T2";
    patch = status_condition(&canary, &waiting, NOW_MS);
    assert_true(node_is(node_get(condition_at(patch, 0), "lastTransitionTime"), "T2"));
    doc_free(patch);
    patch = status_without(&canary, "Waiting", NOW_MS);
    assert_int_equal(node_count(node_at(doc_root(patch), "status", "conditions")), 0);
    doc_free(patch);
    canary_fini(&canary);
}

/* Argo CD's health script reads all of these without a check. */
static void test_a_first_status_is_whole_and_begins_nothing(void **state)
{
    struct canary canary;
    read(&canary, "null");
    write_over(&canary, status_refused(&canary, "why", NOW_MS));
    static const char *const keys[] = {"phase", "canaryWeight", "failedChecks", "iterations", "lastTransitionTime"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_non_null(node_get(canary.status, keys[i]));
    }
    assert_true(node_is(node_get(canary.status, "phase"), "Initializing"));
    assert_string_equal(canary.phase, "");
    write_over(&canary, status_accepted(&canary, NOW_MS));
    assert_int_equal(node_type(node_get(canary.status, "conditions")), NODE_ARRAY);
    assert_string_equal(canary.phase, "");
    write_over(&canary, status_set_phase(&canary, "Initializing", NOW_MS));
    assert_string_equal(canary.phase, "Initializing");
    canary_fini(&canary);
}

static void test_an_answer_leaves_nothing_of_the_one_before(void **state)
{
    struct canary canary;
    read(&canary, "{\"phase\":\"Progressing\",\"lastRequest\":{\"id\":\"a\",\"gate\":\"g\",\"reason\":\"r\"}}");
    struct request request = {.verb = REQUEST_PROMOTE, .id = "b", .by = "alice"};
    struct status_answer answer = {.request = &request, .release = "podinfo-7", .done = true, .message = "m"};
    struct doc *patch = status_answer(&canary, &answer, 1000);
    const struct node *last = node_at(doc_root(patch), "status", "lastRequest");
    fake_doc_expect(last, "{'id':'b','verb':'promote','release':'podinfo-7','gate':null,'by':'alice','reason':null,"
                          "'at':'1970-01-01T00:00:01Z','outcome':'Done','message':'m'}");
    doc_free(patch);
    answer.done = false;
    answer.is_bad = true;
    patch = status_answer(&canary, &answer, 1000);
    last = node_at(doc_root(patch), "status", "lastRequest");
    assert_true(node_is(node_get(last, "outcome"), "Refused"));
    assert_int_equal(node_type(node_get(last, "verb")), NODE_NULL);
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
        cmocka_unit_test(test_other_conditions_outlive_every_write),
        cmocka_unit_test(test_a_condition_has_times_as_flaggers),
        cmocka_unit_test(test_a_first_status_is_whole_and_begins_nothing),
        cmocka_unit_test(test_an_answer_leaves_nothing_of_the_one_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
