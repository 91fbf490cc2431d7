#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/story/scenario.h"

#define END "\nend: {at: 10m}\n"

/* The files there are: the scenario, and two beside it. */
static const char *scenario_text;

static bool open_file(const char *path, struct buf *text, struct err *err)
{
    if (str_equal(path, "stories/s.yaml"))
        return buf_append_str(text, scenario_text);
    if (str_equal(path, "stories/app.yaml") || str_equal(path, "app.yaml"))
        return buf_append_str(text, "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n---\n"
                                    "{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n");
    if (str_equal(path, "stories/bad.yaml"))
        return buf_append_str(text, "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n---\nkind: ConfigMap\n");
    return err_set(err, ERR_NOT_FOUND, "file %s: cannot open", path);
}

static struct scenario *read_text(const char *text, struct err *err)
{
    scenario_text = text;
    return scenario_read("stories/s.yaml", open_file, err);
}

static void expect_refused(const char *text, const char *said)
{
    struct err err = {0};
    struct scenario *scenario = read_text(text, &err);
    assert_null(scenario);
    if (!str_has_prefix(err.text, "stories/s.yaml:") || !str_equal(err.text + strlen("stories/s.yaml:"), said))
        fail_msg("%s\nsays  %s\nnot   stories/s.yaml:%s", text, err.text, said);
}

struct refusal {
    const char *text, *said;
};

static void expect_all_refused(const struct refusal *refusals, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_refused(refusals[i].text, refusals[i].said);
}
#define EXPECT_REFUSED(refusals) expect_all_refused((refusals), sizeof(refusals) / sizeof *(refusals))

static void the_whole_is_refused(void **state)
{
    static const struct refusal refusals[] = {
        {"title: x\nends: {at: 1m}", "2:1: ends: unknown field, known are title, description, seed, begin, limit, "
                                     "objects, versions, traffic, hooks, faults, acts, end and expect"},
        {"[]", "1:1: a list, wanted a mapping"},
        {"", "1:1: nothing, wanted a mapping"},
        {"end: {at: 1m}", "1:1: the field title is missing"},
        {"title: x", "1:1: the field end is missing"},
        {"title: x\nseed: -1" END, "2:7: seed: -1, wanted a whole number from 0 to 9223372036854775807"},
        {"title: x\nbegin: noon" END, "2:8: begin: \"noon\" is no time, wanted one such as 2026-03-11T08:15:07Z"},
        {"title: x\nlimit: long" END, "2:8: limit: \"long\", wanted a duration such as 90s or 1m30s"},
        {"title: x" END "---\ntitle: z" END, "4:1: 2 documents, wanted one"},
        {"title: x\ntitle: y" END, "2:1: the key \"title\" is there twice"},
        {"title: [x" END, "2:4: did not find expected ',' or ']'"},
    };
    EXPECT_REFUSED(refusals);
}

#define NO_SCENARIO                                                                                                    \
    ", wanted a scenario: one names this file under objects, as in {file: PATH}; or apply it to a cluster that demo "  \
    "--serve opens"

/* It is the file that kubectl takes, given in the place of a scenario. */
static void a_manifest_is_no_scenario(void **state)
{
    static const struct refusal refusals[] = {
        {"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n",
         "1:1: the Kubernetes object Deployment web" NO_SCENARIO},
        {"# a canary\n---\napiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: web}\n---\nkind: Service\n",
         "3:1: the Kubernetes object Canary web" NO_SCENARIO},
        {"apiVersion: v1\nkind: List\nitems: []\n", "1:1: the Kubernetes object List" NO_SCENARIO},
    };
    EXPECT_REFUSED(refusals);
}

#define APP                                                                                                            \
    "title: x\nobjects:\n"                                                                                             \
    "- {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, image: r/web:1}]}}\n"            \
    "- {apiVersion: v1, kind: Service, metadata: {name: api, namespace: t}}\n"                                         \
    "- {apiVersion: flagger.app/v1beta1, kind: Canary, metadata: {name: c, namespace: t},\n"                           \
    "   spec: {targetRef: {name: web}, service: {name: front, hosts: [shop.example.com, '*.shop.org']}}}\n"

