#include "actor_world.h"

static bool has_metric(struct world *w, const char *line)
{
    struct buf text;
    buf_init(&text, 64 * 1024);
    metrics_write(w->metrics, &text);
    bool found = strstr(buf_str(&text), line) != NULL;
    buf_fini(&text);
    return found;
}

#define REFUSED "sluice_canary_refused{name=\"podinfo\",namespace=\"test\"} "

/* Clients read phase, counters and messages unchecked; and when it is accepted it begins as if nothing had been. */
static void test_a_canary_refused_from_its_first_status_on_is_adopted_later(void **state)
{
    struct world *w = *state;
    fake_api_edit(w->api, CANARY,
                  "{'spec':{'revertOnDeletion':true,'analysis':{'sessionAffinity':{'cookieName':'a'}}},'status':null}");
    fake_clock_advance(w->fc, 1000);
    const struct node *status = node_get(fake_api_find(w->api, CANARY), "status");
    const struct node *condition = node_item(node_get(status, "conditions"), 0);
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Initializing");
    assert_int_equal(node_int_or(node_get(status, "canaryWeight"), -1), 0);
    assert_int_equal(node_int_or(node_get(status, "failedChecks"), -1), 0);
    assert_int_equal(node_int_or(node_get(status, "iterations"), -1), 0);
    assert_true(node_is(node_get(condition, "type"), "Accepted"));
    assert_true(
        node_is(node_get(condition, "message"),
                "spec.revertOnDeletion is not supported yet; spec.analysis.sessionAffinity is not supported yet"));
    assert_true(has_metric(w, REFUSED "1"));
    fake_api_edit(w->api, CANARY, "{'spec':{'revertOnDeletion':false,'analysis':{'sessionAffinity':null}}}");
    fake_clock_advance(w->fc, 1000);
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Initialized"); /* its primary was there */
    fake_doc_expect(node_get(node_item(node_at(fake_api_find(w->api, CANARY), "status", "conditions"), 0), "type"),
                    "'Promoted'");
    assert_true(has_metric(w, REFUSED "0"));
    fake_api_delete(w->api, CANARY);
    fake_clock_advance(w->fc, 1000);
    assert_false(has_metric(w, REFUSED));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_canary_refused_from_its_first_status_on_is_adopted_later, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
