/* A cluster in virtual time for tests of the controllers: objects go in as text, time passes, and fields are read
 * back. */
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
#include "sim/api/api.h"
#include "sim/controllers/controllers.h"

struct world {
    struct virtual_clock *vc;
    struct api *api;
    struct behaviours *behaviours;
    struct controllers *controllers;
    struct doc *read;
};

static inline int setup(void **state)
{
    static struct world world;
    world = (struct world){.vc = virtual_clock_new(1767225600000), .behaviours = behaviours_new()};
    world.api = api_new(virtual_clock_clock(world.vc));
    world.controllers = controllers_new(world.api, virtual_clock_clock(world.vc), world.behaviours);
    *state = &world;
    return 0;
}

static inline int teardown(void **state)
{
    struct world *w = *state;
    doc_free(w->read);
    controllers_free(w->controllers);
    api_free(w->api);
    behaviours_free(w->behaviours);
    virtual_clock_free(w->vc); /* asserts that nobody waits for anything */
    return 0;
}

static inline void pass(struct world *w, int64_t ms)
{
    virtual_clock_run(w->vc, clock_mono_ms(virtual_clock_clock(w->vc)) + ms);
}

/* "deployments" of "apps/v1" and so on. */
static inline const struct kind *kind_of(struct world *w, const char *plural)
{
    struct kinds *kinds = api_kinds(w->api);
    for (size_t i = 0; i < kinds_count(kinds); i++)
        if (str_equal(kinds_at(kinds, i)->plural, plural))
            return kinds_at(kinds, i);
    fail_msg("no kind %s", plural);
    return NULL;
}

/* Borrowed until the next read. NULL: there is none. */
static inline const struct node *read_object(struct world *w, const char *plural, const char *name)
{
    const struct kind *kind = kind_of(w, plural);
    doc_free(w->read);
    w->read = objects_get(api_objects(w->api), kind->storage, kind->is_namespaced ? "default" : NULL, name);
    return doc_root(w->read);
}

static inline void create(struct world *w, const char *plural, const char *yaml)
{
    struct err err = {0};
    struct doc *doc = yaml_parse("object", yaml, strlen(yaml), &err);
    struct doc *stored = doc ? api_create(w->api, kind_of(w, plural), doc_root(doc), &err) : NULL;
    if (!stored)
        fail_msg("%s", err.text);
    doc_free(doc);
    doc_free(stored);
}

static inline void destroy(struct world *w, const char *plural, const char *name)
{
    struct err err = {0};
    const struct kind *kind = kind_of(w, plural);
    if (!api_delete(w->api, kind, kind->is_namespaced ? "default" : NULL, name, &err))
        fail_msg("%s", err.text);
}

/* Reads, lets `value` (JSON) stand at "spec.a.b" and writes. "null" removes it. */
static inline void change(struct world *w, const char *plural, const char *name, const char *path, const char *value)
{
    struct err err = {0};
    struct str_list keys = {0};
    read_object(w, plural, name);
    struct doc *doc = w->read, *parsed = doc_parse(value, strlen(value), &err);
    str_list_split(&keys, path, '.');
    struct node *at = doc_root(doc);
    for (size_t i = 0; i + 1 < keys.count; i++)
        at = node_get(at, keys.items[i]) ? node_get(at, keys.items[i]) : node_ensure_object(doc, at, keys.items[i]);
    node_remove(at, keys.items[keys.count - 1]);
    if (node_type(doc_root(parsed)) != NODE_NULL)
        node_set(doc, at, keys.items[keys.count - 1], node_copy(doc, doc_root(parsed)));
    struct doc *stored = api_update(w->api, kind_of(w, plural), NULL, doc_root(doc), &err);
    if (!stored)
        fail_msg("%s", err.text);
    doc_free(stored);
    doc_free(parsed);
    str_list_fini(&keys);
}

static inline int64_t number(struct world *w, const char *plural, const char *name, const char *key)
{
    return node_int_or(node_at(read_object(w, plural, name), "status", key), 0);
}

/* Of a condition of an object: "True ReasonOfIt: message". Borrowed until the next call. */
static inline const char *condition(struct world *w, const char *plural, const char *name, const char *type)
{
    static char text[1024];
    struct node_iter it = node_iterate(node_at(read_object(w, plural, name), "status", "conditions"));
    text[0] = '\0';
    while (node_next(&it)) {
        if (!node_is(node_get(it.value, "type"), type))
            continue;
        char *told =
            str_format("%s %s: %s", node_str_or(node_get(it.value, "status"), ""),
                       node_str_or(node_get(it.value, "reason"), ""), node_str_or(node_get(it.value, "message"), ""));
        str_copy(text, sizeof text, told);
        mem_free(told);
    }
    return text;
}

struct listed {
    struct str_list names;
    const char *prefix;
};

static inline bool on_listed(void *ctx, const struct node *object)
{
    struct listed *listed = ctx;
    const char *name = node_str(node_at(object, "metadata", "name"));
    if (str_has_prefix(name, listed->prefix))
        str_list_push(&listed->names, name);
    return true;
}

static inline struct str_list names_of(struct world *w, const char *plural, const char *prefix)
{
    const struct kind *kind = kind_of(w, plural);
    struct listed listed = {.prefix = prefix};
    objects_each(api_objects(w->api), kind->storage, kind->is_namespaced ? "default" : NULL, on_listed, &listed);
    return listed.names;
}

static inline size_t count(struct world *w, const char *plural, const char *prefix)
{
    struct str_list names = names_of(w, plural, prefix);
    size_t found = names.count;
    str_list_fini(&names);
    return found;
}

/* The first of them; fails without one. The caller frees it. */
static inline char *first(struct world *w, const char *plural, const char *prefix)
{
    struct str_list names = names_of(w, plural, prefix);
    assert_true(names.count > 0);
    char *name = str_dup(names.items[0]);
    str_list_fini(&names);
    return name;
}

#define DEPLOYMENT                                                                                                     \
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: default, annotations: {note: hi}},\n"    \
    " spec: {replicas: 3, minReadySeconds: 1, progressDeadlineSeconds: 60, revisionHistoryLimit: 2,\n"                 \
    "  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}, selector: {matchLabels: {app: web}},\n"            \
    "  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: 'web:1'}]}}}}"

static inline void set_image(struct world *w, const char *image)
{
    char *value = str_format("[{\"name\":\"web\",\"image\":\"%s\"}]", image);
    change(w, "deployments", "web", "spec.template.spec.containers", value);
    mem_free(value);
}

static inline void scale(struct world *w, int64_t replicas)
{
    char *value = str_format("%lld", (long long)replicas);
    change(w, "deployments", "web", "spec.replicas", value);
    mem_free(value);
}
