// room: sim
/* A scenario without an engine: the test plays the engine where one is needed, by writing the Canary's status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "sim/caller.h"
#include "sim/play.h"
#include "sim/virtual_clock.h"

enum { SECOND = 1000, MINUTE = 60000, STORY_MAX = 64 * 1024 };

static const char canaries[] = "apiVersion: apiextensions.k8s.io/v1\n"
                               "kind: CustomResourceDefinition\n"
                               "metadata: {name: canaries.flagger.app}\n"
                               "spec:\n"
                               "  group: flagger.app\n"
                               "  scope: Namespaced\n"
                               "  names: {kind: Canary, plural: canaries, singular: canary, listKind: CanaryList}\n"
                               "  versions:\n"
                               "  - {name: v1beta1, served: true, storage: true, subresources: {status: {}},\n"
                               "     schema: {openAPIV3Schema: {type: object, properties: {\n"
                               "       spec: {type: object, x-kubernetes-preserve-unknown-fields: true},\n"
                               "       status: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}}\n";

static const char target[] =
    "objects:\n"
    "- {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: default},\n"
    "   spec: {replicas: 2, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}},\n"
    "     spec: {containers: [{name: web, image: 'web:1'}]}}}}\n"
    "- {apiVersion: flagger.app/v1beta1, kind: Canary, metadata: {name: web, namespace: default},\n"
    "   spec: {targetRef: {kind: Deployment, name: web}}}\n";

struct story {
    struct virtual_clock *time;
    struct cluster *cluster;
    struct scenario *scenario;
    struct play *play;
    struct buf told;
    struct err ended;
    bool has_ended;
};

static const char *story_text;

static bool open_story(const char *path, struct buf *text, struct err *err)
{
    return buf_append_str(text, story_text);
}

static int64_t now_ms(const struct story *s)
{
    return clock_mono_ms(virtual_clock_clock(s->time));
}

static void note(struct story *s, const char *who, const char *text)
{
    buf_printf(&s->told, "%lld %s%s\n", (long long)(now_ms(s) / SECOND), who, text);
}

static void on_people(void *ctx, const char *text)
{
    note(ctx, "", text);
}

static void on_world(void *ctx, const char *text)
{
    note(ctx, "* ", text);
}

static void on_engine(void *ctx, bool up)
{
    note(ctx, "engine ", up ? "up" : "down");
}

static void on_ended(void *ctx, const struct err *err)
{
    struct story *s = ctx;
    s->has_ended = true;
    s->ended = *err;
    note(s, "", "end");
}

static void create(struct story *s, const char *yaml)
{
    struct err err = {0};
    struct doc *objects = yaml_parse_all("objects", yaml, strlen(yaml), &err);
    assert_true(objects && cluster_create(s->cluster, doc_root(objects), &err));
    doc_free(objects);
}

static void story_open(struct story *s, const char *text)
{
    struct err err = {0};
    *s = (struct story){.time = virtual_clock_new(1773216907000)};
    buf_init(&s->told, STORY_MAX);
    s->cluster = cluster_new(virtual_clock_clock(s->time), 1);
    create(s, canaries);
    story_text = text;
    s->scenario = scenario_read("s.yaml", open_story, &err);
    if (!s->scenario)
        fail_msg("%s", err.text);
    struct play_listener listener = {
        .people = on_people, .world = on_world, .engine = on_engine, .ended = on_ended, .ctx = s};
    s->play = play_new(s->scenario, s->cluster, 1, &listener);
    play_set(s->play);
    if (!play_create(s->play, &err))
        fail_msg("%s", err.text);
    play_start(s->play);
}

/* With the target and its Canary. */
static void story_open_with_target(struct story *s, const char *text)
{
    char *whole = str_format("title: x\n%s%s", target, text);
    story_open(s, whole);
    str_free(&whole);
}

static void run_until(struct story *s, int64_t ms)
{
    virtual_clock_run(s->time, ms);
}

static void expect_told(struct story *s, const char *told)
{
    assert_string_equal(buf_str(&s->told), told);
}

static void story_close(struct story *s)
{
    play_free(s->play);
    scenario_free(s->scenario);
    cluster_free(s->cluster);
    virtual_clock_free(s->time);
    buf_fini(&s->told);
}

/* What an engine would write. */
static void set_phase(struct story *s, const char *phase, int weight)
{
    struct err err = {0};
    char *body = str_format("{\"status\":{\"phase\":\"%s\",\"canaryWeight\":%d}}", phase, weight);
    struct caller_request request = {"PATCH", "/apis/flagger.app/v1beta1/namespaces/default/canaries/web/status", "",
                                     "application/merge-patch+json", body};
    if (!caller_send(cluster_api(s->cluster), &request, &err))
        fail_msg("%s", err.text);
    str_free(&body);
}

static void send_event(struct story *s, const char *name, const char *message)
{
    char *yaml = str_format("{apiVersion: v1, kind: Event, metadata: {name: %s, namespace: default}, message: '%s',\n"
                            " involvedObject: {kind: Canary, namespace: default, name: web}}",
                            name, message);
    create(s, yaml);
    str_free(&yaml);
}

static struct doc *find(struct story *s, const char *storage, const char *name)
{
    return objects_get(api_objects(cluster_api(s->cluster)), storage, "default", name);
}

/* --- requests of whoever works on the cluster --- */

struct answer {
    int status, count;
    enum err_code code;
    char body[256];
};

static void on_done(void *ctx, const struct http_response *response, const struct err *err)
{
    struct answer *answer = ctx;
    answer->count++;
    answer->status = response ? response->status : 0;
    answer->code = err->code;
    str_copy(answer->body, sizeof answer->body, response ? response->body : "");
}

static struct answer ask(struct story *s, const char *method, const char *url)
{
    struct answer answer = {0};
    struct http_request request = {.method = method, .url = url, .timeout_ms = 10 * SECOND};
    http_start(network_door(cluster_network(s->cluster)), &request, NULL, on_done, &answer);
    while (answer.count == 0)
        run_until(s, now_ms(s) + 1);
    return answer;
}

#define VERSION_URL "http://kubernetes/version"

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
         "s.yaml:8:17: acts[0].apply: Pod a: the cluster has no kind Pod in version v9"},
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

/* --- faults --- */

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

/* --- what is expected --- */

static void expect_wrong(struct story *s, const char *wanted)
{
    struct str_list wrong = {0};
    struct buf text;
    buf_init(&text, STORY_MAX);
    play_check(s->play, &wrong);
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
        cmocka_unit_test(requests_meet_faults_for_a_while),
        cmocka_unit_test(a_share_of_the_requests_is_struck),
        cmocka_unit_test(prometheus_is_blind_or_lies),
        cmocka_unit_test(lost_pods_are_not_replaced_while_there_is_no_room),
        cmocka_unit_test(watches_are_cut_and_may_not_go_on),
        cmocka_unit_test(engines_are_killed_through_the_listener),
        cmocka_unit_test(what_two_faults_keep_down_comes_back_with_the_last),
        cmocka_unit_test(at_the_end_no_fault_is_left),
        cmocka_unit_test(what_is_as_expected_is_not_mentioned),
        cmocka_unit_test(what_is_not_as_expected_is_said_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
