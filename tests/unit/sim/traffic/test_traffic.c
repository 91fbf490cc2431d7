// room: sim/traffic sim/controllers
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "base/mem.h"
#include "base/str.h"
#include "fake_mesh.h"
#include "sim/controllers/controllers.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE };

static int setup(void **state)
{
    *state = fake_mesh_new(1);
    return 0;
}

static int teardown(void **state)
{
    fake_mesh_free(*state);
    return 0;
}

static double requests(const struct fake_mesh *mesh, const char *workload, int64_t window_ms)
{
    return fake_mesh_count(mesh, workload, window_ms).requests;
}

/* Within `percent` of what was wanted; nothing is nothing. */
static void expect_near(double value, double wanted, double percent)
{
    if (fabs(value - wanted) > fabs(wanted) * percent / 100)
        fail_msg("%g is not within %g %% of %g", value, percent, wanted);
}

/* --- weights --- */

static void weights_split_the_requests(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_weights(mesh, 90, 10, "");
    fake_mesh_flow(mesh, 100, NULL);
    fake_mesh_run(mesh, MINUTE);
    expect_near(requests(mesh, "podinfo-primary", MINUTE), 5400, 2);
    expect_near(requests(mesh, "podinfo", MINUTE), 600, 2);
    expect_near(requests(mesh, "podinfo", MINUTE / 2), 300, 2);
}

static void without_a_virtual_service_the_service_takes_all(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_flow(mesh, 10, NULL);
    fake_mesh_run(mesh, MINUTE);
    expect_near(requests(mesh, "podinfo-primary", MINUTE), 600, 2);
    expect_near(requests(mesh, "podinfo", MINUTE), 0, 0);
    assert_true(isnan(fake_mesh_count(mesh, "podinfo", MINUTE).latency_ms));
}

static void the_only_destination_takes_all_whatever_its_weight(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_routes(mesh, "{'route':[{'destination':{'host':'podinfo-canary'},'weight':0}]}");
    fake_mesh_flow(mesh, 10, NULL);
    fake_mesh_run(mesh, MINUTE);
    expect_near(requests(mesh, "podinfo", MINUTE), 600, 2);
}

static void a_service_can_be_called_past_the_virtual_service(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_weights(mesh, 100, 0, "");
    traffic_flow(mesh->traffic, "podinfo-canary.test.svc.cluster.local:9898", 10, NULL);
    fake_mesh_run(mesh, MINUTE);
    expect_near(requests(mesh, "podinfo", MINUTE), 600, 2);
    traffic_flow(mesh->traffic, "podinfo-canary.test", 0, NULL);
    fake_mesh_run(mesh, MINUTE);
    expect_near(requests(mesh, "podinfo", MINUTE), 0, 0);
}

static void a_gateway_is_not_the_mesh(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_put(
        mesh, "networking.istio.io/virtualservices",
        "{'metadata':{'name':'podinfo','namespace':'test'},'spec':{'hosts':['app.example.com','podinfo'],"
        "'gateways':['public.istio-system'],'http':[{'route':[{'destination':{'host':'podinfo-canary'}}]}]}}");
    fake_mesh_flow(mesh, 10, NULL);
    traffic_flow(mesh->traffic, "app.example.com", 20, NULL);
    fake_mesh_run(mesh, MINUTE);
    expect_near(requests(mesh, "podinfo-primary", MINUTE), 600, 2);
    expect_near(requests(mesh, "podinfo", MINUTE), 1200, 2);
}

/* --- matches --- */

static void headers_decide_who_is_in_an_ab_test(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_routes(mesh, "{'match':[{'headers':{'x-canary':{'exact':'insider'}}},"
                           "{'headers':{'cookie':{'regex':'^(.*?;)?(canary=always)(;.*)?$'}}}],"
                           "'route':[{'destination':{'host':'podinfo-primary'},'weight':0},"
                           "{'destination':{'host':'podinfo-canary'},'weight':100}]},"
                           "{'route':[{'destination':{'host':'podinfo-primary'},'weight':0}]}");
    fake_mesh_flow(mesh, 50, NULL);
    fake_mesh_flow(mesh, 10, "{'X-Canary':'insider'}");
    fake_mesh_flow(mesh, 5, "{'cookie':'a=b;canary=always;c=d'}");
    fake_mesh_flow(mesh, 1, "{'x-canary':'insiders'}");
    fake_mesh_run(mesh, MINUTE);
    expect_near(requests(mesh, "podinfo", MINUTE), 900, 2);
    expect_near(requests(mesh, "podinfo-primary", MINUTE), 3060, 2);
}

