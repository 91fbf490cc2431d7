#include "play_world.h"

/* --- moments --- */

static void acts_happen_when_they_are_said_to(void **state)
{
    struct story s;
    story_open(&s, "title: x\nacts:\n- {at: 5s, say: first}\n- {after: 10s, say: second}\n- {at: 1m, say: third}\n"
                   "end: {after: 1s}\n");
    run_until(&s, 2 * MINUTE);
    expect_told(&s, "5 * first\n15 * second\n60 * third\n61 end\n");
    assert_int_equal(s.ended.code, ERR_NONE);
    story_close(&s);
}

static void a_canary_must_become_what_is_waited_for(void **state)
{
    struct story s;
    story_open_with_target(&s, "acts:\n- {when: {phase: Succeeded}, after: 2s, say: first}\n"
                               "- {when: {phase: Succeeded}, say: again}\n"
                               "- {when: {canary: default/web, phase: Progressing, weight: 20}, say: twenty}\n"
                               "end: {when: {canary: default/web, phase: Failed}}\n");
    run_until(&s, 10 * SECOND);
    set_phase(&s, "Succeeded", 0);
    run_until(&s, 20 * SECOND);
    set_phase(&s, "Succeeded", 1); /* it was so already */
    run_until(&s, 30 * SECOND);
    set_phase(&s, "Progressing", 20);
    set_phase(&s, "Succeeded", 0);
    run_until(&s, 40 * SECOND);
    set_phase(&s, "Progressing", 10);
    run_until(&s, 50 * SECOND);
    set_phase(&s, "Progressing", 20);
    run_until(&s, 60 * SECOND);
    set_phase(&s, "Failed", 0);
    run_until(&s, 70 * SECOND);
    expect_told(&s, "12 * first\n30 * again\n50 * twenty\n60 end\n");
    story_close(&s);
}

static void another_canary_does_not_count(void **state)
{
    struct story s;
    story_open_with_target(&s, "limit: 5m\nacts: [{when: {canary: default/other, phase: Failed}, say: never}]\n"
                               "end: {after: 1s}\n");
    set_phase(&s, "Failed", 30);
    run_until(&s, 10 * MINUTE);
    expect_told(&s, "300 end\n");
    assert_int_equal(s.ended.code, ERR_TIMEOUT);
    assert_string_equal(s.ended.text, "s.yaml:9:15: acts[0].when: it has not come within 5m, the limit of the story");
    story_close(&s);
}

static void the_limit_says_how_far_it_came(void **state)
{
    struct story s;
    story_open_with_target(&s, "end: {when: {phase: Succeeded}}\n");
    set_phase(&s, "Progressing", 30);
    run_until(&s, 61 * MINUTE);
    assert_string_equal(s.ended.text, "s.yaml:8:13: end.when: it has not come within 1h, the limit of the story; "
                                      "default/web is Progressing at weight 30");
    story_close(&s);
}

/* --- orders --- */

static void people_tell_the_api_server(void **state)
{
    struct story s;
    story_open_with_target(&s,
                           "acts:\n"
                           "- {setImage: {name: web, container: web, image: 'web:2'}}\n"
                           "- {scale: {namespace: default, name: web, replicas: 5}}\n"
                           "- {patch: {kind: Deployment, name: web, merge: {metadata: {labels: {team: shop}}}}}\n"
                           "- {apply: [{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {a: b}}]}\n"
                           "- {at: 1m, delete: {kind: ConfigMap, name: settings}}\n"
                           "end: {after: 1s}\n");
    run_until(&s, 30 * SECOND);
    struct doc *web = find(&s, "apps/deployments", "web"), *settings = find(&s, "/configmaps", "settings");
    const struct node *spec = node_get(doc_root(web), "spec");
    assert_int_equal(node_int_or(node_get(spec, "replicas"), 0), 5);
    assert_true(node_is(node_get(node_item(node_at(spec, "template", "spec", "containers"), 0), "image"), "web:2"));
    assert_true(node_is(node_at(doc_root(web), "metadata", "labels", "team"), "shop"));
    assert_non_null(settings);
    doc_free(settings);
    doc_free(web);
    run_until(&s, 2 * MINUTE);
    assert_null(find(&s, "/configmaps", "settings"));
    expect_told(&s,
                "0 $ kubectl set image deployment/web web=web:2\n"
                "0 $ kubectl -n default scale deployment/web --replicas 5\n"
                "0 $ kubectl patch deployment web --type merge -p '{\"metadata\":{\"labels\":{\"team\":\"shop\"}}}'\n"
                "0 $ kubectl apply -f -    # ConfigMap settings\n"
                "60 $ kubectl delete configmap settings\n61 end\n");
    story_close(&s);
}

