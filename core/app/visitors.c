#include "app/visitors.h"

#include <string.h>

#include "base/mem.h"

#define PER_SECOND 50.0
#define PER_SECOND_MATCHED 10.0 /* each condition of an A/B test */

/* Where the requests of one Canary go. */
struct visit {
    char *canary; /* "namespace/name" */
    char *host;
    struct doc *headers; /* an array of {name: value}, one for each stream; null: none */
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

/* --- what a Canary asks for --- */

static bool has_text(const struct node *array, const char *text)
{
    struct node_iter it = node_iterate(array);
    while (node_next(&it)) {
        if (node_is(it.value, text)) {
            return true;
        }
    }
    return false;
}

/* The host to ask: from inside of the mesh if the VirtualService serves that, otherwise through the gateway, at the
 * first host that is a name. */
static char *host_of(const struct node *canary)
{
    const struct node *service = node_at(canary, "spec", "service"), *gateways = node_get(service, "gateways");
    const char *name = node_str_or(node_get(service, "name"), "");
    if (name[0] == '\0') {
        name = node_str_or(node_at(canary, "spec", "targetRef", "name"), "");
    }
    struct node_iter it = node_iterate(node_get(service, "hosts"));
    while (node_count(gateways) > 0 && !has_text(gateways, "mesh") && node_next(&it)) {
        const char *host = node_str_or(it.value, "");
        if (host[0] != '\0') {
            return strchr(host, '*') != NULL ? str_format("demo%s", host + strcspn(host, ".")) : str_dup(host);
        }
    }
    return str_format("%s.%s", name, node_str_or(node_at(canary, "metadata", "namespace"), ""));
}

/* {exact}, {prefix} or {regex} of a condition as a value that meets it. */
static void add_header(struct doc *doc, struct node *headers, const char *name, const struct node *condition)
{
    const char *regex = node_str(node_get(condition, "regex"));
    const char *text = node_str(node_get(condition, "exact"));
    char *sample = regex != NULL ? visitors_sample(regex) : NULL;
    text = text != NULL ? text : node_str(node_get(condition, "prefix"));
    node_set_str(doc, headers, name, sample != NULL ? sample : text != NULL ? text : "x");
    mem_free(sample);
}

static struct doc *headers_of(const struct node *canary)
{
    struct doc *doc = doc_new();
    struct node *streams = node_new_array(doc);
    doc_set_root(doc, streams);
    node_push(streams, node_new_null(doc));
    struct node_iter it = node_iterate(node_at(canary, "spec", "analysis", "match"));
    while (node_next(&it)) {
        struct node *headers = node_new_object(doc);
        struct node_iter header = node_iterate(node_get(it.value, "headers"));
        while (node_next(&header)) {
            add_header(doc, headers, header.key, header.value);
        }
        if (node_get(it.value, "uri") != NULL) {
            add_header(doc, headers, ":path", node_get(it.value, "uri"));
        }
        if (node_get(it.value, "method") != NULL) {
            add_header(doc, headers, ":method", node_get(it.value, "method"));
        }
        if (node_count(headers) > 0) {
            node_push(streams, headers);
        }
    }
    return doc;
}

/* --- coming and going --- */

static void flow(const struct visitors *v, const struct visit *visit, double share)
{
    struct node_iter it = node_iterate(doc_root(visit->headers));
    while (node_next(&it)) {
        bool has_headers = node_type(it.value) == NODE_OBJECT;
        double per_second = has_headers ? PER_SECOND_MATCHED : PER_SECOND;
        traffic_flow(cluster_traffic(v->cluster), visit->host, per_second * share, has_headers ? it.value : NULL);
    }
}

static void visit_fini(struct visit *visit)
{
    str_free(&visit->canary);
    str_free(&visit->host);
    doc_free(visit->headers);
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

static bool is_same(const struct visit *a, const struct visit *b)
{
    return strcmp(a->host, b->host) == 0 && node_equal(doc_root(a->headers), doc_root(b->headers));
}

static void leave(struct visitors *v, struct visit *visit)
{
    flow(v, visit, 0);
    visit_fini(visit);
    *visit = v->visits[--v->count];
}

static void come(struct visitors *v, struct visit *visit)
{
    size_t matched = node_count(doc_root(visit->headers)) - 1;
    v->visits = mem_resize(v->visits, (v->count + 1) * sizeof v->visits[0]);
    v->visits[v->count++] = *visit;
    flow(v, visit, 1);
    tell(v, "%g requests per second to %s%s", PER_SECOND + PER_SECOND_MATCHED * (double)matched, visit->host,
         matched > 0 ? ", some as the A/B test wants them" : "");
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
                           .host = host_of(canary),
                           .headers = headers_of(canary)};
    struct visit *now = find(v, wanted.canary);
    bool is_wanted = !is_gone && !scenario_brings(v->scenario, wanted.canary);
    bool stays = now != NULL && is_wanted && is_same(now, &wanted);
    if (now != NULL && !stays) {
        leave(v, now);
    }
    if (is_wanted && !stays) {
        come(v, &wanted);
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