static void uris_and_methods_decide(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_routes(mesh,
                     "{'match':[{'uri':{'prefix':'/api/'},'method':{'exact':'POST'},'queryParams':{'v':{'exact':'2'}},"
                     "'withoutHeaders':{'x-old':{}}}],'route':[{'destination':{'host':'podinfo-canary'}}]}");
    fake_mesh_flow(mesh, 10, "{':path':'/api/info?v=2',':method':'POST'}");
    fake_mesh_flow(mesh, 10, "{':path':'/api/info?v=2',':method':'POST','x-old':'1'}");
    fake_mesh_flow(mesh, 10, "{':path':'/api/info?v=1',':method':'POST'}");
    fake_mesh_flow(mesh, 10, "{':path':'/api/info?v=2'}");
    fake_mesh_flow(mesh, 10, "{':path':'/api',':method':'POST'}");
    fake_mesh_run(mesh, MINUTE);
    expect_near(requests(mesh, "podinfo", MINUTE), 600, 2);
    expect_near(requests(mesh, "podinfo-primary", MINUTE), 0, 0); /* no route is 404 */
}

static void a_mirror_gets_copies(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_weights(mesh, 100, 0, "'mirror':{'host':'podinfo-canary'},'mirrorPercentage':{'value':50},");
    fake_mesh_flow(mesh, 10, NULL);
    fake_mesh_run(mesh, MINUTE);
    expect_near(requests(mesh, "podinfo-primary", MINUTE), 600, 2);
    expect_near(requests(mesh, "podinfo", MINUTE), 300, 2);
}

static void a_delegate_routes_for_its_root(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_put(mesh, "networking.istio.io/virtualservices",
                  "{'metadata':{'name':'root','namespace':'test'},'spec':{'hosts':['app.example.com'],'http':"
                  "[{'match':[{'uri':{'prefix':'/'}}],'delegate':{'name':'leaf','namespace':'test'}}]}}");
    traffic_flow(mesh->traffic, "app.example.com", 10, NULL);
    fake_mesh_run(mesh, MINUTE);
    expect_near(requests(mesh, "podinfo", MINUTE), 0, 0);
    fake_mesh_put(mesh, "networking.istio.io/virtualservices",
                  "{'metadata':{'name':'leaf','namespace':'test'},"
                  "'spec':{'http':[{'route':[{'destination':{'host':'podinfo-canary'}}]}]}}");
    fake_mesh_run(mesh, MINUTE);
    expect_near(requests(mesh, "podinfo", MINUTE), 600, 2);
}

static void a_stream_can_arrive_at_a_delegate(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_flow(mesh, 10, "{':delegate':'test/leaf'}");
    fake_mesh_run(mesh, MINUTE);
    expect_near(requests(mesh, "podinfo-primary", MINUTE), 0, 0);
    fake_mesh_put(mesh, "networking.istio.io/virtualservices",
                  "{'metadata':{'name':'leaf','namespace':'test'},"
                  "'spec':{'http':[{'route':[{'destination':{'host':'podinfo-canary'}}]}]}}");
    fake_mesh_run(mesh, MINUTE);
    expect_near(requests(mesh, "podinfo", MINUTE), 600, 2);
}

static void who_sends_decides(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_routes(mesh, "{'match':[{'sourceLabels':{'app':'shop'},'sourceNamespace':'front'}],"
                           "'route':[{'destination':{'host':'podinfo-canary'}}]}");
    fake_mesh_flow(mesh, 10, NULL);
    fake_mesh_flow(mesh, 10, "{':source':{'labels':{'app':'shop'},'namespace':'back'}}");
    fake_mesh_flow(mesh, 10, "{':source':{'labels':{'app':'other'},'namespace':'front'}}");
    fake_mesh_run(mesh, MINUTE);
    expect_near(requests(mesh, "podinfo", MINUTE), 0, 0);
    fake_mesh_flow(mesh, 10, "{':source':{'labels':{'app':'shop','v':'1'},'namespace':'front'}}");
    fake_mesh_run(mesh, MINUTE);
    expect_near(requests(mesh, "podinfo", MINUTE), 600, 2);
}

