/* What a Canary's visitors ask for: requests that its routes take, as core/mesh writes them from the same fields. */
#include <string.h>

#include "app/visitors.h"
#include "base/mem.h"
#include "base/str.h"

#define PER_SECOND 50.0
#define PER_SECOND_MATCHED 10.0 /* each condition of an A/B test */
#define PER_SECOND_DIRECT 10.0  /* to the canary's Service, in blue/green */

enum { PATH_MAX_BYTES = 16 * 1024 };

/* --- where to --- */

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

static const char *namespace_of(const struct node *canary)
{
    return node_str_or(node_at(canary, "metadata", "namespace"), "");
}

static const char *apex_of(const struct node *canary)
{
    const char *name = node_str_or(node_at(canary, "spec", "service", "name"), "");
    return name[0] != '\0' ? name : node_str_or(node_at(canary, "spec", "targetRef", "name"), "");
}

/* From inside of the mesh, as far as its VirtualService takes that; else through the gateway, to the first host that is
 * a name. */
static char *host_of(const struct node *canary)
{
    const struct node *service = node_at(canary, "spec", "service"), *gateways = node_get(service, "gateways");
    struct node_iter it = node_iterate(node_get(service, "hosts"));
    while (node_count(gateways) > 0 && !has_text(gateways, "mesh") && node_next(&it)) {
        const char *host = node_str_or(it.value, "");
        if (host[0] != '\0') {
            return strchr(host, '*') != NULL ? str_format("demo%s", host + strcspn(host, ".")) : str_dup(host);
        }
    }
    return str_format("%s.%s", apex_of(canary), namespace_of(canary));
}

/* --- what a condition takes --- */

/* {exact}, {prefix}, {suffix} or {regex} as a text that meets it; mem_free. */
static char *sample_of(const struct node *condition)
{
    static const char *const ways[] = {"exact", "prefix", "suffix"};
    const char *regex = node_str(node_get(condition, "regex"));
    if (regex != NULL) {
        return visitors_sample(regex);
    }
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        const char *text = node_str(node_get(condition, ways[i]));
        if (text != NULL) {
            return str_dup(text);
        }
    }
    return str_dup("x");
}

static void set_sample(struct doc *doc, struct node *headers, const char *name, const struct node *condition)
{
    if (condition != NULL) {
        char *sample = sample_of(condition);
        node_set_str(doc, headers, name, sample);
        mem_free(sample);
    }
}

static void set_path(struct doc *doc, struct node *headers, const struct node *condition)
{
    const struct node *uri = node_get(condition, "uri"), *params = node_get(condition, "queryParams");
    if (uri == NULL && node_count(params) == 0) {
        return;
    }
    struct buf path;
    char *sample = uri != NULL ? sample_of(uri) : str_dup("/");
    buf_init(&path, PATH_MAX_BYTES);
    buf_append_str(&path, sample);
    mem_free(sample);
    struct node_iter it = node_iterate(params);
    while (node_next(&it)) {
        sample = sample_of(it.value);
        buf_printf(&path, "%c%s=%s", it.index == 0 ? '?' : '&', it.key, sample);
        mem_free(sample);
    }
    node_set_str(doc, headers, ":path", buf_str(&path));
    buf_fini(&path);
}

static void set_source(struct doc *doc, struct node *headers, const struct node *condition)
{
    const struct node *labels = node_get(condition, "sourceLabels"), *space = node_get(condition, "sourceNamespace");
    if (node_count(labels) == 0 && space == NULL) {
        return;
    }
    struct node *source = node_new_object(doc);
    node_set(doc, source, "labels", labels != NULL ? node_copy(doc, labels) : node_new_object(doc));
    node_set_str(doc, source, "namespace", node_str_or(space, ""));
    node_set(doc, headers, ":source", source);
}

static struct node *headers_for(struct doc *doc, const struct node *condition)
{
    struct node *headers = node_new_object(doc);
    struct node_iter it = node_iterate(node_get(condition, "headers"));
    while (node_next(&it)) {
        set_sample(doc, headers, it.key, it.value);
    }
    set_path(doc, headers, condition);
    set_source(doc, headers, condition);
    set_sample(doc, headers, ":method", node_get(condition, "method"));
    set_sample(doc, headers, ":scheme", node_get(condition, "scheme"));
    set_sample(doc, headers, ":authority", node_get(condition, "authority"));
    return headers;
}

/* --- the streams --- */

struct reading {
    struct doc *doc;
    const struct node *canary;
    const char *host;
    struct node *streams;
};

static void push(const struct reading *r, const char *host, double per_second, struct node *headers)
{
    struct node *stream = node_new_object(r->doc);
    if (node_bool_or(node_at(r->canary, "spec", "service", "delegation"), false) && strcmp(host, r->host) == 0) {
        char *entry = str_format("%s/%s", namespace_of(r->canary), apex_of(r->canary));
        node_set_str(r->doc, headers, ":delegate", entry);
        mem_free(entry);
    }
    node_set_str(r->doc, stream, "host", host);
    node_set(r->doc, stream, "perSecond", node_new_real(r->doc, per_second));
    node_set(r->doc, stream, "headers", headers);
    node_push(r->streams, stream);
}

static struct node *merged(struct doc *doc, const struct node *analysis, const struct node *service)
{
    static const char *const both[] = {"headers", "sourceLabels"};
    struct node *condition = node_copy(doc, service);
    for (size_t i = 0; i < sizeof both / sizeof both[0]; i++) {
        const struct node *value = node_get(analysis, both[i]);
        if (value != NULL) {
            node_set(doc, condition, both[i], node_copy(doc, value));
        }
    }
    return condition;
}

/* What spec.service.match takes (without one, anything); `analysis`: of it what a condition of an A/B test takes. */
static void push_service(const struct reading *r, const struct node *analysis, double per_second)
{
    const struct node *service = node_at(r->canary, "spec", "service", "match");
    size_t count = node_count(service);
    if (count == 0) {
        push(r, r->host, per_second, headers_for(r->doc, analysis));
        return;
    }
    struct node_iter it = node_iterate(service);
    while (node_next(&it)) {
        const struct node *condition = analysis != NULL ? merged(r->doc, analysis, it.value) : it.value;
        push(r, r->host, per_second / (double)count, headers_for(r->doc, condition));
    }
}

struct doc *visitors_streams(const struct node *canary)
{
    struct doc *doc = doc_new();
    char *host = host_of(canary);
    struct reading r = {doc, canary, host, node_new_array(doc)};
    const struct node *analysis = node_at(canary, "spec", "analysis"), *match = node_get(analysis, "match");
    doc_set_root(doc, r.streams);
    push_service(&r, NULL, PER_SECOND);
    struct node_iter it = node_iterate(match);
    while (node_next(&it)) {
        push_service(&r, it.value, PER_SECOND_MATCHED);
    }
    double iterations = 0;
    node_real(node_get(analysis, "iterations"), &iterations);
    if (iterations > 0 &&
        node_count(match) == 0) { /* no share of the users' goes to the canary before it is promoted */
        char *direct = str_format("%s-canary.%s", apex_of(canary), namespace_of(canary));
        push(&r, direct, PER_SECOND_DIRECT, node_new_object(doc));
        mem_free(direct);
    }
    mem_free(host);
    return doc;
}
