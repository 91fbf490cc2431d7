#include "app/visitors.h"

#include <string.h>

#include "base/mem.h"

/* Where the requests of one Canary go. */
struct visit {
    char *canary;        /* "namespace/name" */
    struct doc *streams; /* as visitors_streams says */
};

struct visitors {
    struct cluster *cluster;
    const struct scenario *scenario;
    void (*told)(void *ctx, const char *text);
    void *ctx;
    struct visit *visits;
    size_t count;
};

static void tell(struct visitors *v, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void tell(struct visitors *v, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = str_format_v(format, args);
    va_end(args);
    v->told(v->ctx, text);
    mem_free(text);
}

/* --- coming and going --- */

static void flow(const struct visitors *v, const struct visit *visit, double share)
{
    struct node_iter it = node_iterate(doc_root(visit->streams));
    while (node_next(&it)) {
        const struct node *headers = node_get(it.value, "headers");
        double per_second = 0;
        node_real(node_get(it.value, "perSecond"), &per_second);
        traffic_flow(cluster_traffic(v->cluster), node_str(node_get(it.value, "host")), per_second * share,
                     node_count(headers) > 0 ? headers : NULL);
    }
}

static void visit_fini(struct visit *visit)
{
    str_free(&visit->canary);
    doc_free(visit->streams);
}

static struct visit *find(const struct visitors *v, const char *canary)
{
    for (size_t i = 0; i < v->count; i++) {
        if (strcmp(v->visits[i].canary, canary) == 0) {
            return &v->visits[i];
        }
    }
    return NULL;
}

static void leave(struct visitors *v, struct visit *visit)
{
    flow(v, visit, 0);
    visit_fini(visit);
    *visit = v->visits[--v->count];
}

static double sum_of(const struct node *streams)
{
    double sum = 0;
    struct node_iter it = node_iterate(streams);
    while (node_next(&it)) {
        double per_second = 0;
        node_real(node_get(it.value, "perSecond"), &per_second);
        sum += per_second;
    }
    return sum;
}

static void tell_of(struct visitors *v, const struct visit *visit, const struct node *canary)
{
    const struct node *streams = doc_root(visit->streams), *last = node_item(streams, node_count(streams) - 1);
    const struct node *service = node_at(canary, "spec", "service");
    const char *host = node_str(node_get(node_item(streams, 0), "host"));
    const char *direct = node_str(node_get(last, "host"));
    bool is_test = node_count(node_at(canary, "spec", "analysis", "match")) > 0, is_direct = strcmp(host, direct) != 0;
    bool is_delegate = node_bool_or(node_get(service, "delegation"), false);
    tell(v, "%g requests per second to %s%s%s%s%s", sum_of(streams), host,
         is_test ? ", some as the A/B test wants them" : "", is_direct ? ", some straight to " : "",
         is_direct ? direct : "", is_delegate ? ", as if a gateway's VirtualService delegated to its own" : "");
    if (str_equal(node_str(node_get(service, "appProtocol")), "tcp")) {
        tell(v, "%s speaks TCP: each connection counts as a request here, a mesh reports none of them", host);
    }
}

static void come(struct visitors *v, struct visit *visit, const struct node *canary)
{
    v->visits = mem_resize(v->visits, (v->count + 1) * sizeof v->visits[0]);
    v->visits[v->count++] = *visit;
    flow(v, visit, 1);
    tell_of(v, visit, canary);
}

static bool brings(const struct node *objects, const char *canary)
{
    struct node_iter it = node_iterate(objects);
    while (node_next(&it)) {
        char *name = str_format("%s/%s", node_str_or(node_at(it.value, "metadata", "namespace"), "default"),
                                node_str_or(node_at(it.value, "metadata", "name"), ""));
        bool is_it = node_is(node_get(it.value, "kind"), "Canary") && strcmp(name, canary) == 0;
        mem_free(name);
        if (is_it) {
            return true;
        }
    }
    return false;
}

static bool scenario_brings(const struct scenario *scenario, const char *canary)
{
    if (scenario == NULL) {
        return false;
    }
    if (brings(doc_root(scenario->objects), canary)) {
        return true;
    }
    for (size_t i = 0; i < scenario->act_count; i++) {
        for (size_t j = 0; j < scenario->acts[i].order_count; j++) {
            if (brings(doc_root(scenario->acts[i].orders[j].objects), canary)) {
                return true;
            }
        }
    }
    return false;
}

static void note_canary(struct visitors *v, const struct node *canary, bool is_gone)
{
    struct visit wanted = {.canary = str_format("%s/%s", node_str_or(node_at(canary, "metadata", "namespace"), ""),
                                                node_str_or(node_at(canary, "metadata", "name"), "")),
                           .streams = visitors_streams(canary)};
    struct visit *now = find(v, wanted.canary);
    bool is_wanted = !is_gone && !scenario_brings(v->scenario, wanted.canary);
    bool stays = now != NULL && is_wanted && node_equal(doc_root(now->streams), doc_root(wanted.streams));
    if (now != NULL && !stays) {
        leave(v, now);
    }
    if (is_wanted && !stays) {
        come(v, &wanted, canary);
    } else {
        visit_fini(&wanted);
    }
}

/* --- annotations --- */

static void note_template(struct visitors *v, const struct objects_event *event)
{
    const struct node *annotations = node_at(event->object, "spec", "template", "metadata", "annotations");
    const struct node *before = node_at(event->before, "spec", "template", "metadata", "annotations");
    struct str_list wrong = {0};
    if (!node_equal(annotations, before)) {
        behaviour_read(annotations, &wrong);
    }
    for (size_t i = 0; i < wrong.count; i++) {
        tell(v, "Deployment %s.%s: %s", node_str_or(node_at(event->object, "metadata", "name"), ""),
             node_str_or(node_at(event->object, "metadata", "namespace"), ""), wrong.items[i]);
    }
    str_list_fini(&wrong);
}

static void on_change(void *ctx, const struct objects_event *event)
{
    bool is_gone = event->change == OBJECTS_DELETED;
    if (strcmp(event->storage, "flagger.app/canaries") == 0) {
        note_canary(ctx, event->object, is_gone);
    } else if (strcmp(event->storage, "apps/deployments") == 0 && !is_gone) {
        note_template(ctx, event);
    }
}

/* --- life --- */

struct visitors *visitors_new(struct cluster *cluster, const struct scenario *scenario,
                              void (*told)(void *ctx, const char *text), void *ctx)
{
    struct visitors *v = mem_new(struct visitors);
    *v = (struct visitors){.cluster = cluster, .scenario = scenario, .told = told, .ctx = ctx};
    objects_listen(api_objects(cluster_api(cluster)), on_change, v);
    return v;
}

void visitors_free(struct visitors *v)
{
    if (v == NULL) {
        return;
    }
    objects_unlisten(api_objects(cluster_api(v->cluster)), on_change, v);
    for (size_t i = 0; i < v->count; i++) {
        visit_fini(&v->visits[i]);
    }
    mem_free(v->visits);
    mem_free(v);
}