static void what_cannot_be_done_ends_the_story(void **state)
{
    static const struct {
        const char *act, *said;
    } cases[] = {
        {"scale: {name: api, replicas: 1}",
         "s.yaml:8:17: acts[0].scale: Deployment api: deployments.apps \"api\" not found"},
        {"setImage: {name: web, container: wed, image: 'web:2'}",
         "s.yaml:8:20: acts[0].setImage: Deployment web: it has no container wed"},
        {"setImage: {name: api, container: web, image: 'web:2'}",
         "s.yaml:8:20: acts[0].setImage: Deployment api: deployments.apps \"api\" not found"},
        {"delete: {kind: Spaceship, name: a}",
         "s.yaml:8:18: acts[0].delete: Spaceship a: the cluster has no kind Spaceship"},
        {"apply: [{apiVersion: v9, kind: Pod, metadata: {name: a}}]",
         "s.yaml:8:17: acts[0].apply: s.yaml:8:18: Pod a: the cluster has no kind Pod in version v9"},
        {"apply: [{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 0}]}}]",
         "s.yaml:8:17: acts[0].apply: s.yaml:8:93: spec.ports[0].port: Service s: Service \"s\" is invalid: "
         "[spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive, spec.ports[0].targetPort: "
         "Invalid value: 0: must be between 1 and 65535, inclusive]"},
        {"apply: [{apiVersion: apps/v1, kind: Deployment, metadata: {name: s},\n  spec: {replicas: many}}]",
         "s.yaml:8:17: acts[0].apply: s.yaml:9:20: spec.replicas: Deployment s: json: cannot unmarshal string into Go "
         "struct field DeploymentSpec.spec.replicas of type int32"},
        {"apply: [{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: [a]}]",
         "s.yaml:8:17: acts[0].apply: s.yaml:8:79: data: ConfigMap c: json: cannot unmarshal array into Go struct "
         "field "
         "ConfigMap.data of type map[string]string"},
        {"apply: [{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: b, c: 1}}]",
         "s.yaml:8:17: acts[0].apply: s.yaml:8:89: data.c: ConfigMap c: json: cannot unmarshal number into Go struct "
         "field ConfigMap.data of type string"},
        {"apply: [{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 1}, {port: '80'}]}}]",
         "s.yaml:8:17: acts[0].apply: s.yaml:8:104: spec.ports[1].port: Service s: json: cannot unmarshal string into "
         "Go struct field ServicePort.spec.ports.port of type int32"},
        {"patch: {kind: Deployment, name: web, merge: {spec: {replica: 3}}}",
         "s.yaml:8:17: acts[0].patch: Deployment web: strict decoding error: unknown field \"spec.replica\""},
        {"apply: [{apiVersion: apps/v1, kind: Deployment, metadata: {name: s}, spec: {\n  replica: 1}}]",
         "s.yaml:8:17: acts[0].apply: s.yaml:9:12: spec.replica: Deployment s: failed to create typed patch object "
         "(/s; "
         "apps/v1, Kind=Deployment): .spec.replica: field not declared in schema"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct story s;
        char *text = str_format("acts: [{ %s}]\nend: {at: 1m}\n", cases[i].act);
        story_open_with_target(&s, text);
        run_until(&s, 2 * MINUTE);
        assert_true(s.has_ended);
        assert_string_equal(s.ended.text, cases[i].said);
        str_free(&text);
        story_close(&s);
    }
}

/* --- the world --- */

static void versions_change_and_keep_what_was_not_said(void **state)
{
    struct story s;
    story_open(&s,
               "title: x\nversions: {'web:1': {errors: 1%, latency: 10ms, p99: 40ms, ready: 2s}}\n"
               "acts:\n- {at: 10s, versions: {'web:1': {p99: 5ms}}}\n- {at: 20s, versions: {'web:1': {ready: never}}}\n"
               "end: {at: 1m}\n");
    const struct behaviours *behaviours = cluster_behaviours(s.cluster);
    assert_true(behaviours_find(behaviours, "web:1")->latency_p99_ms == 40);
    run_until(&s, 15 * SECOND);
    const struct behaviour *now = behaviours_find(behaviours, "web:1");
    assert_true(now->latency_ms == 5 && now->latency_p99_ms == 5 && now->errors == 0.01 && now->ready_ms == 2000);
    run_until(&s, 25 * SECOND);
    assert_int_equal(behaviours_find(behaviours, "web:1")->ready_ms, -1);
    expect_told(&s, "10 * web:1: p99 5 ms\n20 * web:1: ready never\n");
    story_close(&s);
}

static void hooks_answer_as_people_do(void **state)
{
    struct story s;
    story_open(&s, "title: x\nhooks:\n- {url: 'http://gate/a', gate: closed}\n- {url: 'http://gate/a/b', status: 500}\n"
                   "- {url: 'http://slow/', delay: 3s, body: late}\n- {url: 'http://deaf/', hangs: true}\n"
                   "acts: [{at: 1m, hooks: [{url: 'http://gate/a', gate: open}]}]\nend: {at: 2m}\n");
    assert_int_equal(ask(&s, "POST", "http://gate/a").status, 403);
    assert_int_equal(ask(&s, "POST", "http://gate/a/c").status, 403);
    assert_int_equal(ask(&s, "POST", "http://gate/a/b").status, 500);
    assert_int_equal(ask(&s, "POST", "http://gate/ab").status, 404);
    int64_t before_ms = now_ms(&s);
    struct answer late = ask(&s, "GET", "http://slow/any/thing");
    assert_string_equal(late.body, "late");
    assert_in_range(now_ms(&s) - before_ms, 3000, 3001);
    assert_int_equal(ask(&s, "GET", "http://deaf/").code, ERR_TIMEOUT);
    run_until(&s, MINUTE + 1);
    assert_int_equal(ask(&s, "POST", "http://gate/a").status, 200);
    expect_told(&s, "60 * http://gate/a answers 200\n");
    story_close(&s);
}

static void who_asks_may_go_away_before_the_answer(void **state)
{
    struct story s;
    struct answer answer = {0};
    story_open(&s, "title: x\nhooks: [{url: 'http://slow/', delay: 20s}]\nend: {at: 2m}\n");
    assert_int_equal(ask(&s, "GET", "http://slow/").code, ERR_TIMEOUT);
    struct http_request request = {.method = "GET", .url = "http://slow/"};
    struct http_call *call = http_start(network_door(cluster_network(s.cluster)), &request, NULL, on_done, &answer);
    run_until(&s, 15 * SECOND);
    play_free(s.play); /* with an answer under way */
    s.play = NULL;
    http_cancel(call);
    run_until(&s, 2 * MINUTE);
    assert_int_equal(answer.count, 0);
    story_close(&s);
}

/* --- what is expected --- */

static void expect_wrong(struct story *s, const char *wanted)
{
    struct str_list wrong = {0};
    struct buf text;
    buf_init(&text, STORY_MAX);
    play_check(s->play, &wrong, NULL);
    for (size_t i = 0; i < wrong.count; i++)
        buf_printf(&text, "%s\n", wrong.items[i]);
    assert_string_equal(buf_str(&text), wanted);
    buf_fini(&text);
    str_list_fini(&wrong);
}

static void what_is_as_expected_is_not_mentioned(void **state)
{
    struct story s;
    story_open_with_target(&s,
                           "end: {at: 1m}\nexpect:\n- canary: default/web\n  phase: Failed\n  weight: 0\n  events:\n"
                           "  - {text: Halt, times: 2}\n  - {text: Rolling}\n  - {text: Promotion, max: 0}\n");
    set_phase(&s, "Failed", 0);
    send_event(&s, "a", "Halt web.default");
    send_event(&s, "b", "Halt web.default");
    send_event(&s, "c", "Rolling back web.default");
    expect_wrong(&s, "");
    story_close(&s);
}

static void what_is_not_as_expected_is_said_with_its_place(void **state)
{
    struct story s;
    story_open_with_target(
        &s,
        "end: {at: 1m}\nexpect:\n- canary: default/web\n  phase: Succeeded\n  weight: 5\n  primary: web:2\n  events:\n"
        "  - {text: Halt, times: 2}\n  - {text: Rolling}\n  - {text: Promotion, max: 0}\n- {canary: default/api, "
        "phase: Failed}\n");
    set_phase(&s, "Failed", 0);
    send_event(&s, "a", "Halt web.default");
    send_event(&s, "b", "Promotion completed!");
    expect_wrong(&s,
                 "s.yaml:11:10: expect[0].phase: Canary web.default is Failed, wanted Succeeded\n"
                 "s.yaml:12:11: expect[0].weight: Canary web.default has 0, wanted 5\n"
                 "s.yaml:13:12: expect[0].primary: there is no Deployment web-primary.default, wanted one with web:2\n"
                 "s.yaml:15:5: expect[0].events[0]: \"Halt\" came 1 times, wanted exactly 2\n"
                 "s.yaml:16:5: expect[0].events[1]: \"Rolling\" came 0 times, wanted at least 1\n"
                 "s.yaml:17:5: expect[0].events[2]: \"Promotion\" came 1 times, wanted exactly 0\n"
                 "s.yaml:18:3: expect[1]: there is no Canary default/api\n");
    story_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(acts_happen_when_they_are_said_to),
        cmocka_unit_test(a_canary_must_become_what_is_waited_for),
        cmocka_unit_test(another_canary_does_not_count),
        cmocka_unit_test(the_limit_says_how_far_it_came),
        cmocka_unit_test(people_tell_the_api_server),
        cmocka_unit_test(what_cannot_be_done_ends_the_story),
        cmocka_unit_test(versions_change_and_keep_what_was_not_said),
        cmocka_unit_test(hooks_answer_as_people_do),
        cmocka_unit_test(who_asks_may_go_away_before_the_answer),
        cmocka_unit_test(what_is_as_expected_is_not_mentioned),
        cmocka_unit_test(what_is_not_as_expected_is_said_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