static void connections_follow_tcp_routes(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_put(mesh, "networking.istio.io/virtualservices",
                  "{'metadata':{'name':'podinfo','namespace':'test'},'spec':{'hosts':['podinfo'],'tcp':[{'route':["
                  "{'destination':{'host':'podinfo-primary'},'weight':90},"
                  "{'destination':{'host':'podinfo-canary'},'weight':10}]}]}}");
    fake_mesh_flow(mesh, 100, NULL);
    fake_mesh_run(mesh, MINUTE);
    expect_near(requests(mesh, "podinfo-primary", MINUTE), 5400, 2);
    expect_near(requests(mesh, "podinfo", MINUTE), 600, 2);
}

/* --- Pods --- */

static void what_no_pod_answers_is_counted_nowhere(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_pod(mesh, "podinfo-primary", "1", "podinfo:1", false);
    fake_mesh_flow(mesh, 10, NULL);
    fake_mesh_run(mesh, MINUTE);
    expect_near(requests(mesh, "podinfo-primary", MINUTE), 600, 2); /* the other Pod has it all */
    fake_mesh_pod(mesh, "podinfo-primary", "2", "podinfo:1", false);
    fake_mesh_run(mesh, MINUTE);
    struct traffic_count count = fake_mesh_count(mesh, "podinfo-primary", MINUTE);
    assert_true(count.requests == 0 && count.errors == 0 && isnan(count.latency_p99_ms));
    fake_mesh_pod(mesh, "podinfo-primary", "3", "podinfo:1", true);
    fake_mesh_run(mesh, MINUTE / 2);
    expect_near(requests(mesh, "podinfo-primary", MINUTE), 300, 2);
}

static void a_pod_that_is_leaving_answers_no_more(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_flow(mesh, 10, NULL);
    fake_mesh_put(
        mesh, "/pods",
        "{'metadata':{'name':'podinfo-primary-abc-1','namespace':'test','labels':{'app':'podinfo-primary'},"
        "'deletionTimestamp':'2026-01-01T00:00:00Z'},'status':{'conditions':[{'type':'Ready','status':'True'}]}}");
    fake_mesh_remove(mesh, "/pods", "podinfo-primary-abc-2");
    fake_mesh_run(mesh, MINUTE);
    expect_near(requests(mesh, "podinfo-primary", MINUTE), 0, 0);
}

static void versions_side_by_side_answer_in_proportion(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_behaviour(mesh, "podinfo:bad", .5, 400);
    fake_mesh_behaviour(mesh, "podinfo:1", 0, 100);
    fake_mesh_pod(mesh, "podinfo-primary", "2", "podinfo:bad", true);
    fake_mesh_flow(mesh, 10, NULL);
    fake_mesh_run(mesh, MINUTE);
    struct traffic_count count = fake_mesh_count(mesh, "podinfo-primary", MINUTE);
    expect_near(count.errors / count.requests, .25, 2);
    expect_near(count.latency_p99_ms, 250, 2);
}

static void the_name_of_a_workload_is_its_deployments(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_put(mesh, "apps/replicasets",
                  "{'metadata':{'name':'odd-1','namespace':'test','ownerReferences':"
                  "[{'kind':'Deployment','name':'even','controller':true}]}}");
    fake_mesh_pod(mesh, "podinfo-primary", "1", "podinfo:1", false);
    fake_mesh_pod(mesh, "podinfo-primary", "2", "podinfo:1", false);
    fake_mesh_put(mesh, "/pods",
                  "{'metadata':{'name':'odd-1-x','namespace':'test','labels':{'app':'podinfo-primary'},"
                  "'ownerReferences':[{'kind':'ReplicaSet','name':'odd-1','controller':true}]},"
                  "'status':{'conditions':[{'type':'Ready','status':'True'}]}}");
    fake_mesh_flow(mesh, 10, NULL);
    fake_mesh_run(mesh, MINUTE);
    expect_near(requests(mesh, "even", MINUTE), 600, 2);
}

static void create(struct fake_mesh *mesh, const char *group, const char *plural, const char *json)
{
    struct err err;
    struct doc *doc = fake_mesh_parse(json);
    struct doc *created =
        api_create(mesh->api, kinds_find(api_kinds(mesh->api), group, "v1", plural), doc_root(doc), &err);
    if (!created)
        fail_msg("%s", err.text);
    doc_free(created);
    doc_free(doc);
}

