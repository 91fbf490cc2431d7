// room: script
/* One whole release under the bundled strategies, whose engine is killed at every single request, once before the server did it and once after. Another
 * engine goes on. Whatever the place: the release ends as if nothing had been, and nothing is done twice. */
#include <stdio.h>

#include "fake_house.h"
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

    int weights[KEPT_MAX]; /* of the canary, each time they change */
    size_t weight_count;
    struct str_list hooks; /* "key body" of each hook that was called */
};

/* --- the scripts, as the binary carries them --- */

static const char *const module_names[] = {
    "stdlib.effects",   "stdlib.gates",      "stdlib.go_format",  "stdlib.hooks",          "stdlib.metrics",
    "stdlib.promotion", "stdlib.rollout",    "stdlib.round",      "stdlib.steps",          "stdlib.strategy",
    "stdlib.template",  "stdlib.thresholds", "strategies.canary", "strategies.blue_green", "strategies.ab_test",
};

enum { MODULES = sizeof module_names / sizeof module_names[0] };

static struct embedded_module modules[MODULES];

static int load_modules(void **state)
{
    for (size_t i = 0; i < MODULES; i++) {
        struct err err = {0};
        struct buf text;
        char *path = str_format("lua/%s.lua", module_names[i]);
        *strchr(path + strlen("lua/"), '.') = '/';
        buf_init(&text, 1024 * 1024);
        if (!file_read(path, &text, &err)) {
            fail_msg("%s", err.text);
        }
        modules[i] = (struct embedded_module){.name = module_names[i], .len = text.len};
        modules[i].source = buf_take(&text);
        str_free(&path);
    }
    return 0;
}

static int free_modules(void **state)
{
    for (size_t i = 0; i < MODULES; i++) {
        mem_free((void *)modules[i].source);
    }
    return 0;
}

/* --- the world --- */

/* Leases, lists and watches are of no interest. */
static bool is_counted(const struct fake_http_seen *request)
{
    return strstr(request->url, "/leases/") == NULL && strstr(request->url, "?limit=") == NULL &&
           strstr(request->url, "?watch=") == NULL;
}

