/* What the engine makes of an object that it cannot bring in line: it is told, and everything else goes on. */
#include "actor_world.h"

#define SERVICES "/api/v1/namespaces/test/services"

/* Whoever changes a Service finds the label there again. */
static void label_service(void *ctx, const char *path, const struct doc *object)
{
    struct world *w = ctx;
    if (strstr(path, SERVICES "/") != NULL && object != NULL && object_label(doc_root(object), "team") == NULL) {
        char *copy = str_dup(path);
        fake_api_edit(w->api, copy,
                      "{'metadata':{'labels':{'team':'shop'},'managedFields':[{'manager':'labeller','fieldsV1':{"
                      "'f:metadata':{'f:labels':{'f:team':{}}}}}]}}");
        str_free(&copy);
    }
}

static void test_a_repair_that_does_not_last_hides_no_other_object(void **state)
{
    struct world *w = *state;
    fake_clock_advance(w->fc, 1000);
    fake_api_subscribe(w->api, label_service, w);
    fake_api_edit(w->api, SERVICES "/podinfo-canary", "{'metadata':{'labels':{'x':'y'}}}");
    fake_clock_advance(w->fc, 1000);
    assert_int_equal(count_told(w,
                                "Service podinfo-canary.test: metadata.labels.team is changed back by another writer "
                                "(manager labeller)"),
                     1);
    fake_api_delete(w->api, ROUTES);
    fake_api_delete(w->api, SERVICES "/podinfo");
    fake_clock_advance(w->fc, 1000);
    expect_routes(w, "[{" FAKE_SIDES(100, 0) "}]");
    assert_non_null(fake_api_find(w->api, SERVICES "/podinfo"));
    size_t before = fake_http_count(w->fh, "PATCH", "/services/");
    fake_clock_advance(w->fc, 10 * INTERVAL_MS);
    assert_in_range(fake_http_count(w->fh, "PATCH", "/services/") - before, 15,
                    24); /* two Services, once per interval */
}

static void test_an_initialisation_goes_on_past_it_and_tells_it_first(void **state)
{
    struct world *w = *state;
    fake_clock_advance(w->fc, 1000);
    fake_api_subscribe(w->api, label_service, w);
    fake_api_edit(w->api, CANARY, "{'status':null}");
    fake_api_delete(w->api, PRIMARY);
    fake_api_delete(w->api, ROUTES);
    fake_api_delete(w->api, SERVICES "/podinfo");
    fake_api_delete(w->api, SERVICES "/podinfo-canary");
    fake_api_delete(w->api, SERVICES "/podinfo-primary");
    fake_clock_advance(w->fc, 5000);
    fake_api_edit(w->api, PRIMARY, "{" FAKE_READY "}");
    fake_clock_advance(w->fc, 2 * INTERVAL_MS);
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Initialized");
    assert_non_null(fake_api_find(w->api, PRIMARY));
    assert_non_null(fake_api_find(w->api, SERVICES "/podinfo"));
    expect_routes(w, "[{" FAKE_SIDES(100, 0) "}]");
    assert_int_equal(count_told(w, "Service podinfo.test: metadata.labels.team is changed back by another writer "
                                   "(manager labeller)"),
                     1);
    assert_int_equal(count_told(w, "Initialization done! podinfo.test"), 1);
}

/* Whoever deletes the primary as soon as it is there. */
static struct timer deleting;

static void on_deleting(struct timer *timer, void *ctx)
{
    fake_api_delete(((struct world *)ctx)->api, PRIMARY);
}

static void delete_primary(void *ctx, const char *path, const struct doc *object)
{
    struct world *w = ctx;
    if (strcmp(path, PRIMARY) == 0 && object != NULL && !timer_is_pending(&deleting)) {
        timer_start(fake_clock_clock(w->fc), &deleting, 1, on_deleting, w);
    }
}

static void expect_patience_with_primary(struct world *w)
{
    size_t before = fake_http_count(w->fh, "POST", "/deployments");
    fake_clock_advance(w->fc, 10 * INTERVAL_MS);
    assert_in_range(fake_http_count(w->fh, "POST", "/deployments") - before, 8, 16);
    assert_int_equal(count_told(w, "Deployment podinfo-primary.test is deleted again and again by another writer"), 1);
}

static void test_a_primary_that_is_deleted_again_and_again_is_made_once_per_interval(void **state)
{
    struct world *w = *state;
    fake_clock_advance(w->fc, 1000);
    fake_api_subscribe(w->api, delete_primary, w);
    fake_api_delete(w->api, PRIMARY);
    expect_patience_with_primary(w);
}