/* With the cluster's own controllers: a Deployment in a namespace of its own, and what a rolling update does to its
 * answers. */
static void a_rolling_update_changes_the_answers(void **state)
{
    struct fake_mesh *mesh = *state;
    struct clock *clock = fake_clock_clock(mesh->fc);
    struct controllers *controllers = controllers_new(mesh->api, clock, mesh->behaviours);
    create(mesh, "", "namespaces", "{'metadata':{'name':'real'}}");
    create(mesh, "", "services",
           "{'metadata':{'name':'web','namespace':'real'},'spec':{'selector':{'app':'web'},'ports':[{'port':80}]}}");
    create(
        mesh, "apps", "deployments",
        "{'metadata':{'name':'web','namespace':'real'},'spec':{'replicas':3,'selector':{'matchLabels':{'app':'web'}},"
        "'template':{'metadata':{'labels':{'app':'web'}},'spec':{'containers':[{'name':'c','image':'web:1'}]}}}}");
    fake_mesh_behaviour(mesh, "web:2", .5, 300);
    traffic_flow(mesh->traffic, "web.real", 10, NULL);
    fake_mesh_run(mesh, 2 * MINUTE);
    struct traffic_count count = traffic_count(mesh->traffic, "real", "web", 0, MINUTE);
    expect_near(count.requests, 600, 2);
    assert_true(count.errors == 0);
    struct doc *deployment = objects_get(api_objects(mesh->api), "apps/deployments", "real", "web");
    struct node *container = node_item(node_at(doc_root(deployment), "spec", "template", "spec", "containers"), 0);
    struct err err;
    node_set_str(deployment, container, "image", "web:2");
    doc_free(api_update(mesh->api, kinds_find(api_kinds(mesh->api), "apps", "v1", "deployments"), NULL,
                        doc_root(deployment), &err));
    doc_free(deployment);
    fake_mesh_run(mesh, 2 * MINUTE);
    count = traffic_count(mesh->traffic, "real", "web", 0, MINUTE);
    expect_near(count.requests, 600, 2);
    expect_near(count.errors, 300, 3);
    controllers_free(controllers);
}

/* --- answers and windows --- */

static void errors_are_a_share_of_the_requests(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_behaviour(mesh, "podinfo:2", .1124, 200);
    fake_mesh_weights(mesh, 90, 10, "");
    fake_mesh_flow(mesh, 100, NULL);
    fake_mesh_run(mesh, MINUTE);
    struct traffic_count canary = fake_mesh_count(mesh, "podinfo", MINUTE);
    expect_near(100 * (1 - canary.errors / canary.requests), 88.76, .2);
    expect_near(canary.latency_p99_ms, 200, 2);
    expect_near(canary.latency_ms, 50, 2);
    assert_true(canary.has_successes && canary.has_failures);
    struct traffic_count primary = fake_mesh_count(mesh, "podinfo-primary", MINUTE);
    assert_true(primary.errors == 0 && primary.has_successes && !primary.has_failures);
    fake_mesh_behaviour(mesh, "podinfo:2", 1, 200);
    fake_mesh_run(mesh, MINUTE);
    canary = fake_mesh_count(mesh, "podinfo", MINUTE);
    assert_true(canary.errors == canary.requests);
}

static void a_window_sees_what_was_before_a_change(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_weights(mesh, 100, 0, "");
    fake_mesh_flow(mesh, 100, NULL);
    fake_mesh_run(mesh, MINUTE);
    fake_mesh_weights(mesh, 50, 50, "");
    fake_mesh_run(mesh, 20000);
    fake_mesh_weights(mesh, 0, 100, "");
    fake_mesh_run(mesh, 10000);
    expect_near(requests(mesh, "podinfo", MINUTE), 50 * 20 + 100 * 10, 2);
    expect_near(requests(mesh, "podinfo", 15000), 50 * 5 + 100 * 10, 2);
    expect_near(requests(mesh, "podinfo-primary", MINUTE), 100 * 30 + 50 * 20, 2);
}

static void windows_add_up(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_flow(mesh, 100, NULL);
    fake_mesh_run(mesh, 31234);
    double before = requests(mesh, "podinfo-primary", MINUTE);
    fake_mesh_run(mesh, 17777);
    double since = requests(mesh, "podinfo-primary", 17777);
    assert_true(fabs(requests(mesh, "podinfo-primary", MINUTE) - before - since) < 1e-6);
}