static void expect_unreached(const char *text, const char *said)
{
    struct err err = {0};
    struct scenario *scenario = read_text(text, &err);
    if (scenario == NULL) {
        fail_msg("%s: %s", text, err.text);
    }
    bool reached = scenario_is_reached(scenario, &err);
    scenario_free(scenario);
    assert_int_equal(reached, said == NULL);
    if (said != NULL) {
        assert_string_equal(err.text, said);
    }
}

static void what_nothing_reaches_is_told(void **state)
{
    expect_unreached(APP "versions: {'web:9': {}}" END,
                     "stories/s.yaml:7:21: versions.web:9: no object and no act of the story has an image that ends "
                     "with web:9");
    expect_unreached(APP "acts: [{at: 1m, versions: {'web:8': {}}}]" END,
                     "stories/s.yaml:7:37: acts[0].versions.web:8: no object and no act of the story has an image that "
                     "ends with web:8");
    expect_unreached(APP "traffic: [{host: apy.t, perSecond: 1}]" END,
                     "stories/s.yaml:7:18: traffic[0].host: \"apy.t\", wanted a host of a Service, Canary or "
                     "VirtualService of the story, such as NAME.NAMESPACE");
    expect_unreached("title: x\ntraffic: [{host: app.t, perSecond: 1}]" END,
                     "stories/s.yaml:2:18: traffic[0].host: \"app.t\", wanted a host of a Service, Canary or "
                     "VirtualService of the story, such as NAME.NAMESPACE");
}

#define HOOKS                                                                                                          \
    "- {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: t}, spec: {template: {}}}\n"           \
    "- {apiVersion: flagger.app/v1beta1, kind: Canary, metadata: {name: d, namespace: t},\n"                           \
    "   spec: {analysis: {webhooks: [{url: 'http://gate.t/a/b'}]}}}\n"

/* Faults that strike nothing, hooks that nobody calls, and Canaries that never are. */
static void what_strikes_nothing_is_told(void **state)
{
    static const char *const cases[][2] = {
        {"faults: [{requests: {host: kubernets, status: 503}}]",
         "10:28: faults[0].requests.host: \"kubernets\", wanted kubernetes, prometheus or the host of a hook of the "
         "story's Canaries"},
        {"faults: [{pods: {namespace: t, workload: wbe, lost: 1}}]",
         "10:42: faults[0].pods.workload: \"wbe\", no object and no act of the story brings a workload t/wbe"},
        {"hooks: [{url: 'http://gate.t/c', gate: open}]",
         "10:15: hooks[0].url: \"http://gate.t/c\", no Canary of the story calls it"},
        {"acts: [{when: {canary: t/x, phase: Failed}, say: x}]",
         "10:24: acts[0].when.canary: \"t/x\", no object and no act of the story brings that Canary"},
        {"expect: [{canary: x/c, phase: Failed}]",
         "10:19: expect[0].canary: \"x/c\", no object and no act of the story brings that Canary"},
        {"faults: [{requests: {host: gate.t, status: 503}}, {requests: {host: prometheus, status: 503}}]", NULL},
        {"faults: [{pods: {namespace: t, workload: web-primary, lost: 1}}, {pods: {}}]", NULL},
        {"hooks: [{url: 'http://gate.t/a', gate: open}, {url: 'http://gate.t/a/b', gate: open}]", NULL},
        {"acts: [{when: {canary: t/c, phase: Failed}, say: x}]\nexpect: [{canary: t/d, phase: Failed}]", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = str_format(APP HOOKS "%s" END, cases[i][0]);
        char *said = cases[i][1] != NULL ? str_format("stories/s.yaml:%s", cases[i][1]) : NULL;
        expect_unreached(text, said);
        mem_free(text);
        mem_free(said);
    }
}

static void what_the_story_brings_is_reached(void **state)
{
    static const char *const hosts[] = {"api.t",
                                        "api.t.svc.cluster.local",
                                        "front.t",
                                        "front-primary.t:80",
                                        "web.t",
                                        "web-canary.t.svc",
                                        "shop.example.com",
                                        "a.shop.org",
                                        "late.t",
                                        "p.default"};
    static const char *const versions[] = {"web:1", "r/web:1", "web:2", "web:3"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0] + sizeof versions / sizeof versions[0]; i++) {
        bool is_host = i < sizeof hosts / sizeof hosts[0];
        char *world = is_host ? str_format("traffic: [{host: '%s', perSecond: 1}]", hosts[i])
                              : str_format("versions: {'%s': {}}", versions[i - sizeof hosts / sizeof hosts[0]]);
        char *text =
            str_format(APP "%s\n"
                           "acts:\n- {setImage: {name: web, container: a, image: 'r/web:2'}}\n"
                           "- {patch: {kind: Pod, name: p, merge: {spec: {containers: [{name: a, image: 'web:3'}]}}}}\n"
                           "- {apply: [{apiVersion: v1, kind: Service, metadata: {name: late, namespace: t}}]}" END,
                       world);
        expect_unreached(text, NULL);
        str_free(&text);
        str_free(&world);
    }
}

