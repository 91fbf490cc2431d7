#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "board/row.h"
#include "fake_doc.h"

static void expect_row(const char *canary, const char *wanted)
{
    struct store *releases = store_new(&KUBE_RELEASES, NULL);
    struct doc *object = fake_doc(canary), *row = row_of(doc_root(object), releases);
    fake_doc_expect(doc_root(row), wanted);
    doc_free(row);
    doc_free(object);
    store_free(releases);
}

static void a_canary_without_a_status_says_little(void **state)
{
    expect_row("{'metadata': {'name': 'shop', 'namespace': 'test'}}",
               "{'namespace': 'test', 'name': 'shop', 'threshold': 1, 'suspended': false}");
    expect_row("{'metadata': {'name': 'shop', 'namespace': 'test'}, 'spec': {'analysis': {'threshold': -3}}}",
               "{'namespace': 'test', 'name': 'shop', 'threshold': 1, 'suspended': false}");
}

static void a_running_one_says_how_far_it_is_and_what_it_waits_for(void **state)
{
    expect_row("{'metadata': {'name': 'shop', 'namespace': 'test', 'annotations': {'sluice.dev/pause': 'INC-1'}}, "
               "'spec': {'suspend': true, 'strategy': {'name': 'ring', 'namespace': 'delivery'}, "
               "'analysis': {'threshold': 5}}, "
               "'status': {'phase': 'Progressing', 'canaryWeight': 20, 'failedChecks': 2, "
               "'lastRequest': {'id': 'x1', 'verb': 'pause', 'outcome': 'Done', 'more': 1}, "
               "'lastTransitionTime': '2026-11-29T10:00:00Z', 'conditions': ["
               "{'type': 'Waiting', 'status': 'True', 'reason': 'StrategyWaits', 'message': 'the hours begin', "
               "'lastTransitionTime': '2026-11-29T09:00:00Z'}]}}",
               "{'namespace': 'test', 'name': 'shop', 'phase': 'Progressing', 'weight': 20, 'failed': 2, "
               "'threshold': 5, 'since': '2026-11-29T10:00:00Z', 'strategy': 'delivery/ring', 'suspended': true, "
               "'paused': 'INC-1', 'waits': {'reason': 'StrategyWaits', 'message': 'the hours begin', "
               "'since': '2026-11-29T09:00:00Z'}, 'answer': {'id': 'x1', 'verb': 'pause', 'outcome': 'Done'}}");
}

static void a_pause_without_a_reason_has_none(void **state)
{
    static const char *const texts[] = {"true", "", "by hand"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char *canary =
            str_format("{'metadata': {'name': 'shop', 'annotations': {'sluice.dev/pause': '%s'}}}", texts[i]);
        expect_row(canary, "{'name': 'shop', 'threshold': 1, 'suspended': false, 'paused': ''}");
        str_free(&canary);
    }
}

/* A condition counts only with the status that says something is wrong. */
static void conditions_that_are_well_are_left_out(void **state)
{
    expect_row("{'metadata': {'name': 'shop', 'namespace': 'test'}, 'status': {'conditions': ["
               "{'type': 'Waiting', 'status': 'False', 'message': 'a'}, "
               "{'type': 'Accepted', 'status': 'False', 'message': 'spec.x: no'}, "
               "{'type': 'WeightsEffective', 'status': 'True', 'message': 'c'}]}}",
               "{'namespace': 'test', 'name': 'shop', 'threshold': 1, 'suspended': false, 'refused': 'spec.x: no'}");
    expect_row("{'metadata': {'name': 'shop', 'namespace': 'test'}, 'status': {'conditions': ["
               "{'type': 'Accepted', 'status': 'True', 'message': 'b'}, "
               "{'type': 'WeightsEffective', 'status': 'False', 'message': 'host is not ours'}]}}",
               "{'namespace': 'test', 'name': 'shop', 'threshold': 1, 'suspended': false, "
               "'warning': 'host is not ours'}");
}

/* What no API server lets through, an older schema may have: nothing of another type is shown as if it were right. */
static void fields_of_another_type_are_absent(void **state)
{
    expect_row("{'metadata': {'name': 'shop', 'namespace': 'test'}, "
               "'status': {'phase': 7, 'canaryWeight': 'x', 'failedChecks': 1.5, 'conditions': 'none'}}",
               "{'namespace': 'test', 'name': 'shop', 'threshold': 1, 'suspended': false}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_canary_without_a_status_says_little),
        cmocka_unit_test(a_running_one_says_how_far_it_is_and_what_it_waits_for),
        cmocka_unit_test(a_pause_without_a_reason_has_none),
        cmocka_unit_test(conditions_that_are_well_are_left_out),
        cmocka_unit_test(fields_of_another_type_are_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