static bool answer_hook(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
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
static bool die(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    struct world *w = ctx;
    if (!w->dead && is_counted(request) && ++w->counted == w->kill_at) {
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

static void on_change(void *ctx, const char *path, const struct doc *object)
{
    struct world *w = ctx;
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

static bool is_dead(const char *identity)
{
    return true; /* whoever held the Lease was killed */
}

static void ignore(void *ctx)
{
}

static void on_lost(void *ctx, const struct err *err)
{
    fail_msg("the Lease was lost: %s", err->text);
}

static void start_engine(struct world *w, const char *identity)
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

static void on_closed(void *ctx)
{
    ((struct world *)ctx)->closed = true;
}

static void stop_engine(struct world *w)
{
    w->closed = false;
    engine_close(w->engine, on_closed, w);
    fake_clock_advance(w->fc, 5000); /* what a dead one asks of the Lease is not answered either */
    assert_true(w->closed);
}

static void open_world(struct world *w, const struct story *story)
{
    *w = (struct world){.story = story, .kill_at = SIZE_MAX};
    w->fc = fake_clock_new(1773216907000);
    w->fh = fake_http_new(fake_clock_clock(w->fc));
    w->api = fake_api_new(w->fh);
    w->kube = fake_house_client(w->fh, w->fc);
    w->metrics = metrics_new();
    w->strategist = script_strategist_new(fake_clock_clock(w->fc), modules, MODULES);
    fake_house_objects(w->api);
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

static void close_world(struct world *w)
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

static const char *phase(struct world *w)
{
    return node_str_or(node_at(fake_api_find(w->api, CANARY), "status", "phase"), "");
}

static bool is_over(struct world *w)
{
    const char *state = node_str(node_at(fake_api_find(w->api, RELEASE), "status", "state"));
    return !release_state_is_open(state);
}

/* Until the release is closed, over the death of one engine; false when nobody was killed. */
static bool play(struct world *w)
{
    bool killed = false;
    for (int second = 0; second < 3000 && !is_over(w); second++) {
        fake_clock_advance(w->fc, 100);
        if (w->dead) {
            killed = true;
            stop_engine(w);
            w->dead = false;
            w->kill_at = SIZE_MAX;
            start_engine(w, "second");
        }
    }
    fake_clock_advance(w->fc, 2000);
    if (!is_over(w)) {
        fail_msg("killed %s request %zu: the release is stuck in phase %s", w->kill_after ? "after" : "before",
                 w->counted, phase(w));
    }
    return killed;
}

/* --- what must be true at the end --- */

/* How often something was told: events that count, and their counts. */
static int64_t told(struct world *w, const char *message)
{
    int64_t count = 0;
    struct str_list names = {0};
    for (size_t i = 0; i < fake_http_seen_count(w->fh); i++) {
        const struct fake_http_seen *request = fake_http_seen(w->fh, i);
        if (strcmp(request->method, "POST") != 0 || strstr(request->url, EVENTS) == NULL) {
            continue;
        }
        struct doc *event = fake_doc(request->body);
        char *path = str_format(EVENTS "/%s", object_name(doc_root(event)));
        const struct node *live = fake_api_find(w->api, path);
        if (live != NULL && node_is(node_get(live, "message"), message) && !str_list_has(&names, path)) {
            count += node_int_or(node_get(live, "count"), 1);
            str_list_push(&names, path);
        }
        str_free(&path);
        doc_free(event);
    }
    str_list_fini(&names);
    return count;
}

static void expect_end(struct world *w, const struct story *story, const char *place)
{
    if (strcmp(phase(w), story->phase) != 0) {
        fail_msg("%s: ended in phase %s", place, phase(w));
    }
    fake_doc_expect(node_at(fake_api_find(w->api, TARGET), "spec", "replicas"), "0");
    const struct node *pod = node_at(fake_api_find(w->api, PRIMARY), "spec", "template", "spec");
    assert_string_equal(node_str(node_get(node_item(node_get(pod, "containers"), 0), "image")), story->image);
    assert_null(fake_api_find(w->api, SLUICE "/podinfo-2"));
    for (size_t i = 0; story->weights[i] >= 0 || i < w->weight_count; i++) {
        if (i >= w->weight_count || w->weights[i] != story->weights[i]) {
            fail_msg("%s: weight %zu is %d, wanted %d", place, i, i < w->weight_count ? w->weights[i] : -1,
                     story->weights[i]);
        }
    }
}

/* What was told and delivered, each once. */
static void expect_story(struct world *w, const struct story *story, const char *place)
{
    for (size_t i = 0; story->told_once[i] != NULL; i++) {
        if (told(w, story->told_once[i]) != 1) {
            fail_msg("%s: told %lld times: %s", place, (long long)told(w, story->told_once[i]), story->told_once[i]);
        }
    }
    if (w->hooks.count != story->deliveries) {
        for (size_t i = 0; i < w->hooks.count; i++) {
            print_message("%s\n", w->hooks.items[i]);
        }
        fail_msg("%s: %zu different deliveries", place, w->hooks.count);
    }
}

/* True when the engine lived to the end. */
static bool live_through(const struct story *story, size_t kill_at, bool kill_after)
{
    struct world w;
    char place[64];
    snprintf(place, sizeof place, "killed %s request %zu", kill_after ? "after" : "before", kill_at);
    open_world(&w, story);
    w.kill_at = kill_at;
    w.kill_after = kill_after;
    bool killed = play(&w);
    expect_end(&w, story, place);
    expect_story(&w, story, place);
    close_world(&w);
    return !killed;
}

static void kill_everywhere(const struct story *story)
{
    for (int after = 0; after < 2; after++) {
        size_t at = 1;
        while (!live_through(story, at, after)) {
            assert_true(++at < REQUESTS_MAX);
        }
        assert_true(at > 10);
    }
}

/* One request fails, or is done and seems to fail; the engine lives. True when there were fewer requests. */
static bool live_with_trouble(const struct story *story, size_t at, bool after)
{
    struct world w;
    char place[64];
    snprintf(place, sizeof place, "request %zu %s", at, after ? "was not answered" : "failed");
    open_world(&w, story);
    w.kill_at = at;
    w.kill_after = after;
    w.only_trouble = true;
    play(&w);
    expect_end(&w, story, place);
    bool reached = w.counted >= at;
    close_world(&w);
    return !reached;
}

static void trouble_everywhere(const struct story *story)
{
    for (int after = 0; after < 2; after++) {
        size_t at = 1;
        while (!live_with_trouble(story, at, after)) {
            assert_true(++at < REQUESTS_MAX);
        }
    }
}

#define HOOK(name, type) "{'name':'" name "','type':'" type "','url':'http://hooks/" name "'}"

/* Each tells fewer than ten events of a type: from the tenth on they are told in one, whose count a crash may add to twice (kube/event.h). */
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

static const struct story slow_promotion_story = {
    .analysis = "{'spec':{'analysis':{'maxWeight':50,'stepWeight':50,'stepWeightPromotion':50,'webhooks':[" HOOK(
        "gate", "confirm-rollout") "," HOOK("ask", "confirm-promotion") "]}}}",
    .phase = "Succeeded",
    .image = "podinfo:2",
    .weights = {50, 0, -1},
    .told_once = {"Confirm-rollout check gate passed", "Advance podinfo.test canary weight 50",
                  "Confirm-promotion check ask passed", "Advance podinfo.test primary weight 100",
                  "Promotion completed! Scaling down podinfo.test"},
    .deliveries = 2,
};

static const struct story blue_green_story = {
    .analysis = "{'spec':{'analysis':{'maxWeight':null,'stepWeight':null,'iterations':2,'webhooks':[" HOOK(
        "load", "rollout") "]}}}",
    .phase = "Succeeded",
    .image = "podinfo:2",
    .weights = {100, 0, -1},
    .told_once = {"Advance podinfo.test canary iteration 1/2", "Advance podinfo.test canary iteration 2/2",
                  "Routing all traffic to canary", "Routing all traffic to primary"},
    .deliveries = 3,
};

static const struct story skipped_story = {
    .analysis = "{'spec':{'skipAnalysis':true}}",
    .phase = "Succeeded",
    .image = "podinfo:2",
    .weights = {-1},
    .told_once = {"Copying podinfo.test template spec to podinfo-primary.test",
                  "Promotion completed! Canary analysis was skipped for podinfo.test"},
};

static const struct story rollback_story = {
    .analysis = "{'spec':{'analysis':{'maxWeight':50,'stepWeight':25,'threshold':2,'webhooks':[" HOOK(
        "load", "rollout") "," HOOK("end", "post-rollout") "]}}}",
    .bad_hook = "load",
    .phase = "Failed",
    .image = "podinfo:1",
    .weights = {25, 0, -1},
    .told_once = {"Advance podinfo.test canary weight 25",
                  "Rolling back podinfo.test failed checks threshold reached 2",
                  "Canary failed! Scaling down podinfo.test"},
    .deliveries = 3, /* load failed twice, end */
};

static void test_a_canary_release_survives_a_crash_anywhere(void **state)
{
    kill_everywhere(&canary_story);
}

static void test_a_promotion_in_steps_survives_a_crash_anywhere(void **state)
{
    kill_everywhere(&slow_promotion_story);
}

static void test_a_blue_green_release_survives_a_crash_anywhere(void **state)
{
    kill_everywhere(&blue_green_story);
}

static void test_a_release_without_analysis_survives_a_crash_anywhere(void **state)
{
    kill_everywhere(&skipped_story);
}

static void test_a_rollback_survives_a_crash_anywhere(void **state)
{
    kill_everywhere(&rollback_story);
}

static void test_one_failure_anywhere_changes_no_end(void **state)
{
    trouble_everywhere(&canary_story);
    trouble_everywhere(&rollback_story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_canary_release_survives_a_crash_anywhere),
        cmocka_unit_test(test_a_promotion_in_steps_survives_a_crash_anywhere),
        cmocka_unit_test(test_a_blue_green_release_survives_a_crash_anywhere),
        cmocka_unit_test(test_a_release_without_analysis_survives_a_crash_anywhere),
        cmocka_unit_test(test_a_rollback_survives_a_crash_anywhere),
        cmocka_unit_test(test_one_failure_anywhere_changes_no_end),
    };
    return cmocka_run_group_tests(tests, load_modules, free_modules);
}