static void impossible_times_are_refused(void **state)
{
    static const struct refusal refusals[] = {
        {"title: x\nacts: [{at: -1s, say: x}]" END,
         "2:13: acts[0].at: \"-1s\", wanted a duration that is not negative"},
        {"title: x\nacts: [{at: 5m, say: x}, {at: 4m, say: z}]" END,
         "2:31: acts[1].at: 4m comes before the act above it"},
        {"title: x\nacts: [{at: 5m, say: x}, {after: 5m, say: z}, {at: 9m, say: z}]" END,
         "2:52: acts[2].at: 9m comes before the act above it"},
        {"title: x\nacts: [{at: 11m, say: x}]" END, "3:11: end.at: 10m comes before the act above it"},
        {"title: x\nacts: [{at: 1m, after: 1m, say: x}]" END, "2:24: acts[0].after: both at and after, wanted one"},
        {"title: x\nacts: [{at: 1m, when: {phase: Failed}, say: x}]" END,
         "2:23: acts[0].when: both at and when, wanted one"},
        {"title: x\nlimit: 5m" END, "3:11: end.at: it comes after the limit of the story"},
        {"title: x\nend: {after: 2h}", "2:14: end.after: it comes after the limit of the story"},
        {"title: x\nfaults: [{from: 2h, watches: cut}]" END,
         "2:17: faults[0].from: it comes after the limit of the story"},
        {"title: x\nfaults: [{from: 5m, until: 4m, pods: {}}]" END,
         "2:28: faults[0].until: 4m, wanted a time after from (5m)"},
        {"title: x\nfaults: [{until: 0s, pods: {}}]" END, "2:18: faults[0].until: 0s, wanted a time after from (0s)"},
        {"title: x\nfaults: [{for: 0s, pods: {}}]" END, "2:16: faults[0].for: 0s, wanted more than nothing"},
        {"title: x\nfaults: [{for: 1s, until: 2s, pods: {}}]" END,
         "2:27: faults[0].until: both for and until, wanted one"},
    };
    EXPECT_REFUSED(refusals);
}

