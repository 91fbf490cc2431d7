#include "play_world.h"

static void requests_meet_faults_for_a_while(void **state)
{
    struct story s;
    story_open(&s, "title: x\nfaults:\n"
                   "- {from: 10s, for: 10s, requests: {status: 503, methods: [GET]}}\n"
                   "- {from: 30s, until: 40s, requests: {unreachable: true}}\n"
                   "- {from: 50s, for: 10s, requests: {loseAnswers: true}}\n"
                   "- {from: 70s, for: 20s, requests: {latency: 4s}}\n"
                   "- {from: 70s, for: 20s, requests: {host: prometheus, status: 500}}\n"
                   "end: {at: 5m}\n");
    assert_int_equal(ask(&s, "GET", VERSION_URL).status, 200);
    run_until(&s, 15 * SECOND);
    struct answer refused = ask(&s, "GET", VERSION_URL);
    assert_int_equal(refused.status, 503);
    assert_non_null(strstr(refused.body, "\"reason\":\"ServiceUnavailable\""));
    assert_int_equal(ask(&s, "POST", VERSION_URL).status, 404);
    run_until(&s, 25 * SECOND);
    assert_int_equal(ask(&s, "GET", VERSION_URL).status, 200);
    run_until(&s, 35 * SECOND);
    assert_int_equal(ask(&s, "GET", VERSION_URL).code, ERR_UNREACHABLE);
    run_until(&s, 55 * SECOND);
    assert_int_equal(ask(&s, "GET", VERSION_URL).code, ERR_UNREACHABLE);
    run_until(&s, 75 * SECOND);
    int64_t before_ms = now_ms(&s);
    assert_int_equal(ask(&s, "GET", VERSION_URL).status, 200);
    assert_in_range(now_ms(&s) - before_ms, 4000, 4001);
    assert_int_equal(ask(&s, "GET", "http://prometheus/api/v1/query?query=vector(1)").status, 500);
    run_until(&s, 95 * SECOND);
    assert_int_equal(ask(&s, "GET", "http://prometheus/api/v1/query?query=vector(1)").status, 200);
    expect_told(&s, "10 * GET requests to kubernetes are answered with 503\n"
                    "20 * over: GET requests to kubernetes are answered with 503\n"
                    "30 * requests to kubernetes find nobody there\n"
                    "40 * over: requests to kubernetes find nobody there\n"
                    "50 * requests to kubernetes are served, but their answers are lost\n"
                    "60 * over: requests to kubernetes are served, but their answers are lost\n"
                    "70 * requests to kubernetes take 4s longer\n"
                    "70 * requests to prometheus are answered with 500\n"
                    "90 * over: requests to kubernetes take 4s longer\n"
                    "90 * over: requests to prometheus are answered with 500\n");
    story_close(&s);
}

static void a_share_of_the_requests_is_struck(void **state)
{
    struct story s;
    int struck = 0;
    story_open(&s, "title: x\nfaults: [{requests: {status: 409, share: 25%}}]\nend: {at: 5m}\n");
    for (int i = 0; i < 400; i++)
        struck += ask(&s, "GET", VERSION_URL).status == 409;
    assert_in_range(struck, 80, 120);
    story_close(&s);
}

static void prometheus_is_blind_or_lies(void **state)
{
    static const char url[] = "http://prometheus/api/v1/query?query=vector(1)";
    struct story s;
    story_open(&s, "title: x\nfaults:\n- {from: 10s, for: 10s, prometheus: {blind: true}}\n"
                   "- {from: 30s, for: 10s, prometheus: {answers: {vector: 42}}}\n"
                   "- {from: 50s, for: 10s, prometheus: {answers: {vector: nothing}}}\nend: {at: 5m}\n");
    run_until(&s, 15 * SECOND);
    assert_int_equal(ask(&s, "GET", url).status, 503);
    run_until(&s, 35 * SECOND);
    assert_non_null(strstr(ask(&s, "GET", url).body, "\"42\""));
    run_until(&s, 55 * SECOND);
    assert_non_null(strstr(ask(&s, "GET", url).body, "\"result\":[]"));
    run_until(&s, 65 * SECOND);
    assert_non_null(strstr(ask(&s, "GET", url).body, "\"1\""));
    expect_told(&s, "10 * Prometheus is blind: it answers with 503\n20 * Prometheus sees again\n"
                    "30 * Prometheus answers 42 to queries with \"vector\"\n40 * Prometheus answers truthfully again\n"
                    "50 * Prometheus answers nothing to queries with \"vector\"\n"
                    "60 * Prometheus answers truthfully again\n");
    story_close(&s);
}

static int64_t ready_replicas(struct story *s)
{
    struct doc *web = find(s, "apps/deployments", "web");
    int64_t ready = node_int_or(node_at(doc_root(web), "status", "readyReplicas"), 0);
    doc_free(web);
    return ready;
}

static void lost_pods_are_not_replaced_while_there_is_no_room(void **state)
{
    struct story s;
    story_open_with_target(&s, "faults: [{from: 30s, for: 1m, pods: {workload: web, lost: 1}}]\nend: {at: 5m}\n");
    run_until(&s, 29 * SECOND);
    assert_int_equal(ready_replicas(&s), 2);
    run_until(&s, 80 * SECOND);
    assert_int_equal(ready_replicas(&s), 1);
    assert_int_equal(objects_count(api_objects(cluster_api(s.cluster)), "/pods", "default"), 2);
    run_until(&s, 2 * MINUTE);
    assert_int_equal(ready_replicas(&s), 2);
    expect_told(&s,
                "30 * web.default loses 1 Pod; there is no room for new Pods\n90 * there is room for new Pods again\n");
    story_close(&s);
}

