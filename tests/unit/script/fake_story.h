/* Whole releases under the bundled strategies, for tests: an engine against a small API server that can be killed,
 * troubled or meddled with at any request.
 *
 *     open_world(&w, &canary_story);      // the new image is pushed, the engine runs
 *     w.kill_at = 7;                      // its seventh request is its last one
 *     …                                   // let time pass; w.dead: start the next engine
 *     close_world(&w);
 *
 * A header alone, because every test program links all fake_*.c and most have no engine. */
#pragma once

#include <glob.h>
#include <stdio.h>

#include "fake_context.h"
#include "io/file.h"
#include "rollout/engine.h"
#include "script/strategist.h"

#define HOOKS "http://hooks/"

enum { KEPT_MAX = 64, REQUESTS_MAX = 400 };

struct story {
    const char *analysis;
    const char *bad_hook; /* name of the one that says no; NULL: none */
    const char *phase;    /* at the end */
    const char *image;    /* of the primary, at the end */
    int weights[8];       /* of the canary; -1 ends */
    const char *told_once[12];
    size_t deliveries;
};

struct world;
typedef void meddle_fn(struct world *w);

struct world {
    const struct story *story;
    struct fake_clock *fc;
    struct fake_http *fh;
    struct fake_api *api;
    struct kube_client *kube;
    struct metrics *metrics;
    struct strategist *strategist;
    struct engine *engine;
    bool closed;

    size_t counted, kill_at; /* requests of the release; SIZE_MAX: none is the last */
    bool kill_after, dead;   /* after the server did it */
    bool only_trouble;       /* nobody dies: that one request fails */
    const char *edit;        /* what the Canary is patched with while no engine lives; NULL: nothing */
    meddle_fn *meddle;       /* nobody dies: that is done before it; NULL: nothing */

    int weights[KEPT_MAX]; /* of the canary, each time they change */
    size_t weight_count;
    struct str_list hooks; /* "key body" of each hook that was called */
};

/* --- the scripts, as the binary carries them --- */

enum { MODULES_MAX = 64 };

static struct embedded_module modules[MODULES_MAX];
static size_t module_count;

/* "lua/stdlib/words.lua" is stdlib.words. */
static inline void load_module(const char *path)
{
    struct err err = {0};
    struct buf text;
    buf_init(&text, 1024 * 1024);
    if (!file_read(path, &text, &err)) {
        fail_msg("%s", err.text);
    }
    char *name = str_dup_n(path + strlen("lua/"), strlen(path) - strlen("lua/") - strlen(".lua"));
    *strchr(name, '/') = '.';
    assert_true(module_count < MODULES_MAX);
    struct embedded_module *module = &modules[module_count++];
    *module = (struct embedded_module){.name = name, .len = text.len};
    module->source = buf_take(&text);
}