static void wrong_worlds_are_refused(void **state)
{
    static const struct refusal refusals[] = {
        {"title: x\nversions: [a]" END, "2:11: versions: a list, wanted a mapping"},
        {"title: x\nversions: {a: {error: 1%}}" END,
         "2:16: versions.a.error: unknown field, known are errors, latency, p99 and ready"},
        {"title: x\nversions: {a: {errors: 0.1}}" END, "2:24: versions.a.errors: 0.1, wanted a share from 0% to 100%"},
        {"title: x\nversions: {a: {latency: 2s, p99: 1s}}" END,
         "2:34: versions.a.p99: 1s, wanted no less than the latency"},
        {"title: x\nversions: {a: {ready: later}}" END,
         "2:23: versions.a.ready: \"later\", wanted a duration such as 90s or 1m30s"},
        {"title: x\ntraffic: [{host: a}]" END, "2:11: traffic[0]: the field perSecond is missing"},
        {"title: x\ntraffic: [{host: a, perSecond: 1, headers: {b: 1}}]" END,
         "2:48: traffic[0].headers.b: wanted a text: the value of a header"},
        {"title: x\nhooks: [{url: gate}]" END, "2:15: hooks[0].url: \"gate\", wanted http://HOST/PATH"},
        {"title: x\nhooks: [{url: 'http:///x'}]" END, "2:15: hooks[0].url: \"http:///x\", wanted http://HOST/PATH"},
        {"title: x\nhooks: [{url: 'http://a/x?y=1'}]" END,
         "2:15: hooks[0].url: \"http://a/x?y=1\", wanted http://HOST/PATH"},
        {"title: x\nhooks: [{url: 'http://prometheus/x'}]" END,
         "2:15: hooks[0].url: \"http://prometheus/x\", wanted another host: this one is the cluster's own"},
        {"title: x\nhooks: [{url: 'http://a/', gate: ajar}]" END,
         "2:34: hooks[0].gate: \"ajar\", wanted open or closed"},
        {"title: x\nhooks: [{url: 'http://a/', gate: open, status: 500}]" END,
         "2:48: hooks[0].status: a gate is open or closed; wanted either gate or status"},
        {"title: x\nhooks: [{url: 'http://a/', status: 99}]" END,
         "2:36: hooks[0].status: 99, wanted a whole number from 200 to 599"},
    };
    EXPECT_REFUSED(refusals);
}

static void wrong_faults_are_refused(void **state)
{
    static const struct refusal refusals[] = {
        {"title: x\nfaults: [{from: 1s}]" END,
         "2:10: faults[0]: none of requests, watches, prometheus, pods and engine, wanted one"},
        {"title: x\nfaults: [{pods: {}, watches: cut}]" END,
         "2:10: faults[0]: several of requests, watches, prometheus, pods and engine, wanted one"},
        {"title: x\nfaults: [{requests: {}}]" END,
         "2:21: faults[0].requests: none of status, latency, unreachable and loseAnswers, wanted one"},
        {"title: x\nfaults: [{requests: {status: 500, latency: 1s}}]" END,
         "2:21: faults[0].requests: several of status, latency, unreachable and loseAnswers, wanted one"},
        {"title: x\nfaults: [{requests: {status: 200}}]" END,
         "2:30: faults[0].requests.status: 200, wanted a whole number from 400 to 599"},
        {"title: x\nfaults: [{requests: {status: 500, methods: [HEAD]}}]" END,
         "2:45: faults[0].requests.methods[0]: wanted GET, POST, PUT, PATCH or DELETE"},
        {"title: x\nfaults: [{requests: {status: 500, share: half}}]" END,
         "2:42: faults[0].requests.share: \"half\", wanted a share from 0% to 100%"},
        {"title: x\nfaults: [{watches: lost}]" END, "2:20: faults[0].watches: \"lost\", wanted cut or expire"},
        {"title: x\nfaults: [{for: 1m, watches: cut}]" END,
         "2:16: faults[0].for: watches are cut at one moment; wanted from alone"},
        {"title: x\nfaults: [{prometheus: {}}]" END,
         "2:23: faults[0].prometheus: none of blind and answers, wanted one"},
        {"title: x\nfaults: [{prometheus: {answers: {q: much}}}]" END,
         "2:37: faults[0].prometheus.answers.q: wanted a number or nothing: what such a query is answered with"},
        {"title: x\nfaults: [{pods: {lost: 1}}]" END, "2:17: faults[0].pods: the field workload is missing"},
        {"title: x\nfaults: [{engine: up}]" END, "2:19: faults[0].engine: \"up\", wanted down"},
    };
    EXPECT_REFUSED(refusals);
}

