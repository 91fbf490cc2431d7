/* A world for tests of traffic: an application "podinfo" in the namespace "test" with its Services and Pods as a Canary
 * makes them, written straight into the database, and a stream of requests.
 *
 * A header alone, because every test program links all fake_*.c and most have no simulated cluster. */
#pragma once

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "fake_clock.h"
#include "sim/traffic/traffic.h"

struct fake_mesh {
    struct fake_clock *fc;
    struct api *api;
    struct behaviours *behaviours;
    struct traffic *traffic;
};

static inline struct doc *fake_mesh_parse(const char *json)
{
    struct err err;
    char *text = str_dup(json);
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '\'' ? '"' : *c;
    struct doc *doc = doc_parse(text, strlen(text), &err);
    assert(doc && "a test's JSON");
    mem_free(text);
    return doc;
}

/* JSON with ' for ". */
static inline void fake_mesh_put(struct fake_mesh *mesh, const char *storage, const char *json)
{
    struct doc *doc = fake_mesh_parse(json);
    objects_put(api_objects(mesh->api), storage, doc);
    doc_free(doc);
}

static inline void fake_mesh_remove(struct fake_mesh *mesh, const char *storage, const char *name)
{
    bool was_there = objects_remove(api_objects(mesh->api), storage, "test", name);
    assert(was_there);
    (void)was_there;
}

/* The Pod `deployment`-abc-`suffix` with the label app: `deployment`. */
static inline void fake_mesh_pod(struct fake_mesh *mesh, const char *deployment, const char *suffix, const char *image,
                                 bool is_ready)
{
    char *json =
        str_format("{'metadata':{'name':'%s-abc-%s','namespace':'test','labels':{'app':'%s','pod-template-hash':'abc'},"
                   "'ownerReferences':[{'kind':'ReplicaSet','name':'%s-abc','controller':true}]},"
                   "'spec':{'containers':[{'name':'podinfod','image':'ghcr.io/stefanprodan/%s'}]},"
                   "'status':{'conditions':[{'type':'Initialized','status':'True'},{'type':'Ready','status':'%s'}]}}",
                   deployment, suffix, deployment, deployment, image, is_ready ? "True" : "False");
    fake_mesh_put(mesh, "/pods", json);
    mem_free(json);
}

static inline void fake_mesh_service(struct fake_mesh *mesh, const char *name, const char *app)
{
    char *json =
        str_format("{'metadata':{'name':'%s','namespace':'test'},'spec':{'selector':{'app':'%s'}}}", name, app);
    fake_mesh_put(mesh, "/services", json);
    mem_free(json);
}

/* The VirtualService podinfo of the mesh with these routes. */
static inline void fake_mesh_routes(struct fake_mesh *mesh, const char *http)
{
    char *json = str_format("{'metadata':{'name':'podinfo','namespace':'test'},"
                            "'spec':{'hosts':['podinfo'],'gateways':['mesh'],'http':[%s]}}",
                            http);
    fake_mesh_put(mesh, "networking.istio.io/virtualservices", json);
    mem_free(json);
}

/* Its one route with two weights; `more` stands in the route ("" for nothing, else with a comma at its end). */
static inline void fake_mesh_weights(struct fake_mesh *mesh, int primary, int canary, const char *more)
{
    char *http = str_format("{%s'route':[{'destination':{'host':'podinfo-primary'},'weight':%d},"
                            "{'destination':{'host':'podinfo-canary'},'weight':%d}]}",
                            more, primary, canary);
    fake_mesh_routes(mesh, http);
    mem_free(http);
}

static inline void fake_mesh_behaviour(struct fake_mesh *mesh, const char *image, double errors, double p99_ms)
{
    behaviours_set(mesh->behaviours, image,
                   &(struct behaviour){errors, .latency_ms = p99_ms / 4, .latency_p99_ms = p99_ms, .ready_ms = 1000});
    traffic_changed(mesh->traffic);
}

/* To podinfo.test; headers in JSON with ' for ", or NULL. */
static inline void fake_mesh_flow(struct fake_mesh *mesh, double per_second, const char *headers)
{
    struct doc *doc = headers ? fake_mesh_parse(headers) : NULL;
    traffic_flow(mesh->traffic, "podinfo.test", per_second, doc_root(doc));
    doc_free(doc);
}

static inline struct traffic_count fake_mesh_count(const struct fake_mesh *mesh, const char *workload,
                                                   int64_t window_ms)
{
    return traffic_count(mesh->traffic, "test", workload, 0, window_ms);
}

/* Three Services (podinfo and podinfo-primary for the primary's Pods, podinfo-canary for the target's), two Ready Pods
 * of podinfo-primary (image podinfo:1) and two of podinfo (podinfo:2), no VirtualService. */
static inline struct fake_mesh *fake_mesh_new(uint64_t seed)
{
    struct fake_mesh *mesh = mem_new(struct fake_mesh);
    mesh->fc = fake_clock_new(1767225600000);
    mesh->api = api_new(fake_clock_clock(mesh->fc));
    mesh->behaviours = behaviours_new();
    fake_mesh_service(mesh, "podinfo", "podinfo-primary");
    fake_mesh_service(mesh, "podinfo-primary", "podinfo-primary");
    fake_mesh_pod(mesh, "podinfo-primary", "1", "podinfo:1", true);
    fake_mesh_pod(mesh, "podinfo-primary", "2", "podinfo:1", true);
    mesh->traffic = traffic_new(mesh->api, fake_clock_clock(mesh->fc), mesh->behaviours, seed);
    fake_mesh_service(mesh, "podinfo-canary", "podinfo");
    fake_mesh_pod(mesh, "podinfo", "1", "podinfo:2", true);
    fake_mesh_pod(mesh, "podinfo", "2", "podinfo:2", true);
    return mesh;
}

static inline void fake_mesh_run(struct fake_mesh *mesh, int64_t ms)
{
    fake_clock_advance(mesh->fc, ms);
}

static inline void fake_mesh_free(struct fake_mesh *mesh)
{
    traffic_free(mesh->traffic);
    behaviours_free(mesh->behaviours);
    api_free(mesh->api);
    fake_clock_free(mesh->fc);
    mem_free(mesh);
}
