/* A context for tests of the rollout room: the two doors, a small API server, and the stores, which know at once what
 * the server has.
 *
 *     struct fake_context f;
 *     fake_context_open(&f);                     // Canary podinfo in namespace test, target, primary and routes
 *     release = fake_context_release(&f, "{'state':'Running'}");
 *     …
 *     fake_context_close(&f);                    // fails the test when a call, a timer or a block is left
 *
 * A header alone, because every test program links all fake_*.c and most have no rollout. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "context/context.h"
#include "effect/record.h"
#include "fake_api.h"
#include "fake_clock.h"
#include "fake_doc.h"
#include "fake_http.h"
#include "kube/object.h"
#include "notify/announcer.h"
#include "prom/metrics.h"
#include "release/history.h"
#include "release/release.h"
#include "workload/stores.h"

#define FLAGGER "/apis/flagger.app/v1beta1/namespaces/test/canaries"
#define SLUICE "/apis/sluice.dev/v1alpha1/namespaces/test/releases"
#define APPS "/apis/apps/v1/namespaces/test/deployments"
#define ISTIO "/apis/networking.istio.io/v1beta1/namespaces/test/virtualservices"
#define EVENTS "/api/v1/namespaces/test/events"
#define CANARY FLAGGER "/podinfo"
#define RELEASE SLUICE "/podinfo-1"
#define TARGET APPS "/podinfo"
#define PRIMARY APPS "/podinfo-primary"
#define ROUTES ISTIO "/podinfo"

#define FAKE_SIDES(p, c)                                                                                               \
    "'route':[{'destination':{'host':'podinfo-primary'},'weight':" #p "},"                                             \
    "{'destination':{'host':'podinfo-canary'},'weight':" #c "}]"
#define FAKE_ROUTES(p, c) "{'spec':{'hosts':['podinfo'],'gateways':['mesh'],'http':[{" FAKE_SIDES(p, c) "}]}}"
#define FAKE_READY                                                                                                     \
    "'status':{'replicas':1,'updatedReplicas':1,'readyReplicas':1,'availableReplicas':1,'conditions':["                \
    "{'type':'Progressing','status':'True','reason':'NewReplicaSetAvailable'}]}"
#define FAKE_DEPLOYMENT(app, image, annotations)                                                                       \
    "{'spec':{'replicas':1,'selector':{'matchLabels':{'app':'" app "'}},'template':{'metadata':{'labels':{'app':'" app \
    "'}" annotations "},'spec':{'containers':[{'name':'podinfod','image':'podinfo:" image "'}]}}}," FAKE_READY "}"

struct fake_context {
    struct fake_clock *fc;
    struct fake_http *fh;
    struct fake_api *api;
    struct metrics *metrics;
    struct context context;
    struct announcer *announcer;
};

static inline struct kube_client *fake_context_client(struct fake_http *fh, struct fake_clock *fc)
{
    struct kube_config config = {.source = str_dup("lab"), .server = str_dup("https://api")};
    return kube_client_new(fake_http_door(fh), fake_clock_clock(fc), NULL, &config);
}

static inline struct store *fake_context_store(struct fake_context *f, const char *path)
{
    for (size_t i = 0; i < f->context.stores.count; i++) {
        struct store *store = f->context.stores.entries[i].store;
        char *part = str_format("/%s/", store_resource(store)->plural);
        bool found = strstr(path, part) != NULL;
        str_free(&part);
        if (found) {
            return store;
        }
    }
    return NULL;
}

static inline void fake_context_learn(void *ctx, const char *path, const struct doc *object)
{
    struct store *store = fake_context_store(ctx, path);
    if (store == NULL) {
        return;
    }
    const char *name = strrchr(path, '/') + 1;
    if (object != NULL) {
        store_put(store, object);
    } else if (store_has(store, "test", name)) {
        struct doc *gone = store_find(store, "test", name);
        store_remove(store, gone);
        doc_free(gone);
    }
}

static inline void fake_context_add(struct context *context, const struct store_plan *plans, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        stores_add(&context->stores, store_new(plans[i].resource, plans[i].prune), context->kube);
    }
}

static inline void fake_context_stores(struct context *context)
{
    static const struct store_plan own[] = {{&KUBE_CANARIES, NULL, false}, {&KUBE_RELEASES, history_prune, false}};
    fake_context_add(context, own, 2);
    struct store_plan workload[STORES_MAX];
    const struct router_ops *router = router_of("istio");
    fake_context_add(context, workload, workload_stores(workload));
    fake_context_add(context, router->stores, router->store_count);
    context->router = (struct router){.ops = router, .stores = &context->stores, .owned = true};
}

static inline void fake_context_objects(struct fake_api *api)
{
    fake_api_put(api, CANARY,
                 "{'metadata':{'uid':'u-1'},'spec':{'provider':'istio','targetRef':{'apiVersion':'apps/v1','kind':"
                 "'Deployment','name':'podinfo'},'service':{'port':9898},'analysis':{'interval':'10s','threshold':3,"
                 "'maxWeight':50,'stepWeight':10}},'status':{'phase':'Progressing','canaryWeight':10,'iterations':0,"
                 "'failedChecks':0,'lastAppliedSpec':'applied','lastPromotedSpec':'promoted'}}");
    fake_api_put(api, TARGET, FAKE_DEPLOYMENT("podinfo", "2", ""));
    fake_api_put(api, PRIMARY, FAKE_DEPLOYMENT("podinfo-primary", "1", ",'annotations':{'flagger-id':'id-of-before'}"));
    fake_api_edit(
        api, PRIMARY,
        "{'metadata':{'ownerReferences':[{'kind':'Canary','name':'podinfo','uid':'u-1','controller':true}]}}");
    fake_api_put(api, ROUTES, FAKE_ROUTES(90, 10));
}

static inline void fake_context_open(struct fake_context *f)
{
    *f = (struct fake_context){0};
    f->fc = fake_clock_new(1773216907000);
    f->fh = fake_http_new(fake_clock_clock(f->fc));
    f->api = fake_api_new(f->fh);
    f->metrics = metrics_new();
    fake_api_subscribe(f->api, fake_context_learn, f);
    struct context *context = &f->context;
    context->clock = fake_clock_clock(f->fc);
    context->http = fake_http_door(f->fh);
    context->kube = context->mesh_kube = fake_context_client(f->fh, f->fc);
    context->defaults = (struct canary_defaults){.provider = "istio", .metrics_server = "http://prometheus:9090"};
    context->identity = str_dup("me");
    str_list_split(&context->selector_labels, "app,name", ',');
    gauges_declare(&context->gauges, f->metrics, "test", "istio");
    fake_context_stores(context);
    context_connect_notify(context, NULL);
    fake_context_objects(f->api);
    f->announcer = announcer_new(&context->notify, "test", "podinfo");
}

static inline void fake_context_close(struct fake_context *f)
{
    struct context *context = &f->context;
    announcer_free(f->announcer);
    struct kube_client *client = context->kube;
    context_fini(context);
    kube_client_free(client);
    metrics_free(f->metrics);
    fake_http_free(f->fh);
    fake_api_free(f->api);
    fake_clock_free(f->fc);
}

/* Release podinfo-1 with this status, as it was read from the server; `spec`: further members, each with its comma in
 * front. */
static inline struct release *fake_context_release_of(struct fake_context *f, const char *spec, const char *status)
{
    char *text = str_format("{'metadata':{'ownerReferences':[{'uid':'u-1'}]},'spec':{'canary':'podinfo','revision':"
                            "'applied','strategy':'canary','sources':{},'words':%d%s},'status':%s}",
                            RELEASE_WORDS, spec, status);
    fake_api_put(f->api, RELEASE, text);
    str_free(&text);
    return record_open(&f->context, fake_api_find(f->api, RELEASE));
}

static inline struct release *fake_context_release(struct fake_context *f, const char *status)
{
    return fake_context_release_of(f, "", status);
}

/* What the API server has under these keys of an object. */
#define fake_context_expect(f, path, want, ...)                                                                        \
    fake_doc_expect(node_at(fake_api_find((f)->api, path), __VA_ARGS__), want)