static void test_so_it_is_while_initialising(void **state)
{
    struct world *w = *state;
    fake_clock_advance(w->fc, 1000);
    fake_api_subscribe(w->api, delete_primary, w);
    fake_api_edit(w->api, CANARY, "{'status':null}");
    fake_api_delete(w->api, PRIMARY);
    expect_patience_with_primary(w);
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Initializing");
}

/* --- an object that is somebody else's --- */

/* Its Pods would get the traffic, and the next promotion would write over it. */
static void test_a_foreign_primary_is_not_taken(void **state)
{
    struct world *w = *state;
    fake_clock_advance(w->fc, 1000);
    fake_api_edit(w->api, CANARY, "{'status':null}");
    fake_api_delete(w->api, ROUTES);
    fake_api_delete(w->api, SERVICES "/podinfo");
    fake_api_edit(w->api, PRIMARY,
                  "{'metadata':{'ownerReferences':null},'spec':{'template':{'metadata':{'annotations':null}}}}");
    fake_clock_advance(w->fc, 3 * INTERVAL_MS);
    assert_int_equal(count_told(w, "Deployment podinfo-primary.test is left alone"), 1);
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Initializing");
    assert_null(fake_api_find(w->api, SERVICES "/podinfo"));
    assert_null(fake_api_find(w->api, ROUTES));
    fake_doc_expect(node_at(fake_api_find(w->api, TARGET), "spec", "replicas"), "1");
    fake_api_edit(w->api, PRIMARY, "{'metadata':{'annotations':{'sluice.dev/canary':'podinfo'}}}");
    fake_clock_advance(w->fc, INTERVAL_MS);
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Initialized");
}

static void test_a_foreign_service_holds_up_what_leads_to_it_only(void **state)
{
    struct world *w = *state;
    fake_clock_advance(w->fc, 1000);
    fake_api_edit(w->api, CANARY, "{'status':null}");
    fake_api_delete(w->api, PRIMARY);
    fake_api_delete(w->api, ROUTES);
    fake_api_delete(w->api, SERVICES "/podinfo");
    fake_api_put(w->api, SERVICES "/podinfo", "{'spec':{'selector':{'app':'payments'},'ports':[]}}");
    fake_clock_advance(w->fc, 1000);
    fake_api_edit(w->api, PRIMARY, "{" FAKE_READY "}"); /* made in spite of it */
    fake_clock_advance(w->fc, 3 * INTERVAL_MS);
    assert_int_equal(count_told(w, "Service podinfo.test is left alone"), 1);
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Initializing");
    fake_doc_expect(node_at(fake_api_find(w->api, SERVICES "/podinfo"), "spec", "selector"), "{'app':'payments'}");
    assert_null(fake_api_find(w->api, ROUTES));
    fake_doc_expect(node_at(fake_api_find(w->api, TARGET), "spec", "replicas"), "1");
    fake_api_edit(w->api, SERVICES "/podinfo", "{'spec':{'selector':{'app':'podinfo'}}}"); /* the target's now */
    fake_clock_advance(w->fc, INTERVAL_MS);
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Initialized");
    fake_doc_expect(node_at(fake_api_find(w->api, TARGET), "spec", "replicas"), "0");
}

static void test_a_foreign_copy_is_waited_for_until_it_goes(void **state)
{
    struct world *w = *state;
    fake_clock_advance(w->fc, 1000);
    fake_api_put(w->api, CONFIG_MAPS "/settings", "{'data':{'color':'red'}}");
    fake_api_put(w->api, CONFIG_MAPS "/settings-primary", "{'data':{'color':'blue'}}");
    fake_api_edit(w->api, TARGET,
                  "{'spec':{'template':{'spec':{'containers':[{'name':'podinfod','image':'podinfo:1','envFrom':[{"
                  "'configMapRef':{'name':'settings'}}]}]}}}}");
    fake_clock_advance(w->fc, 3 * INTERVAL_MS);
    assert_int_equal(count_told(w, "ConfigMap settings-primary.test is left alone"), 1);
    assert_int_equal(releases(w), 0); /* it could not be promoted */
    fake_api_delete(w->api, CONFIG_MAPS "/settings-primary");
    fake_clock_advance(w->fc, INTERVAL_MS);
    assert_int_equal(releases(w), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_repair_that_does_not_last_hides_no_other_object, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_initialisation_goes_on_past_it_and_tells_it_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_primary_that_is_deleted_again_and_again_is_made_once_per_interval, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_so_it_is_while_initialising, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_foreign_primary_is_not_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_foreign_service_holds_up_what_leads_to_it_only, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_foreign_copy_is_waited_for_until_it_goes, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
