/* Each fault comes and goes by a timer of its own. When two faults keep the same thing down, it comes back with the end
 * of the last one. A request meets every fault that concerns it, in the order in which the faults came: their delays
 * add up, and the first fault that does more than delay decides. Which requests a partial fault strikes is drawn from
 * the seed, so the same seed strikes the same requests. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/ground/noise.h"
#include "sim/story/play_inner.h"
#include "sim/traffic/workload_name.h"

enum { BODY_MAX = 512 };

struct fault {
    struct fault *next;
    struct play_faults *faults;
    const struct scenario_fault *what;
    struct timer begin, end;
    bool is_there;
    int64_t draws; /* how often its dice were thrown */
    uint64_t place;
};

struct play_faults {
    struct play *play;
    uint64_t seed, count;
    struct fault *first, **last; /* in the order in which they came */
    char body[BODY_MAX];         /* of the answer a fate gives; read before the next one is asked for */
};

static void tell(const struct fault *fault, bool begins)
{
    char *text = play_fault_text(fault->what, begins);
    play_tell_world(fault->faults->play, "%s", text);
    str_free(&text);
}

/* --- requests --- */

/* Throws its dice when all else fits. */
static bool strikes(struct fault *fault, const struct http_request *request)
{
    const struct scenario_fault *what = fault->what;
    const char *host = strstr(request->url, "://");
    host = host != NULL ? host + 3 : request->url;
    size_t len = strcspn(host, "/?#");
    bool has_method = what->methods == NULL;
    struct node_iter it = node_iterate(what->methods);
    while (node_next(&it)) {
        has_method = has_method || node_is(it.value, request->method);
    }
    if (!fault->is_there || what->kind != FAULT_REQUESTS || !has_method || strlen(what->host) != len ||
        strncmp(what->host, host, len) != 0) {
        return false;
    }
    return what->share >= 1 || (noise_at(fault->faults->seed, fault->place, fault->draws++) + 1) / 2 < what->share;
}

/* As the API server says it; everybody else says nothing. */
static void write_body(struct play_faults *faults, const struct scenario_fault *what)
{
    static const struct {
        int status;
        const char *reason, *message;
    } words[] = {
        {401, "Unauthorized", "Unauthorized"},
        {403, "Forbidden", "forbidden"},
        {404, "NotFound", "the server could not find the requested resource"},
        {409, "Conflict",
         "the object has been modified; please apply your changes to the latest version and try again"},
        {410, "Expired", "too old resource version"},
        {429, "TooManyRequests", "too many requests, please try again later"},
        {503, "ServiceUnavailable", "the server is currently unable to handle the request"},
        {504, "Timeout", "the request did not complete within the allotted time"},
    };
    const char *reason = "InternalError", *message = "an error on the server has prevented the request from succeeding";
    faults->body[0] = '\0';
    if (!str_equal(what->host, "kubernetes")) {
        return;
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i].status != what->status) {
            continue;
        }
        reason = words[i].reason;
        message = words[i].message;
    }
    char *text = str_format("{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\","
                            "\"message\":\"%s\",\"reason\":\"%s\",\"code\":%d}",
                            message, reason, what->status);
    str_copy(faults->body, sizeof faults->body, text);
    str_free(&text);
}

static struct network_fate fate_of(void *ctx, const struct http_request *request)
{
    struct play_faults *faults = ctx;
    struct network_fate fate = {0};
    for (struct fault *fault = faults->first; fault != NULL; fault = fault->next) {
        const struct scenario_fault *what = fault->what;
        if (!strikes(fault, request)) {
            continue;
        }
        fate.delay_ms += what->latency_ms;
        if (what->latency_ms > 0) {
            continue;
        }
        fate.code = what->is_unreachable ? ERR_UNREACHABLE : ERR_NONE;
        fate.lose_answer = what->loses_answers;
        fate.status = what->status;
        write_body(faults, what);
        fate.body = faults->body;
        break;
    }
    return fate;
}

/* --- watches, Prometheus, Pods --- */

static void cut_watches(struct play *play, bool expires)
{
    network_cut(cluster_network(play->cluster), "kubernetes");
    if (expires) {
        objects_compact(api_objects(cluster_api(play->cluster)));
    }
}

static void set_answers(struct play *play, const struct scenario_fault *what, bool there)
{
    struct prometheus *prometheus = cluster_prometheus(play->cluster);
    struct node_iter it = node_iterate(what->answers);
    while (node_next(&it)) {
        double value = NAN;
        node_real(it.value, &value);
        if (there) {
            prometheus_answer(prometheus, it.key, value);
        } else {
            prometheus_forget(prometheus, it.key);
        }
    }
}

static void set_prometheus(struct play_faults *faults, const struct scenario_fault *what, bool there)
{
    if (what->is_blind) {
        prometheus_set_blind(cluster_prometheus(faults->play->cluster), there);
    }
    set_answers(faults->play, what, there);
    for (struct fault *other = faults->first; other != NULL && !there; other = other->next) {
        if (other->is_there) {
            set_answers(faults->play, other->what, true); /* to a query that both of them know */
        }
    }
}

struct lost {
    const struct objects *objects;
    const char *workload;
    int64_t wanted;
    struct str_list names;
};