static inline int load_modules(void **state)
{
    glob_t found;
    module_count = 0;
    assert_int_equal(glob("lua/stdlib/*.lua", 0, NULL, &found), 0);
    assert_int_equal(glob("lua/strategies/*.lua", GLOB_APPEND, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        load_module(found.gl_pathv[i]);
    }
    globfree(&found);
    return 0;
}

static inline int free_modules(void **state)
{
    for (size_t i = 0; i < module_count; i++) {
        mem_free((void *)modules[i].source);
        mem_free((void *)modules[i].name);
    }
    return 0;
}

/* --- the world --- */

/* Leases, lists and watches are of no interest. */
static inline bool is_counted(const struct fake_http_seen *request)
{
    return strstr(request->url, "/leases/") == NULL && strstr(request->url, "?limit=") == NULL &&
           strstr(request->url, "?watch=") == NULL;
}

static inline bool answer_hook(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    struct world *w = ctx;
    if (strstr(request->url, HOOKS) == NULL) {
        return false;
    }
    char *said = str_format("%s %s", fake_http_header(request, "Sluice-Key"), request->body);
    if (!str_list_has(&w->hooks, said)) {
        str_list_push(&w->hooks, said);
    }
    str_free(&said);
    bool bad = w->story->bad_hook != NULL && str_has_suffix(request->url, w->story->bad_hook);
    answer->status = bad ? 400 : 200;
    return true;
}

/* A process that is dead hears nothing any more. */
static inline bool die(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    struct world *w = ctx;
    if (!w->dead && is_counted(request) && ++w->counted == w->kill_at) {
        if (w->meddle != NULL) {
            w->meddle(w);
            return false;
        }
        if (w->only_trouble && !w->kill_after) {
            answer->status = 500;
            answer->body = "{\"message\":\"trouble\"}";
            return true;
        }
        if (w->only_trouble && strstr(request->url, HOOKS) != NULL) {
            answer->code = ERR_TIMEOUT;
            return true;
        }
        if (w->only_trouble) {
            fake_api_lose(w->api, request->method, request->url);
            return false;
        }
        w->dead = true;
        if (w->kill_after && answer_hook(w, request, answer)) {
            answer->hold = true;
            return true;
        }
        if (w->kill_after) {
            fake_api_lose(w->api, request->method, request->url);
            return false; /* done, but not answered */
        }
    }
    answer->hold = w->dead;
    return w->dead;
}

static inline void on_change(void *ctx, const char *path, const struct doc *object)
{
    struct world *w = ctx;
    if (strcmp(path, TARGET) == 0 && w->weight_count > 0 && w->weights[w->weight_count - 1] > 0) {
        assert_true(node_int_or(node_at(doc_root(object), "spec", "replicas"), 1) > 0); /* it has requests to answer */
    }
    if (strcmp(path, ROUTES) != 0 || object == NULL) {
        return;
    }
    const struct node *route = node_get(node_item(node_at(doc_root(object), "spec", "http"), 0), "route");
    int weight = (int)node_int_or(node_get(node_item(route, 1), "weight"), -1);
    if (w->weight_count == 0 || w->weights[w->weight_count - 1] != weight) {
        assert_true(w->weight_count < KEPT_MAX);
        w->weights[w->weight_count++] = weight;
    }
}

static inline bool is_dead(const char *identity)
{
    return true; /* whoever held the Lease was killed */
}

static inline void ignore(void *ctx)
{
}

static inline void on_lost(void *ctx, const struct err *err)
{
    fail_msg("the Lease was lost: %s", err->text);
}

static inline void start_engine(struct world *w, const char *identity)
{
    struct engine_options options = {
        .clock = fake_clock_clock(w->fc),
        .http = fake_http_door(w->fh),
        .kube = w->kube,
        .mesh_kube = w->kube,
        .strategist = w->strategist,
        .metrics = w->metrics,
        .namespace = "test",
        .defaults = {.provider = "istio", .metrics_server = "http://prometheus:9090"},
        .selector_labels = "app,name",
        .include_label_prefix = "app.kubernetes.io",
        .lease_namespace = "test",
        .lease_name = "sluice",
        .identity = identity,
        .is_dead = is_dead,
        .on_lost = on_lost,
        .on_ready = ignore,
        .ctx = w,
    };
    w->engine = engine_new(&options);
    fake_clock_advance(w->fc, 1000);
}

static inline void on_closed(void *ctx)
{
    ((struct world *)ctx)->closed = true;
}

static inline void stop_engine(struct world *w)
{
    w->closed = false;
    engine_close(w->engine, on_closed, w);
    fake_clock_advance(w->fc, 5000); /* what a dead one asks of the Lease is not answered either */
    assert_true(w->closed);
}

static inline void open_world(struct world *w, const struct story *story)
{
    *w = (struct world){.story = story, .kill_at = SIZE_MAX};
    w->fc = fake_clock_new(1773216907000);
    w->fh = fake_http_new(fake_clock_clock(w->fc));
    w->api = fake_api_new(w->fh);
    w->kube = fake_context_client(w->fh, w->fc);
    w->metrics = metrics_new();
    w->strategist = script_strategist_new(fake_clock_clock(w->fc), modules, module_count);
    struct script_limits limits = SCRIPT_LIMITS_DEFAULT;
    limits.replay_words = 2; /* the records are short, and each replay is to have its pauses */
    script_strategist_limit(w->strategist, &limits);
    fake_context_objects(w->api);
    fake_api_edit(w->api, CANARY, "{'status':{'phase':'Initialized','canaryWeight':0}}");
    fake_api_edit(w->api, CANARY, story->analysis);
    fake_api_edit(w->api, TARGET,
                  "{'spec':{'template':{'spec':{'containers':[{'name':'podinfod','image':'podinfo:1'}]}}}}");
    fake_api_edit(w->api, ROUTES, FAKE_ROUTES(100, 0));
    fake_http_handle(w->fh, answer_hook, w);
    start_engine(w, "first");
    fake_clock_advance(w->fc, 1000);
    fake_api_subscribe(w->api, on_change, w);
    fake_http_handle(w->fh, die, w);
    fake_api_edit(
        w->api, TARGET,
        "{'spec':{'replicas':0,'template':{'spec':{'containers':[{'name':'podinfod','image':'podinfo:2'}]}}}}");
}

static inline void close_world(struct world *w)
{
    stop_engine(w);
    script_strategist_free(w->strategist);
    kube_client_free(w->kube);
    metrics_free(w->metrics);
    fake_http_free(w->fh);
    fake_api_free(w->api);
    fake_clock_free(w->fc);
    str_list_fini(&w->hooks);
}

static inline const char *phase(struct world *w)
{
    return node_str_or(node_at(fake_api_find(w->api, CANARY), "status", "phase"), "");
}

static inline bool is_over(struct world *w)
{
    const char *state = node_str(node_at(fake_api_find(w->api, RELEASE), "status", "state"));
    return !release_state_is_open(state);
}

#define HOOK(name, type) "{'name':'" name "','type':'" type "','url':'http://hooks/" name "'}"

/* Each tells fewer than ten events of a type: from the tenth on they are told in one, whose count a crash may add to
 * twice (kube/event.h). */
static const struct story canary_story = {
    .analysis = "{'spec':{'analysis':{'maxWeight':50,'stepWeight':25,'webhooks':[" HOOK(
        "smoke", "pre-rollout") "," HOOK("load", "rollout") "," HOOK("end", "post-rollout") "]}}}",
    .phase = "Succeeded",
    .image = "podinfo:2",
    .weights = {25, 50, 0, -1},
    .told_once = {"New revision detected! Scaling up podinfo.test", "Starting canary analysis for podinfo.test",
                  "Pre-rollout check smoke passed", "Advance podinfo.test canary weight 25",
                  "Advance podinfo.test canary weight 50", "Copying podinfo.test template spec to podinfo-primary.test",
                  "Routing all traffic to primary", "Post-rollout check end passed",
                  "Promotion completed! Scaling down podinfo.test"},
    .deliveries = 4, /* smoke, twice load, end */
};
