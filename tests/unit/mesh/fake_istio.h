/* A world of Istio objects for tests: a Canary, the two stores, and what an API server does to them.
 *
 *     struct world w;
 *     open_world(&w, ",'timeout':'5s'", "");   // members of spec.service and spec.analysis
 *     assert_int_equal(settle(&w), 3);         // plans and writes until nothing differs
 *     shift(&w, 90, 10, false);
 *     expect_live(&w, "spec", "http", "[{" SIDES(90, 10) "}]");
 *     close_world(&w);
 *
 * A header alone, because every test program links all fake_*.c and most have no mesh. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "fake_doc.h"
#include "fake_store.h"
#include "kube/object.h"
#include "mesh/istio_shape.h"
#include "mesh/router.h"

struct world {
    struct doc *canary;
    struct canary_names names;
    struct stores stores;
    struct store *services, *rules; /* VirtualServices, DestinationRules */
    struct router router;
    int version;
    struct err err;
};

/* The shapes of weighted routes, as texts. */
#define TO(host, weight) "{'destination':{'host':'" host "'},'weight':" #weight "}"
#define SIDES(p, c) "'route':[" TO("podinfo-primary", p) "," TO("podinfo-canary", c) "]"
#define TOOLKIT "'kustomize.toolkit.fluxcd.io/reconcile':'disabled','helm.toolkit.fluxcd.io/driftDetection':'disabled'"
#define OWNERS                                                                                                         \
    "'ownerReferences':[{'apiVersion':'flagger.app/v1beta1','kind':'Canary','name':'podinfo','uid':'u-1',"             \
    "'controller':true,'blockOwnerDeletion':true}]"
#define INSIDER "[{'headers':{'x-canary':{'exact':'insider'}}}]"
#define HTTP(routes) "{'hosts':['podinfo'],'gateways':['mesh'],'http':" routes "}"
#define PORT(host, weight) "{'destination':{'host':'" host "','port':{'number':9898}},'weight':" #weight "}"
#define PORTS "[{'route':[" PORT("podinfo-primary", 100) "," PORT("podinfo-canary", 0) "]}]"

/* `service` and `analysis`: further members, each with its comma in front. */
static inline void set_canary(struct world *w, const char *service, const char *analysis)
{
    canary_names_fini(&w->names);
    doc_free(w->canary);
    w->canary =
        fake_doc_format("{'metadata':{'name':'podinfo','namespace':'test','uid':'u-1'},'spec':{'targetRef':{'kind':"
                        "'Deployment','name':'podinfo'},'service':{'port':9898%s},'analysis':{'interval':'10s'%s}}}",
                        service, analysis);
    canary_names_init(&w->names, doc_root(w->canary));
}

static inline void open_world(struct world *w, const char *service, const char *analysis)
{
    *w = (struct world){0};
    w->services = store_new(&ISTIO_VIRTUAL_SERVICES, NULL);
    w->rules = store_new(&ISTIO_DESTINATION_RULES, NULL);
    stores_add(&w->stores, w->services, NULL);
    stores_add(&w->stores, w->rules, NULL);
    stores_add(&w->stores, store_new(&KUBE_SERVICES, NULL), NULL);
    w->router = (struct router){.ops = router_of("istio"), .stores = &w->stores, .owned = true};
    set_canary(w, service, analysis);
}

static inline void close_world(struct world *w)
{
    canary_names_fini(&w->names);
    doc_free(w->canary);
    stores_fini(&w->stores);
}

static inline void put(struct world *w, struct store *store, struct doc *object)
{
    struct node *metadata = node_ensure_object(object, doc_root(object), "metadata");
    char version[16];
    snprintf(version, sizeof version, "%d", ++w->version);
    node_set_str(object, metadata, "resourceVersion", version);
    node_set_str(object, metadata, "uid", "live");
    store_put(store, object);
    doc_free(object);
}

/* What the server does with a planned write; the write is used up. */
static inline void apply(struct world *w, struct kube_write *write)
{
    bool rule = write->resource == &ISTIO_DESTINATION_RULES;
    struct store *store = rule ? w->rules : w->services;
    if (write->verb == KUBE_CREATE) {
        assert_false(store_has(store, write->namespace, object_name(doc_root(write->body))));
        put(w, store, doc_copy(doc_root(write->body)));
    } else {
        assert_int_equal(write->verb, KUBE_PATCH_MERGE);
        struct doc *live = fake_store_copy(store, write->namespace, write->name);
        assert_string_equal(object_version(doc_root(live)), object_version(doc_root(write->body)));
        fake_doc_merge(live, doc_root(live), doc_root(write->body));
        put(w, store, live);
    }
    kube_write_fini(write);
}

/* The write for one of the routing objects; there may be none. */
static inline enum plan reconcile_object(struct world *w, size_t object, struct kube_write *write)
{
    *write = (struct kube_write){0};
    return w->router.ops->reconcile(&w->router, &w->names, doc_root(w->canary), object, write, &w->err);
}

static inline enum plan reconcile(struct world *w, struct kube_write *write)
{
    enum plan plan = PLAN_DONE;
    for (size_t i = 0; plan == PLAN_DONE && i < w->router.ops->objects; i++) {
        plan = reconcile_object(w, i, write);
    }
    return plan;
}

/* Plans and writes until nothing differs; how many writes that took. */
static inline int settle(struct world *w)
{
    struct kube_write write;
    int count = 0;
    enum plan plan;
    while ((plan = reconcile(w, &write)) == PLAN_WRITE) {
        apply(w, &write);
        assert_true(++count < 10);
    }
    assert_int_equal(plan, PLAN_DONE);
    return count;
}

static inline enum plan plan_routes(struct world *w, int primary_pct, int canary_pct, bool mirrored,
                                    struct kube_write *write)
{
    struct routes want = {primary_pct, canary_pct, mirrored};
    return w->router.ops->set_routes(&w->router, &w->names, doc_root(w->canary), &want, write, &w->err);
}

static inline void shift(struct world *w, int primary_pct, int canary_pct, bool mirrored)
{
    struct kube_write write;
    assert_int_equal(plan_routes(w, primary_pct, canary_pct, mirrored, &write), PLAN_WRITE);
    apply(w, &write);
}

static inline void expect_routes(struct world *w, int primary_pct, int canary_pct, bool mirrored)
{
    struct routes live, want = {primary_pct, canary_pct, mirrored};
    if (!w->router.ops->get_routes(&w->router, &w->names, doc_root(w->canary), &live, &w->err)) {
        fail_msg("%s", w->err.text);
    }
    assert_int_equal(live.primary_pct, want.primary_pct);
    assert_int_equal(live.canary_pct, want.canary_pct);
    assert_true(routes_equal(&live, &want));
}

/* The member of the live VirtualService under a path. */
static inline void expect_live(struct world *w, const char *part, const char *key, const char *want)
{
    struct doc *live = fake_store_copy(w->services, "test", w->names.apex);
    assert_non_null(live);
    const struct node *n = node_get(doc_root(live), part);
    fake_doc_expect(key != NULL ? node_get(n, key) : n, want);
    doc_free(live);
}

static inline void edit(struct world *w, struct store *store, const char *name, const char *patch)
{
    struct doc *live = fake_store_copy(store, "test", name), *change = fake_doc(patch);
    fake_doc_merge(live, doc_root(live), doc_root(change));
    doc_free(change);
    put(w, store, live);
}

static inline void edit_service(struct world *w, const char *patch)
{
    edit(w, w->services, w->names.apex, patch);
}