static bool choose_pod(void *ctx, const struct node *pod)
{
    struct lost *lost = ctx;
    char *workload = workload_name(lost->objects, pod);
    if (str_equal(workload, lost->workload) && node_get(node_get(pod, "metadata"), "deletionTimestamp") == NULL) {
        str_list_push(&lost->names, node_str_or(node_at(pod, "metadata", "name"), ""));
    }
    str_free(&workload);
    return (int64_t)lost->names.count < lost->wanted;
}

static void lose_pods(struct play *play, const struct scenario_fault *what)
{
    struct api *api = cluster_api(play->cluster);
    struct lost lost = {.objects = api_objects(api), .workload = what->workload, .wanted = what->lost};
    const struct kind *kind = kinds_find(api_kinds(api), "", "v1", "pods");
    if (what->lost > 0) {
        objects_each(lost.objects, kind->storage, what->namespace, choose_pod, &lost);
    }
    for (size_t i = 0; i < lost.names.count; i++) {
        struct err err;
        char *path = caller_path(kind, what->namespace, lost.names.items[i]);
        caller_send(api, &(struct caller_request){"DELETE", path, "gracePeriodSeconds=0", NULL, ""}, &err);
        str_free(&path);
    }
    str_list_fini(&lost.names);
}

/* --- coming and going --- */

/* Its end changes nothing yet: another fault of its kind keeps down what it kept down. Of requests each has its own. */
static bool is_covered(const struct fault *fault)
{
    const struct scenario_fault *what = fault->what;
    for (const struct fault *other = fault->faults->first; other != NULL; other = other->next) {
        if (other != fault && other->is_there && what->kind != FAULT_REQUESTS && other->what->kind == what->kind &&
            other->what->is_blind == what->is_blind) {
            return true;
        }
    }
    return false;
}

static void begin(struct fault *fault)
{
    struct play *play = fault->faults->play;
    const struct scenario_fault *what = fault->what;
    fault->is_there = true;
    switch (what->kind) {
    case FAULT_REQUESTS:
        if (what->is_unreachable && what->share >= 1) { /* who is gone holds no connection either */
            network_cut(cluster_network(play->cluster), what->host);
        }
        break;
    case FAULT_WATCHES:
        cut_watches(play, what->expires);
        break;
    case FAULT_PROMETHEUS:
        set_prometheus(fault->faults, what, true);
        break;
    case FAULT_PODS:
        cluster_set_full(play->cluster, true);
        lose_pods(play, what);
        break;
    case FAULT_ENGINE:
        if (play->listener.engine != NULL) {
            play->listener.engine(play->listener.ctx, false);
        }
        break;
    }
}

static void end(struct fault *fault)
{
    struct play *play = fault->faults->play;
    fault->is_there = false;
    if (fault->what->kind == FAULT_PROMETHEUS && !(fault->what->is_blind && is_covered(fault))) {
        set_prometheus(fault->faults, fault->what, false);
    } else if (fault->what->kind == FAULT_PODS) {
        cluster_set_full(play->cluster, is_covered(fault));
    } else if (fault->what->kind == FAULT_ENGINE && !is_covered(fault) && play->listener.engine != NULL) {
        play->listener.engine(play->listener.ctx, true);
    }
}

static void on_end(struct timer *timer, void *ctx)
{
    if (!is_covered(ctx)) {
        tell(ctx, false);
    }
    end(ctx);
}

static void on_begin(struct timer *timer, void *ctx)
{
    struct fault *fault = ctx;
    const struct scenario_fault *what = fault->what;
    tell(fault, true);
    begin(fault);
    if (what->until_ms >= 0) {
        timer_start(fault->faults->play->clock, &fault->end, what->until_ms - what->from_ms, on_end, fault);
    }
}

void play_faults_add(struct play_faults *faults, const struct scenario_fault *what)
{
    struct fault *fault = mem_new(struct fault);
    *fault = (struct fault){.faults = faults, .what = what, .place = ++faults->count};
    *faults->last = fault;
    faults->last = &fault->next;
    if (what->from_ms == 0) {
        on_begin(&fault->begin, fault);
    } else {
        timer_start(faults->play->clock, &fault->begin, what->from_ms, on_begin, fault);
    }
}

void play_faults_lift(struct play_faults *faults)
{
    for (struct fault *fault = faults->first; fault != NULL; fault = fault->next) {
        timer_cancel(&fault->begin);
        timer_cancel(&fault->end);
        if (fault->is_there) {
            end(fault);
        }
    }
}

struct play_faults *play_faults_new(struct play *play, uint64_t seed)
{
    struct play_faults *faults = mem_new(struct play_faults);
    *faults = (struct play_faults){.play = play, .seed = seed};
    faults->last = &faults->first;
    network_fates(cluster_network(play->cluster), fate_of, faults);
    return faults;
}

void play_faults_free(struct play_faults *faults)
{
    network_fates(cluster_network(faults->play->cluster), NULL, NULL);
    for (struct fault *fault = faults->first; fault != NULL; fault = faults->first) {
        faults->first = fault->next;
        timer_cancel(&fault->begin);
        timer_cancel(&fault->end);
        mem_free(fault);
    }
    mem_free(faults);
}