static void wrong_acts_are_refused(void **state)
{
    static const struct refusal refusals[] = {
        {"title: x\nacts: [{at: 1m, explode: true}]" END,
         "2:17: acts[0].explode: unknown field, known are at, when, after, say, apply, setImage, patch, scale, delete, "
         "versions, traffic, hooks and faults"},
        {"title: x\nacts: [{at: 1m}]" END, "2:8: acts[0]: nothing happens in this act"},
        {"title: x\nacts: [{when: {phase: Happy}, say: x}]" END,
         "2:23: acts[0].when.phase: \"Happy\", wanted Initializing, Initialized, Waiting, Progressing, "
         "WaitingPromotion, Promoting, Finalising, Succeeded, Failed, Terminating or Terminated"},
        {"title: x\nacts: [{when: {canary: a/b}, say: x}]" END,
         "2:15: acts[0].when: neither phase nor weight, wanted one"},
        {"title: x\nacts: [{when: {canary: b, weight: 1}, say: x}]" END,
         "2:24: acts[0].when.canary: \"b\", wanted NAMESPACE/NAME"},
        {"title: x\nacts: [{when: {weight: 101}, say: x}]" END,
         "2:24: acts[0].when.weight: 101, wanted a whole number from 0 to 100"},
        {"title: x\nacts: [{when: [], say: x}]" END, "2:15: acts[0].when: a list, wanted a mapping"},
        {"title: x\nacts: [{setImage: {name: a, image: b}}]" END,
         "2:19: acts[0].setImage: the field container is missing"},
        {"title: x\nacts: [{scale: {name: a, replicas: -1}}]" END,
         "2:36: acts[0].scale.replicas: -1, wanted a whole number from 0 to 1000"},
        {"title: x\nacts: [{patch: {name: a, merge: {}}}]" END, "2:16: acts[0].patch: the field kind is missing"},
        {"title: x\nacts: [{patch: {kind: Pod, name: a, merge: x}}]" END,
         "2:44: acts[0].patch.merge: \"x\", wanted a mapping"},
        {"title: x\nacts: [{delete: {kind: Pod}}]" END, "2:17: acts[0].delete: the field name is missing"},
        {"title: x\nacts: [{faults: [{until: 0s, pods: {}}]}]" END,
         "2:26: acts[0].faults[0].until: 0s, wanted a time after from (0s)"},
    };
    EXPECT_REFUSED(refusals);
}

static void wrong_objects_are_refused(void **state)
{
    static const struct refusal refusals[] = {
        {"title: x\nobjects: [{kind: Pod}]" END,
         "2:11: objects[0]: no object: it has no apiVersion; wanted one, or {file: PATH}"},
        {"title: x\nobjects: [{apiVersion: v1, kind: Pod, metadata: {}}]" END,
         "2:11: objects[0]: no object: it has no metadata.name; wanted one, or {file: PATH}"},
        {"title: x\nobjects: [{file: none.yaml}]" END, "2:18: objects[0].file: file stories/none.yaml: cannot open"},
        {"title: x\nobjects: [{file: bad.yaml}]" END,
         "2:18: objects[0].file: stories/bad.yaml:3:1: no object: it has no apiVersion"},
        {"title: x\nobjects: [{file: app.yaml, name: x}]" END, "2:28: objects[0].name: unknown field, known are file"},
        {"title: x\nacts: [{apply: [3]}]" END,
         "2:17: acts[0].apply[0]: no object: it is no mapping; wanted one, or {file: PATH}"},
    };
    EXPECT_REFUSED(refusals);
}