static void six_hours_are_remembered(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_flow(mesh, 10, NULL);
    for (int i = 0; i < 30; i++) {
        fake_mesh_weights(mesh, 100 - i, i, "");
        fake_mesh_run(mesh, 30 * MINUTE);
    }
    double wanted = 0;
    for (int i = 18; i < 30; i++)
        wanted += 10 * 30 * 60 * i / 100.0;
    expect_near(requests(mesh, "podinfo", 6 * HOUR), wanted, 2);
    assert_true(requests(mesh, "podinfo", 12 * HOUR) == requests(mesh, "podinfo", 6 * HOUR));
}

/* --- noise --- */

static double tell_story(uint64_t seed, double *second)
{
    struct fake_mesh *mesh = fake_mesh_new(seed);
    fake_mesh_behaviour(mesh, "podinfo:2", .1, 200);
    fake_mesh_weights(mesh, 90, 10, "");
    fake_mesh_flow(mesh, 100, NULL);
    fake_mesh_run(mesh, MINUTE);
    double first = fake_mesh_count(mesh, "podinfo", MINUTE).errors;
    fake_mesh_run(mesh, MINUTE);
    *second = fake_mesh_count(mesh, "podinfo", MINUTE).errors;
    fake_mesh_free(mesh);
    return first;
}

static void the_same_seed_tells_the_same_story(void **state)
{
    double second, second_again, second_other;
    double first = tell_story(7, &second), again = tell_story(7, &second_again), other = tell_story(8, &second_other);
    assert_true(first == again && second == second_again);
    assert_true(first != other && first != second);
    expect_near(first, 60, 3);
    expect_near(second, 60, 3);
}

static void a_counter_goes_with_the_last_pod(void **state)
{
    struct fake_mesh *mesh = *state;
    fake_mesh_weights(mesh, 0, 100, "");
    fake_mesh_flow(mesh, 10, NULL);
    fake_mesh_run(mesh, MINUTE);
    fake_mesh_weights(mesh, 100, 0, "");
    fake_mesh_run(mesh, 2 * MINUTE);
    struct traffic_count idle = fake_mesh_count(mesh, "podinfo", MINUTE);
    assert_true(idle.requests == 0 && idle.has_successes);
    fake_mesh_remove(mesh, "/pods", "podinfo-abc-1");
    fake_mesh_remove(mesh, "/pods", "podinfo-abc-2");
    fake_mesh_run(mesh, MINUTE / 2);
    assert_true(fake_mesh_count(mesh, "podinfo", MINUTE).has_successes);
    fake_mesh_run(mesh, MINUTE / 2);
    assert_false(fake_mesh_count(mesh, "podinfo", MINUTE).has_successes);
    fake_mesh_pod(mesh, "podinfo", "3", "podinfo:2", true);
    fake_mesh_run(mesh, MINUTE);
    assert_false(fake_mesh_count(mesh, "podinfo", MINUTE).has_successes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(weights_split_the_requests),
        TEST(without_a_virtual_service_the_service_takes_all),
        TEST(the_only_destination_takes_all_whatever_its_weight),
        TEST(a_service_can_be_called_past_the_virtual_service),
        TEST(a_gateway_is_not_the_mesh),
        TEST(headers_decide_who_is_in_an_ab_test),
        TEST(uris_and_methods_decide),
        TEST(a_mirror_gets_copies),
        TEST(a_delegate_routes_for_its_root),
        TEST(a_stream_can_arrive_at_a_delegate),
        TEST(who_sends_decides),
        TEST(connections_follow_tcp_routes),
        TEST(what_no_pod_answers_is_counted_nowhere),
        TEST(a_pod_that_is_leaving_answers_no_more),
        TEST(versions_side_by_side_answer_in_proportion),
        TEST(the_name_of_a_workload_is_its_deployments),
        TEST(a_rolling_update_changes_the_answers),
        TEST(errors_are_a_share_of_the_requests),
        TEST(a_window_sees_what_was_before_a_change),
        TEST(windows_add_up),
        TEST(six_hours_are_remembered),
        TEST(a_counter_goes_with_the_last_pod),
#undef TEST
        cmocka_unit_test(the_same_seed_tells_the_same_story),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
