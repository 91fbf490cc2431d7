/* A scenario without an engine: the test plays the engine where one is needed, by writing the Canary's status.
 *
 * A header alone, because only the tests of sim/story/play.h need it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "io/virtual_clock.h"
#include "sim/api/caller.h"
#include "sim/story/play.h"

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

static inline bool open_story(const char *path, struct buf *text, struct err *err)
{
    return buf_append_str(text, story_text);
}

static inline int64_t now_ms(const struct story *s)
{
    return clock_mono_ms(virtual_clock_clock(s->time));
}

static inline void note(struct story *s, const char *who, const char *text)
{
    buf_printf(&s->told, "%lld %s%s\n", (long long)(now_ms(s) / SECOND), who, text);
}

static inline void on_people(void *ctx, const char *text)
{
    note(ctx, "", text);
}

static inline void on_world(void *ctx, const char *text)
{
    note(ctx, "* ", text);
}

static inline void on_engine(void *ctx, bool up)
{
    note(ctx, "engine ", up ? "up" : "down");
}

static inline void on_ended(void *ctx, const struct err *err)
{
    struct story *s = ctx;
    s->has_ended = true;
    s->ended = *err;
    note(s, "", "end");
}

static inline void create(struct story *s, const char *yaml)
{
    struct err err = {0};
    struct doc *objects = yaml_parse_all("objects", yaml, strlen(yaml), &err);
    assert_true(objects && cluster_create(s->cluster, doc_root(objects), &err));
    doc_free(objects);
}

static inline void story_open(struct story *s, const char *text)
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
static inline void story_open_with_target(struct story *s, const char *text)
{
    char *whole = str_format("title: x\n%s%s", target, text);
    story_open(s, whole);
    str_free(&whole);
}

static inline void run_until(struct story *s, int64_t ms)
{
    virtual_clock_run(s->time, ms);
}

static inline void expect_told(struct story *s, const char *told)
{
    assert_string_equal(buf_str(&s->told), told);
}

static inline void story_close(struct story *s)
{
    play_free(s->play);
    scenario_free(s->scenario);
    cluster_free(s->cluster);
    virtual_clock_free(s->time);
    buf_fini(&s->told);
}

/* What an engine would write. */
static inline void set_phase(struct story *s, const char *phase, int weight)
{
    struct err err = {0};
    char *body = str_format("{\"status\":{\"phase\":\"%s\",\"canaryWeight\":%d}}", phase, weight);
    struct caller_request request = {"PATCH", "/apis/flagger.app/v1beta1/namespaces/default/canaries/web/status", "",
                                     "application/merge-patch+json", body};
    if (!caller_send(cluster_api(s->cluster), &request, &err))
        fail_msg("%s", err.text);
    str_free(&body);
}

static inline void send_event(struct story *s, const char *name, const char *message)
{
    char *yaml = str_format("{apiVersion: v1, kind: Event, metadata: {name: %s, namespace: default}, message: '%s',\n"
                            " involvedObject: {kind: Canary, namespace: default, name: web}}",
                            name, message);
    create(s, yaml);
    str_free(&yaml);
}

static inline struct doc *find(struct story *s, const char *storage, const char *name)
{
    return objects_get(api_objects(cluster_api(s->cluster)), storage, "default", name);
}

/* --- requests of whoever works on the cluster --- */

struct answer {
    int status, count;
    enum err_code code;
    char body[256];
};

static inline void on_done(void *ctx, const struct http_response *response, const struct err *err)
{
    struct answer *answer = ctx;
    answer->count++;
    answer->status = response ? response->status : 0;
    answer->code = err->code;
    str_copy(answer->body, sizeof answer->body, response ? response->body : "");
}

static inline struct answer ask(struct story *s, const char *method, const char *url)
{
    struct answer answer = {0};
    struct http_request request = {.method = method, .url = url, .timeout_ms = 10 * SECOND};
    http_start(network_door(cluster_network(s->cluster)), &request, NULL, on_done, &answer);
    while (answer.count == 0)
        run_until(s, now_ms(s) + 1);
    return answer;
}

#define VERSION_URL "http://kubernetes/version"