static bool take(void *ctx, const char *bytes, size_t len)
{
    return true;
}

static void watches_are_cut_and_may_not_go_on(void **state)
{
    struct story s;
    struct answer watch = {0};
    story_open_with_target(&s, "acts: [{at: 10s, faults: [{from: 5s, watches: expire}]}]\nend: {at: 5m}\n");
    struct http_request request = {.method = "GET", .url = "http://kubernetes/api/v1/pods?watch=true"};
    http_start(network_door(cluster_network(s.cluster)), &request, take, on_done, &watch);
    run_until(&s, 14 * SECOND);
    assert_int_equal(watch.count, 0);
    run_until(&s, 16 * SECOND);
    assert_int_equal(watch.code, ERR_UNREACHABLE);
    struct objects *objects = api_objects(cluster_api(s.cluster));
    assert_int_equal(objects_oldest(objects), objects_version(objects));
    expect_told(&s, "15 * every watch is cut, and what it could go on from is forgotten\n");
    story_close(&s);
}

static void engines_are_killed_through_the_listener(void **state)
{
    struct story s;
    story_open(&s, "title: x\nfaults: [{from: 10s, for: 20s, engine: down}]\nend: {at: 1m}\n");
    run_until(&s, 2 * MINUTE);
    expect_told(&s, "10 * the engine is killed\n10 engine down\n30 * the engine starts again\n30 engine up\n60 end\n");
    story_close(&s);
}

static void what_two_faults_keep_down_comes_back_with_the_last(void **state)
{
    static const char url[] = "http://prometheus/api/v1/query?query=vector(1)";
    struct story s;
    story_open_with_target(
        &s, "faults:\n- {from: 10s, for: 40s, engine: down}\n- {from: 20s, for: 10s, engine: down}\n"
            "- {from: 10s, for: 40s, prometheus: {blind: true}}\n"
            "- {from: 20s, for: 10s, prometheus: {blind: true}}\n"
            "- {from: 60s, for: 40s, prometheus: {answers: {vector: 42}}}\n"
            "- {from: 70s, for: 10s, prometheus: {answers: {vector: 43}}}\n"
            "- {from: 60s, for: 40s, pods: {workload: web, lost: 1}}\n- {from: 70s, for: 10s, pods: {}}\n"
            "end: {at: 5m}\n");
    run_until(&s, 35 * SECOND);
    assert_int_equal(ask(&s, "GET", url).status, 503);
    run_until(&s, 55 * SECOND);
    assert_int_equal(ask(&s, "GET", url).status, 200);
    run_until(&s, 75 * SECOND);
    assert_non_null(strstr(ask(&s, "GET", url).body, "\"43\""));
    run_until(&s, 95 * SECOND);
    assert_non_null(strstr(ask(&s, "GET", url).body, "\"42\""));
    assert_int_equal(ready_replicas(&s), 1);
    run_until(&s, 2 * MINUTE);
    assert_non_null(strstr(ask(&s, "GET", url).body, "\"1\""));
    assert_int_equal(ready_replicas(&s), 2);
    expect_told(&s, "10 * the engine is killed\n10 engine down\n10 * Prometheus is blind: it answers with 503\n"
                    "20 * the engine is killed\n20 engine down\n20 * Prometheus is blind: it answers with 503\n"
                    "50 * the engine starts again\n50 engine up\n50 * Prometheus sees again\n"
                    "60 * Prometheus answers 42 to queries with \"vector\"\n"
                    "60 * web.default loses 1 Pod; there is no room for new Pods\n"
                    "70 * Prometheus answers 43 to queries with \"vector\"\n70 * there is no room for new Pods\n"
                    "100 * Prometheus answers truthfully again\n100 * there is room for new Pods again\n");
    story_close(&s);
}

static void at_the_end_no_fault_is_left(void **state)
{
    static const char query[] = "http://prometheus/api/v1/query?query=vector(1)";
    struct story s;
    story_open(&s, "title: x\nfaults: [{prometheus: {blind: true}}, {requests: {status: 503}}, {engine: down},\n"
                   "  {from: 2m, watches: cut}]\nend: {at: 1m}\n");
    run_until(&s, 5 * MINUTE);
    assert_int_equal(ask(&s, "GET", query).status, 200);
    assert_int_equal(ask(&s, "GET", VERSION_URL).status, 200);
    expect_told(&s, "0 * Prometheus is blind: it answers with 503\n0 * requests to kubernetes are answered with 503\n"
                    "0 * the engine is killed\n0 engine down\n60 engine up\n60 end\n");
    story_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_meet_faults_for_a_while),
        cmocka_unit_test(a_share_of_the_requests_is_struck),
        cmocka_unit_test(prometheus_is_blind_or_lies),
        cmocka_unit_test(lost_pods_are_not_replaced_while_there_is_no_room),
        cmocka_unit_test(watches_are_cut_and_may_not_go_on),
        cmocka_unit_test(engines_are_killed_through_the_listener),
        cmocka_unit_test(what_two_faults_keep_down_comes_back_with_the_last),
        cmocka_unit_test(at_the_end_no_fault_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