static void wrong_expectations_are_refused(void **state)
{
    static const struct refusal refusals[] = {
        {"title: x\nexpect: [{}]" END, "2:10: expect[0]: nothing is expected, wanted phase, weight, primary or events"},
        {"title: x\nexpect: {phase: Failed}" END, "2:9: expect: a mapping, wanted a list"},
        {"title: x\nexpect: [{phase: Done}]" END,
         "2:18: expect[0].phase: \"Done\", wanted Initializing, Initialized, Waiting, Progressing, WaitingPromotion, "
         "Promoting, Finalising, Succeeded, Failed, Terminating or Terminated"},
        {"title: x\nexpect: [{events: [{times: 1}]}]" END, "2:20: expect[0].events[0]: the field text is missing"},
        {"title: x\nexpect: [{events: [{text: a, times: 1, min: 1}]}]" END,
         "2:37: expect[0].events[0].times: both times and min or max, wanted one"},
        {"title: x\nexpect: [{events: [{text: a, min: 2, max: 1}]}]" END,
         "2:43: expect[0].events[0].max: 1, wanted no less than min (2)"},
    };
    EXPECT_REFUSED(refusals);
}

static void a_file_that_is_not_there_is_named(void **state)
{
    struct err err = {0};
    assert_null(scenario_read("nowhere.yaml", open_file, &err));
    assert_string_equal(err.text, "file nowhere.yaml: cannot open");
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

static bool note_path(const char *path, struct buf *text, struct err *err)
{
    if (str_has_suffix(path, "s.yaml"))
        return buf_append_str(text, scenario_text);
    return err_set(err, ERR_NOT_FOUND, "opened %s", path);
}

static void files_are_found_from_where_the_scenario_is(void **state)
{
    static const struct {
        const char *scenario, *file, *opened;
    } cases[] = {
        {"s.yaml", "a.yaml", "a.yaml"},
        {"s.yaml", "../a.yaml", "../a.yaml"},
        {"d/s.yaml", "a.yaml", "d/a.yaml"},
        {"d/e/s.yaml", "../a.yaml", "d/a.yaml"},
        {"d/e/s.yaml", "../../a.yaml", "a.yaml"},
        {"d/e/s.yaml", "../../../a.yaml", "../a.yaml"},
        {"../s.yaml", "../a.yaml", "../../a.yaml"},
        {"./s.yaml", "../a.yaml", "./../a.yaml"},
        {"d/s.yaml", "/f/a.yaml", "/f/a.yaml"},
        {"/s.yaml", "a.yaml", "/a.yaml"},
        {"/d/s.yaml", "../f/a.yaml", "/f/a.yaml"},
        {"/s.yaml", "../a.yaml", "/../a.yaml"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = {0};
        char *text = str_format("{title: x, objects: [{file: %s}], end: {at: 1m}}", cases[i].file);
        char *said = str_format("%s:1:29: objects[0].file: opened %s", cases[i].scenario, cases[i].opened);
        scenario_text = text;
        assert_null(scenario_read(cases[i].scenario, note_path, &err));
        assert_string_equal(err.text, said);
        str_free(&said);
        str_free(&text);
    }
}

/* As in an editor's template that was not filled in. */
static void a_field_with_nothing_behind_it_says_nothing(void **state)
{
    struct err err = {0};
    struct scenario *s = read_text("title: x\nversions: {a: {errors: }}\nhooks: [{url: 'http://kube/', gate: open, "
                                   "status: }]\nfaults: [{for: , watches: cut, pods: }]\n"
                                   "acts: [{at: 1m, after: , say: x, apply: , scale: }]\nend: {at: 2m}\n"
                                   "expect: [{events: [{text: a, times: 2, min: }, {text: b, min: , max: 0}]}]\n",
                                   &err);
    if (!s)
        fail_msg("%s", err.text);
    assert_int_equal(s->world.versions[0].change.said, 0);
    assert_int_equal(s->world.hooks[0].status, 200);
    assert_int_equal(s->world.faults[0].kind, FAULT_WATCHES);
    assert_int_equal(s->acts[0].order_count, 0);
    assert_true(s->expectations[0].events[0].min == 2 && s->expectations[0].events[1].min == 0);
    scenario_free(s);
}

static void what_a_scenario_says_is_read(void **state)
{
    struct err err = {0};
    struct scenario *s =
        read_text("title: A story\nseed: 7\nbegin: 2026-01-02T03:04:05Z\nlimit: 2h\n"
                  "objects: [{file: app.yaml}, {file: ../app.yaml},\n"
                  "  {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}]\n"
                  "versions: {'a:1': {errors: 5%, ready: never}}\n"
                  "traffic: [{host: h, perSecond: 2.5, headers: {x: z}}]\n"
                  "hooks: [{url: 'http://g/', gate: closed, delay: 2s}]\n"
                  "faults: [{from: 1m, for: 30s, requests: {status: 503, share: 50%, methods: [PUT]}}]\n"
                  "acts:\n"
                  "- {when: {canary: n/c, phase: Progressing, weight: 20}, after: 3s,\n"
                  "   scale: {name: d, replicas: 3}}\n"
                  "end: {at: 90m}\n"
                  "expect: [{canary: n/c, phase: Failed, events: [{text: t, max: 0}]}]\n",
                  &err);
    if (!s)
        fail_msg("%s", err.text);
    assert_string_equal(s->title, "A story");
    assert_true(s->seed == 7 && s->begin_ms == 1767323045000 && s->limit_ms == 7200000);
    assert_int_equal(node_count(doc_root(s->objects)), 5);
    assert_int_equal(s->world.versions[0].change.said, BEHAVIOUR_ERRORS | BEHAVIOUR_READY);
    assert_true(s->world.versions[0].change.to.errors == 0.05 && s->world.versions[0].change.to.ready_ms == -1);
    assert_true(s->world.flows[0].per_second == 2.5 && node_count(s->world.flows[0].headers) == 1);
    assert_true(s->world.hooks[0].status == 403 && s->world.hooks[0].delay_ms == 2000);
    const struct scenario_fault *fault = &s->world.faults[0];
    assert_true(fault->kind == FAULT_REQUESTS && fault->from_ms == 60000 && fault->until_ms == 90000);
    assert_true(fault->status == 503 && fault->share == 0.5 && node_count(fault->methods) == 1);
    assert_string_equal(fault->host, "kubernetes");
    const struct scenario_act *act = &s->acts[0];
    assert_true(act->moment.weight == 20 && act->moment.after_ms == 3000 && act->moment.at_ms == -1);
    assert_string_equal(act->moment.phase, "Progressing");
    assert_true(act->orders[0].kind == ORDER_SCALE && act->orders[0].replicas == 3);
    assert_string_equal(act->orders[0].object_kind, "Deployment");
    assert_true(s->expectations[0].events[0].min == 0 && s->expectations[0].events[0].max == 0);
    scenario_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_is_refused),
        cmocka_unit_test(a_manifest_is_no_scenario),
        cmocka_unit_test(what_nothing_reaches_is_told),
        cmocka_unit_test(what_strikes_nothing_is_told),
        cmocka_unit_test(what_the_story_brings_is_reached),
        cmocka_unit_test(impossible_times_are_refused),
        cmocka_unit_test(wrong_worlds_are_refused),
        cmocka_unit_test(wrong_faults_are_refused),
        cmocka_unit_test(wrong_acts_are_refused),
        cmocka_unit_test(wrong_objects_are_refused),
        cmocka_unit_test(wrong_expectations_are_refused),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
        cmocka_unit_test(files_are_found_from_where_the_scenario_is),
        cmocka_unit_test(a_field_with_nothing_behind_it_says_nothing),
        cmocka_unit_test(what_a_scenario_says_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
