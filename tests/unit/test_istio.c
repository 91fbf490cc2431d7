// room: mesh
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
#include "kube/object.h"
#include "mesh/router.h"

/* A Canary, the two stores, and what an API server does to them. */
struct world {
    struct doc *canary;
    struct canary_names names;
    struct store *services, *rules;
    struct router router;
    int version;
    struct err err;
};

/* The shapes of one weighted route, as texts. */
#define TO(host, weight) "{'destination':{'host':'" host "'},'weight':" #weight "}"
#define SIDES(p, c) "'route':[" TO("podinfo-primary", p) "," TO("podinfo-canary", c) "]"
#define TOOLKIT "'kustomize.toolkit.fluxcd.io/reconcile':'disabled','helm.toolkit.fluxcd.io/driftDetection':'disabled'"
#define OWNERS                                                                                                         \
    "'ownerReferences':[{'apiVersion':'flagger.app/v1beta1','kind':'Canary','name':'podinfo','uid':'u-1',"             \
    "'controller':true,'blockOwnerDeletion':true}]"
#define INSIDER "[{'headers':{'x-canary':{'exact':'insider'}}}]"

/* `service` and `analysis`: further members, each with its comma in front. */
static void set_canary(struct world *w, const char *service, const char *analysis)
{
    canary_names_fini(&w->names);
    doc_free(w->canary);
    w->canary =
        fake_doc_format("{'metadata':{'name':'podinfo','namespace':'test','uid':'u-1'},'spec':{'targetRef':{'kind':"
                        "'Deployment','name':'podinfo'},'service':{'port':9898%s},'analysis':{'interval':'10s'%s}}}",
                        service, analysis);
    canary_names_init(&w->names, doc_root(w->canary));
}

static void open_world(struct world *w, const char *service, const char *analysis)
{
    *w = (struct world){0};
    w->services = store_new(&KUBE_VIRTUAL_SERVICES, NULL);
    w->rules = store_new(&KUBE_DESTINATION_RULES, NULL);
    w->router = (struct router){&istio_router, w->services, w->rules, true};
    set_canary(w, service, analysis);
}

static void close_world(struct world *w)
{
    canary_names_fini(&w->names);
    doc_free(w->canary);
    store_free(w->services);
    store_free(w->rules);
}

static void put(struct world *w, struct store *store, struct doc *object)
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
static void apply(struct world *w, struct kube_write *write)
{
    bool rule = write->resource == &KUBE_DESTINATION_RULES;
    struct store *store = rule ? w->rules : w->services;
    if (write->verb == KUBE_CREATE) {
        assert_false(store_has(store, write->namespace, object_name(doc_root(write->body))));
        put(w, store, doc_copy(doc_root(write->body)));
    } else {
        assert_int_equal(write->verb, KUBE_PATCH_MERGE);
        struct doc *live = store_find(store, write->namespace, write->name);
        assert_string_equal(object_version(doc_root(live)), object_version(doc_root(write->body)));
        fake_doc_merge(live, doc_root(live), doc_root(write->body));
        put(w, store, live);
    }
    kube_write_fini(write);
}

static enum plan reconcile(struct world *w, struct kube_write *write)
{
    return istio_router.reconcile(&w->router, &w->names, doc_root(w->canary), write, &w->err);
}

/* Plans and writes until nothing differs; how many writes that took. */
static int settle(struct world *w)
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

static enum plan plan_routes(struct world *w, int primary_pct, int canary_pct, bool mirrored, struct kube_write *write)
{
    struct routes want = {primary_pct, canary_pct, mirrored};
    return istio_router.set_routes(&w->router, &w->names, doc_root(w->canary), &want, write, &w->err);
}

static void shift(struct world *w, int primary_pct, int canary_pct, bool mirrored)
{
    struct kube_write write;
    assert_int_equal(plan_routes(w, primary_pct, canary_pct, mirrored, &write), PLAN_WRITE);
    apply(w, &write);
}

static void expect_routes(struct world *w, int primary_pct, int canary_pct, bool mirrored)
{
    struct routes live, want = {primary_pct, canary_pct, mirrored};
    if (!istio_router.get_routes(&w->router, &w->names, doc_root(w->canary), &live, &w->err)) {
        fail_msg("%s", w->err.text);
    }
    assert_int_equal(live.primary_pct, want.primary_pct);
    assert_int_equal(live.canary_pct, want.canary_pct);
    assert_true(routes_equal(&live, &want));
}

/* The member of the live VirtualService under a path. */
static void expect_live(struct world *w, const char *part, const char *key, const char *want)
{
    struct doc *live = store_find(w->services, "test", w->names.apex);
    assert_non_null(live);
    const struct node *n = node_get(doc_root(live), part);
    fake_doc_expect(key != NULL ? node_get(n, key) : n, want);
    doc_free(live);
}

static void edit(struct world *w, struct store *store, const char *name, const char *patch)
{
    struct doc *live = store_find(store, "test", name), *change = fake_doc(patch);
    fake_doc_merge(live, doc_root(live), doc_root(change));
    doc_free(change);
    put(w, store, live);
}

static void edit_service(struct world *w, const char *patch)
{
    edit(w, w->services, w->names.apex, patch);
}

/* --- from nothing --- */

static void test_three_writes_make_everything(void **state)
{
    static const struct {
        const char *context, *body;
    } writes[] = {
        {"DestinationRule podinfo-canary.test create error",
         "{'apiVersion':'networking.istio.io/v1beta1','kind':'DestinationRule','metadata':{'name':'podinfo-canary',"
         "'namespace':'test'," OWNERS "},'spec':{'host':'podinfo-canary'}}"},
        {"DestinationRule podinfo-primary.test create error",
         "{'apiVersion':'networking.istio.io/v1beta1','kind':'DestinationRule','metadata':{'name':'podinfo-primary',"
         "'namespace':'test'," OWNERS "},'spec':{'host':'podinfo-primary'}}"},
        {"VirtualService podinfo.test create error",
         "{'apiVersion':'networking.istio.io/v1beta1','kind':'VirtualService','metadata':{'name':'podinfo',"
         "'namespace':'test','annotations':{" TOOLKIT "}," OWNERS "},'spec':{'hosts':['podinfo'],'gateways':['mesh'],"
         "'http':[{" SIDES(100, 0) "}]}}"},
    };
    struct world w;
    struct kube_write write;
    open_world(&w, "", "");
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(reconcile(&w, &write), PLAN_WRITE);
        assert_string_equal(write.context, writes[i].context);
        assert_string_equal(write.namespace, "test");
        fake_doc_expect(doc_root(write.body), writes[i].body);
        apply(&w, &write);
    }
    assert_int_equal(reconcile(&w, &write), PLAN_DONE);
    expect_routes(&w, 100, 0, false);
    close_world(&w);
}

static void test_another_cluster_has_no_owner(void **state)
{
    struct world w;
    struct kube_write write;
    open_world(&w, "", "");
    w.router.owned = false;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(reconcile(&w, &write), PLAN_WRITE);
        assert_null(node_at(doc_root(write.body), "metadata", "ownerReferences"));
        apply(&w, &write);
    }
    assert_int_equal(reconcile(&w, &write), PLAN_DONE);
    close_world(&w);
}

#define HTTP(routes) "{'hosts':['podinfo'],'gateways':['mesh'],'http':" routes "}"
#define PORT(host, weight) "{'destination':{'host':'" host "','port':{'number':9898}},'weight':" #weight "}"
#define PORTS "[{'route':[" PORT("podinfo-primary", 100) "," PORT("podinfo-canary", 0) "]}]"

static void test_the_service_gives_the_spec(void **state)
{
    static const struct {
        const char *service, *analysis, *spec;
    } cases[] = {
        {"", "", HTTP("[{" SIDES(100, 0) "}]")},
        {",'hosts':['app.example.com']", "",
         "{'hosts':['app.example.com','podinfo'],'gateways':['mesh'],'http':[{" SIDES(100, 0) "}]}"},
        {",'hosts':['podinfo','app.example.com']", "",
         "{'hosts':['podinfo','app.example.com'],'gateways':['mesh'],'http':[{" SIDES(100, 0) "}]}"},
        {",'hosts':['*']", "", "{'hosts':['*'],'gateways':['mesh'],'http':[{" SIDES(100, 0) "}]}"},
        {",'gateways':['istio-system/public']", "",
         "{'hosts':['podinfo'],'gateways':['istio-system/public'],'http':[{" SIDES(100, 0) "}]}"},
        {",'gateways':[],'hosts':[]", "", HTTP("[{" SIDES(100, 0) "}]")},
        {",'delegation':true", "", "{'hosts':[],'http':[{" SIDES(100, 0) "}]}"},
        /* ports */
        {",'portDiscovery':true", "", HTTP("[{" SIDES(100, 0) "}]")},
        {",'portDiscovery':true,'gateways':['mesh','public']", "",
         "{'hosts':['podinfo'],'gateways':['mesh','public'],'http':[{" SIDES(100, 0) "}]}"},
        {",'portDiscovery':true,'gateways':['public','mesh']", "",
         "{'hosts':['podinfo'],'gateways':['public','mesh'],'http':" PORTS "}"},
        {",'portDiscovery':true,'delegation':true", "", "{'hosts':[],'http':" PORTS "}"},
        /* settings */
        {",'timeout':'15s','retries':{'attempts':3,'perTryTimeout':'5s','retryOn':'5xx'},'headers':{'request':{'add':"
         "{'x-a':'1'}}},'corsPolicy':{'allowOrigins':[{'exact':'https://a.example'}],'maxAge':'24h'},"
         "'rewrite':{'uri':'/','authority':'a','type':'ReplacePrefixMatch'},'match':[{'uri':{'prefix':'/podinfo'}}]",
         "",
         HTTP("[{'match':[{'uri':{'prefix':'/podinfo'}}],'rewrite':{'uri':'/','authority':'a'},'timeout':'15s',"
              "'retries':{'attempts':3,'perTryTimeout':'5s','retryOn':'5xx'},'corsPolicy':{'allowOrigins':[{'exact':"
              "'https://a.example'}],'maxAge':'24h'},'headers':{'request':{'add':{'x-a':'1'}}}," SIDES(100, 0) "}]")},
        {",'timeout':'','retries':null,'match':[],'headers':null", "", HTTP("[{" SIDES(100, 0) "}]")},
        {",'rewrite':{'uri':'','authority':'a'}", "", HTTP("[{'rewrite':{'authority':'a'}," SIDES(100, 0) "}]")},
        /* A/B tests */
        {"", ",'match':" INSIDER,
         HTTP("[{'match':" INSIDER "," SIDES(100, 0) "},{'route':[" TO("podinfo-primary", 100) "]}]")},
        {",'timeout':'5s','match':[{'uri':{'prefix':'/podinfo'}}]", ",'match':" INSIDER,
         HTTP("[{'match':[{'uri':{'prefix':'/"
              "podinfo'},'headers':{'x-canary':{'exact':'insider'}}}],'timeout':'5s'," SIDES(
                  100, 0) "},{'match':[{'uri':{'prefix':'/podinfo'}}],'timeout':'5s','route':[" TO("podinfo-primary",
                                                                                                   100) "]}]")},
        {",'match':[{'uri':{'prefix':'/a'},'headers':{'x':{'exact':'y'}}},{'port':80,'sourceLabels':{'v':'1'}}]",
         ",'match':[{'headers':{'c':{'exact':'1'}}},{'sourceLabels':{'s':'2'},'queryParams':{'q':{'exact':'3'}}}]",
         HTTP("[{'match':[{'uri':{'prefix':'/a'},'headers':{'c':{'exact':'1'}}},"
              "{'port':80,'sourceLabels':{'v':'1'},'headers':{'c':{'exact':'1'}}},"
              "{'uri':{'prefix':'/a'},'headers':{'x':{'exact':'y'}},'sourceLabels':{'s':'2'}},"
              "{'port':80,'sourceLabels':{'s':'2'}}]," SIDES(
                  100, 0) "},{'match':[{'uri':{'prefix':'/a'},'headers':"
                          "{'x':{'exact':'y'}}},{'port':80,'sourceLabels':{'v':'1'}}],'route':[" TO("podinfo-primary",
                                                                                                    100) "]}]")},
        /* TCP: neither settings nor A/B tests apply */
        {",'appProtocol':'TCP','timeout':'5s'", ",'match':" INSIDER,
         "{'hosts':['podinfo'],'gateways':['mesh'],'tcp':[{" SIDES(100, 0) "}]}"},
        {",'appProtocol':'tcp','match':[{'port':6379,'uri':{'prefix':'/'}},{'uri':{'prefix':'/'}}]", "",
         "{'hosts':['podinfo'],'gateways':['mesh'],'tcp':[{'match':[{'port':6379},{}]," SIDES(100, 0) "}]}"},
        {",'appProtocol':'http'", "", HTTP("[{" SIDES(100, 0) "}]")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        open_world(&w, cases[i].service, cases[i].analysis);
        assert_int_equal(settle(&w), 3);
        expect_live(&w, "spec", NULL, cases[i].spec);
        expect_routes(&w, 100, 0, false);
        close_world(&w);
    }
}

static void test_the_service_name_is_the_apex(void **state)
{
    struct world w;
    open_world(&w, ",'name':'web'", "");
    assert_int_equal(settle(&w), 3);
    expect_live(&w, "spec", NULL,
                "{'hosts':['web'],'gateways':['mesh'],'http':[{'route':[" TO("web-primary", 100) "," TO("web-canary",
                                                                                                        0) "]}]}");
    assert_true(store_has(w.rules, "test", "web-canary"));
    close_world(&w);
}

static void test_a_delegate_has_no_hosts_or_gateways(void **state)
{
    static const char *const services[] = {",'delegation':true,'hosts':['a']", ",'delegation':true,'gateways':['g']"};
    for (size_t i = 0; i < 2; i++) {
        struct world w;
        struct kube_write write;
        open_world(&w, services[i], "");
        for (int rule = 0; rule < 2; rule++) {
            assert_int_equal(reconcile(&w, &write), PLAN_WRITE);
            apply(&w, &write);
        }
        assert_int_equal(reconcile(&w, &write), PLAN_FAILED);
        assert_int_equal(w.err.code, ERR_INVALID);
        assert_string_equal(w.err.text,
                            "VirtualService podinfo.test cannot have hosts and gateways when delegation enabled");
        close_world(&w);
    }
}

static void test_hosts_edited_on_a_delegate_are_no_drift(void **state)
{
    struct world w;
    open_world(&w, ",'delegation':true", "");
    settle(&w);
    edit_service(&w, "{'spec':{'hosts':['a'],'gateways':['g']}}");
    assert_int_equal(settle(&w), 0);
    set_canary(&w, ",'delegation':true,'timeout':'5s'", "");
    assert_int_equal(settle(&w), 1);
    expect_live(&w, "spec", NULL, "{'hosts':[],'http':[{'timeout':'5s'," SIDES(100, 0) "}]}");
    close_world(&w);
}

/* --- metadata --- */

static void test_apex_metadata_goes_on_the_virtual_service(void **state)
{
    static const struct {
        const char *service, *selector_label, *labels, *annotations;
    } cases[] = {
        {"", "app", "absent", "{" TOOLKIT "}"},
        {",'apex':{}", "app", "{'app':'podinfo'}", "{" TOOLKIT "}"},
        {",'apex':{}", NULL, "absent", "{" TOOLKIT "}"},
        {",'apex':{'labels':{'team':'a'},'annotations':{'b':'c'}}", "app", "{'team':'a','app':'podinfo'}",
         "{'b':'c'," TOOLKIT "}"},
        {",'apex':{'labels':{'team':'a'}}", NULL, "{'team':'a'}", "{" TOOLKIT "}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        open_world(&w, cases[i].service, "");
        w.names.selector_label = cases[i].selector_label;
        assert_int_equal(settle(&w), 3);
        expect_live(&w, "metadata", "labels", cases[i].labels);
        expect_live(&w, "metadata", "annotations", cases[i].annotations);
        close_world(&w);
    }
}

static void test_foreign_metadata_is_dropped_and_weights_stay(void **state)
{
    struct world w;
    open_world(&w, ",'apex':{'labels':{'team':'a'}}", "");
    settle(&w);
    shift(&w, 70, 30, false);
    edit_service(&w, "{'metadata':{'labels':{'foreign':'x','team':'b'},'annotations':{'foreign':'y',"
                     "'kustomize.toolkit.fluxcd.io/reconcile':null}}}");
    assert_int_equal(settle(&w), 1);
    expect_live(&w, "metadata", "labels", "{'team':'a'}");
    expect_live(&w, "metadata", "annotations", "{" TOOLKIT "}"); /* the spec did not differ: nothing to remember */
    expect_routes(&w, 70, 30, false);
    close_world(&w);
}

/* --- weights --- */

static void test_routes_are_set_in_flaggers_shapes(void **state)
{
    static const struct {
        const char *service, *analysis;
        struct routes routes, reads;
        const char *key, *want;
    } cases[] = {
        {"", "", {60, 40, false}, {60, 40, false}, "http", "[{" SIDES(60, 40) "}]"},
        {"", "", {0, 100, false}, {0, 100, false}, "http", "[{" SIDES(0, 100) "}]"},
        {"", "", {100, 0, true}, {100, 0, true}, "http", "[{'mirror':{'host':'podinfo-canary'}," SIDES(100, 0) "}]"},
        {"",
         ",'mirrorWeight':0",
         {100, 0, true},
         {100, 0, true},
         "http",
         "[{'mirror':{'host':'podinfo-canary'}," SIDES(100, 0) "}]"},
        {"",
         ",'mirrorWeight':10",
         {100, 0, true},
         {100, 0, true},
         "http",
         "[{'mirror':{'host':'podinfo-canary'},'mirrorPercentage':{'value':10}," SIDES(100, 0) "}]"},
        {"",
         ",'mirrorWeight':50",
         {100, 0, true},
         {100, 0, true},
         "http",
         "[{'mirror':{'host':'podinfo-canary'},'mirrorPercentage':{'value':50}," SIDES(100, 0) "}]"},
        {",'timeout':'5s','match':[{'uri':{'prefix':'/'}}]",
         "",
         {90, 10, false},
         {90, 10, false},
         "http",
         "[{'match':[{'uri':{'prefix':'/'}}],'timeout':'5s'," SIDES(90, 10) "}]"},
        /* the mirror carries no port */
        {",'portDiscovery':true,'gateways':['public']",
         "",
         {100, 0, true},
         {100, 0, true},
         "http",
         "[{'mirror':{'host':'podinfo-canary'},'route':[" PORT("podinfo-primary", 100) "," PORT("podinfo-canary",
                                                                                                0) "]}]"},
        /* A/B: the second route has the primary alone, with the primary's weight; no mirror */
        {",'match':[{'uri':{'prefix':'/podinfo'}}]",
         ",'match':" INSIDER,
         {0, 100, false},
         {0, 100, false},
         "http",
         "[{'match':[{'uri':{'prefix':'/podinfo'},'headers':{'x-canary':{'exact':'insider'}}}]," SIDES(
             0, 100) "},"
                     "{'match':[{'uri':{'prefix':'/podinfo'}}],'route':[" TO("podinfo-primary", 0) "]}]"},
        {"",
         ",'match':" INSIDER,
         {40, 60, true},
         {40, 60, false},
         "http",
         "[{'match':" INSIDER "," SIDES(40, 60) "},{'route':[" TO("podinfo-primary", 40) "]}]"},
        {",'appProtocol':'tcp'", "", {60, 40, false}, {60, 40, false}, "tcp", "[{" SIDES(60, 40) "}]"},
        {",'appProtocol':'tcp'", "", {50, 50, true}, {50, 50, false}, "tcp", "[{" SIDES(50, 50) "}]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        struct kube_write write;
        const struct routes *routes = &cases[i].routes, *reads = &cases[i].reads;
        open_world(&w, cases[i].service, cases[i].analysis);
        settle(&w);
        assert_int_equal(plan_routes(&w, routes->primary_pct, routes->canary_pct, routes->mirrored, &write),
                         PLAN_WRITE);
        assert_string_equal(write.context, "VirtualService podinfo.test update failed");
        assert_int_equal(node_count(node_get(doc_root(write.body), "spec")), 1);
        apply(&w, &write);
        expect_live(&w, "spec", cases[i].key, cases[i].want);
        expect_routes(&w, reads->primary_pct, reads->canary_pct, reads->mirrored);
        assert_int_equal(plan_routes(&w, routes->primary_pct, routes->canary_pct, routes->mirrored, &write), PLAN_DONE);
        assert_int_equal(settle(&w), 0);
        shift(&w, 100, 0, false);
        expect_routes(&w, 100, 0, false);
        close_world(&w);
    }
}

static void test_equal_routes_are_not_written(void **state)
{
    struct world w;
    struct kube_write write;
    open_world(&w, "", "");
    settle(&w);
    assert_int_equal(plan_routes(&w, 100, 0, false, &write), PLAN_DONE);
    shift(&w, 100, 0, true);
    shift(&w, 100, 0, false); /* the mirror goes */
    expect_live(&w, "spec", "http", "[{" SIDES(100, 0) "}]");
    close_world(&w);
}

static void test_weights_edited_by_hand_stay_and_are_read(void **state)
{
    struct world w;
    open_world(&w, "", "");
    settle(&w);
    edit_service(&w, "{'spec':{'http':[{" SIDES(60, 40) "}]}}");
    assert_int_equal(settle(&w), 0);
    expect_routes(&w, 60, 40, false);
    edit_service(&w, "{'spec':{'http':[{'mirror':{'host':'podinfo-canary'},'mirrorPercentage':{'value':7}," SIDES(
                         100, 0) "}]}}");
    assert_int_equal(settle(&w), 0);
    expect_routes(&w, 100, 0, true);
    shift(&w, 50, 50, false);
    expect_routes(&w, 50, 50, false);
    close_world(&w);
}

static void test_the_last_route_to_the_canary_is_read(void **state)
{
    static const struct {
        const char *spec;
        int primary_pct, canary_pct; /* both 0: Flagger's error */
        bool mirrored;
    } cases[] = {
        {"{'http':[{" SIDES(90, 10) "},{" SIDES(30, 70) "}]}", 30, 70, false},
        {"{'http':[{" SIDES(90, 10) "},{'route':[" TO("podinfo-primary", 100) "]}]}", 90, 10, false},
        {"{'http':[{'mirror':{'host':'podinfo-canary'}," SIDES(90, 10) "},{" SIDES(30, 70) "}]}", 30, 70, false},
        {"{'http':[{'mirror':{}," SIDES(90, 10) "}]}", 90, 10, false},
        {"{'http':[{'route':[{'destination':{'host':'podinfo-canary'},'weight':100}]}]}", 0, 100, false},
        {"{'http':[{'route':[{'destination':{'host':'podinfo-canary'}}]}]}", 0, 0, false},
        {"{'http':[{" SIDES(0, 0) "}]}", 0, 0, false},
        {"{'http':[{'route':[" TO("podinfo-primary", 100) "]}]}", 0, 0, false},
        {"{'http':[{'route':[" TO("other", 100) "]}]}", 0, 0, false},
        {"{'http':[{'redirect':{'uri':'/'}}]}", 0, 0, false},
        {"{'tcp':[{" SIDES(90, 10) "}]}", 0, 0, false},
        {"{'http':'broken'}", 0, 0, false},
        {"{}", 0, 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        struct routes live;
        open_world(&w, "", "");
        put(&w, w.services,
            fake_doc_format("{'metadata':{'name':'podinfo','namespace':'test'},'spec':%s}", cases[i].spec));
        if (cases[i].primary_pct + cases[i].canary_pct > 0) {
            expect_routes(&w, cases[i].primary_pct, cases[i].canary_pct, cases[i].mirrored);
        } else {
            assert_false(istio_router.get_routes(&w.router, &w.names, doc_root(w.canary), &live, &w.err));
            assert_string_equal(
                w.err.text,
                "VirtualService podinfo.test does not contain routes for podinfo-primary and podinfo-canary");
        }
        close_world(&w);
    }
}

static void test_a_missing_virtual_service_is_an_error(void **state)
{
    static const char text[] = "VirtualService podinfo.test get query error "
                               "virtualservices.networking.istio.io \"podinfo\" not found";
    struct world w;
    struct kube_write write;
    struct routes live;
    open_world(&w, "", "");
    assert_false(istio_router.get_routes(&w.router, &w.names, doc_root(w.canary), &live, &w.err));
    assert_int_equal(w.err.code, ERR_NOT_FOUND);
    assert_string_equal(w.err.text, text);
    err_clear(&w.err);
    assert_int_equal(plan_routes(&w, 100, 0, false, &write), PLAN_FAILED);
    assert_string_equal(w.err.text, text);
    close_world(&w);
}

/* --- drift --- */

static void test_repair_keeps_the_live_weights(void **state)
{
    static const struct {
        const char *edit, *spec;
    } cases[] = {
        {"{'spec':{'gateways':['mesh','foreign']}}", HTTP("[{" SIDES(70, 30) "}]")},
        {"{'spec':{'hosts':null}}", HTTP("[{" SIDES(70, 30) "}]")},
        {"{'spec':{'hosts':['podinfo','b'],'exportTo':['.']}}",
         "{'hosts':['podinfo'],'gateways':['mesh'],'exportTo':['.'],'http':[{" SIDES(70, 30) "}]}"},
        {"{'spec':{'http':[{'timeout':'1s'," SIDES(70, 30) "}]}}", HTTP("[{" SIDES(70, 30) "}]")},
        {"{'spec':{'http':[{'match':[{'uri':{'prefix':'/x'}}]," SIDES(20, 80) "},{" SIDES(70, 30) "}]}}",
         HTTP("[{" SIDES(70, 30) "}]")},
        {"{'spec':{'http':[{'fault':{'abort':{'httpStatus':500}}," SIDES(70, 30) "}]}}", HTTP("[{" SIDES(70, 30) "}]")},
        {"{'spec':{'http':[{'mirror':{'host':'podinfo-canary'},'mirrorPercentage':{'value':5},'timeout':'1s'," SIDES(
             70, 30) "}]}}",
         HTTP("[{'mirror':{'host':'podinfo-canary'},'mirrorPercentage':{'value':5}," SIDES(70, 30) "}]")},
        {"{'spec':{'tcp':[{" SIDES(5, 95) "}]}}", HTTP("[{" SIDES(70, 30) "}]")},
        {"{'spec':{'http':[{'route':[" TO("elsewhere", 100) "]}]}}", HTTP("[{" SIDES(100, 0) "}]")},
        {"{'spec':{'http':null}}", HTTP("[{" SIDES(100, 0) "}]")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        struct kube_write write;
        open_world(&w, "", "");
        settle(&w);
        shift(&w, 70, 30, false);
        edit_service(&w, cases[i].edit);
        assert_int_equal(reconcile(&w, &write), PLAN_WRITE);
        assert_string_equal(write.context, "VirtualService podinfo.test update error");
        apply(&w, &write);
        expect_live(&w, "spec", NULL, cases[i].spec);
        assert_int_equal(settle(&w), 0);
        close_world(&w);
    }
}

static void test_a_changed_canary_keeps_the_live_weights(void **state)
{
    struct world w;
    open_world(&w, "", "");
    settle(&w);
    shift(&w, 70, 30, false);
    set_canary(&w, ",'hosts':['b'],'timeout':'9s'", "");
    assert_int_equal(settle(&w), 1);
    expect_live(&w, "spec", NULL,
                "{'hosts':['b','podinfo'],'gateways':['mesh'],'http':[{'timeout':'9s'," SIDES(70, 30) "}]}");
    set_canary(&w, ",'appProtocol':'tcp'", "");
    assert_int_equal(settle(&w), 1);
    expect_live(&w, "spec", NULL, "{'hosts':['podinfo'],'gateways':['mesh'],'tcp':[{" SIDES(70, 30) "}]}");
    set_canary(&w, "", ",'match':" INSIDER);
    assert_int_equal(settle(&w), 1);
    expect_live(&w, "spec", "http",
                "[{'match':" INSIDER "," SIDES(70, 30) "},{'route':[" TO("podinfo-primary", 70) "]}]");
    expect_live(&w, "spec", "tcp", "absent");
    close_world(&w);
}

static void test_an_ab_test_keeps_the_weights_of_its_matched_route(void **state)
{
    struct world w;
    open_world(&w, "", ",'match':" INSIDER);
    settle(&w);
    shift(&w, 0, 100, false);
    set_canary(&w, ",'timeout':'9s'", ",'match':" INSIDER);
    assert_int_equal(settle(&w), 1);
    expect_live(&w, "spec", "http",
                "[{'match':" INSIDER
                ",'timeout':'9s'," SIDES(0, 100) "},{'timeout':'9s','route':[" TO("podinfo-primary", 0) "]}]");
    expect_routes(&w, 0, 100, false);
    close_world(&w);
}

static void test_fields_nobody_here_knows_are_no_drift(void **state)
{
    struct world w;
    open_world(&w, ",'retries':{'attempts':3}", "");
    settle(&w);
    edit_service(&w, "{'spec':{'exportTo':['.'],'http':[{'retries':{'attempts':3,'perTryTimeout':''},'directResponse':"
                     "{'status':503}," SIDES(80, 20) "}]}}");
    assert_int_equal(settle(&w), 0);
    shift(&w, 90, 10, false);
    expect_live(&w, "spec", "exportTo", "['.']");
    close_world(&w);
}

static void test_destination_rules_are_repaired(void **state)
{
    struct world w;
    struct kube_write write;
    open_world(&w, ",'trafficPolicy':{'tls':{'mode':'ISTIO_MUTUAL'}}", "");
    settle(&w);
    edit(&w, w.rules, "podinfo-primary",
         "{'spec':{'host':'other','exportTo':['.'],'subsets':[{'name':'v1'}],'trafficPolicy':{'tls':{'mode':'DISABLE'},"
         "'connectionPool':{'http':{'maxRetries':3}}}}}");
    assert_int_equal(reconcile(&w, &write), PLAN_WRITE);
    assert_string_equal(write.context, "DestinationRule podinfo-primary.test update error");
    apply(&w, &write);
    struct doc *rule = store_find(w.rules, "test", "podinfo-primary");
    fake_doc_expect(node_get(doc_root(rule), "spec"),
                    "{'host':'podinfo-primary','exportTo':['.'],'trafficPolicy':{'tls':{'mode':'ISTIO_MUTUAL'}}}");
    doc_free(rule);
    assert_int_equal(settle(&w), 0);
    set_canary(&w, "", "");
    assert_int_equal(settle(&w), 2);
    rule = store_find(w.rules, "test", "podinfo-canary");
    fake_doc_expect(node_get(doc_root(rule), "spec"), "{'host':'podinfo-canary'}");
    doc_free(rule);
    close_world(&w);
}

/* --- objects that were there before --- */

static void test_a_users_virtual_service_is_adopted(void **state)
{
    struct world w;
    open_world(&w, "", "");
    put(&w, w.services,
        fake_doc(
            "{'metadata':{'name':'podinfo','namespace':'test','labels':{'mine':'x'},'annotations':{'mine':'y'}},"
            "'spec':{'hosts':['podinfo'],'exportTo':['*'],'http':[{'route':[{'destination':{'host':'podinfo'}}]}]}}"));
    assert_int_equal(settle(&w), 3);
    expect_live(&w, "spec", NULL,
                "{'hosts':['podinfo'],'gateways':['mesh'],'exportTo':['*'],'http':[{" SIDES(100, 0) "}]}");
    expect_live(&w, "metadata", "labels", "{}");
    expect_live(&w, "metadata", "ownerReferences", "absent");
    expect_live(&w, "metadata", "annotations",
                "{" TOOLKIT ",'flagger.kubernetes.io/original-configuration':'{\\u0022hosts\\u0022:[\\u0022podinfo"
                "\\u0022],\\u0022exportTo\\u0022:[\\u0022*\\u0022],\\u0022http\\u0022:[{\\u0022route\\u0022:[{"
                "\\u0022destination\\u0022:{\\u0022host\\u0022:\\u0022podinfo\\u0022}}]}]}'}");
    close_world(&w);
}

static void test_what_kubectl_applied_is_kept_instead(void **state)
{
    struct world w;
    open_world(&w, "", "");
    put(&w, w.services,
        fake_doc("{'metadata':{'name':'podinfo','namespace':'test','annotations':{'mine':'y',"
                 "'kubectl.kubernetes.io/last-applied-configuration':'{}'}},'spec':{'hosts':['podinfo']}}"));
    assert_int_equal(settle(&w), 3);
    expect_live(&w, "metadata", "annotations", "{" TOOLKIT ",'kubectl.kubernetes.io/last-applied-configuration':'{}'}");
    close_world(&w);
}

static void test_the_original_is_kept_until_the_next_drift(void **state)
{
    struct world w;
    open_world(&w, "", "");
    settle(&w);
    edit_service(&w, "{'metadata':{'annotations':{'flagger.kubernetes.io/original-configuration':'first'}}}");
    assert_int_equal(settle(&w), 0);
    edit_service(&w, "{'spec':{'hosts':['b'],'gateways':null,'http':null}}");
    assert_int_equal(settle(&w), 1);
    expect_live(&w, "metadata", "annotations",
                "{" TOOLKIT
                ",'flagger.kubernetes.io/original-configuration':'{\\u0022hosts\\u0022:[\\u0022b\\u0022]}'}");
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_three_writes_make_everything),
        cmocka_unit_test(test_another_cluster_has_no_owner),
        cmocka_unit_test(test_the_service_gives_the_spec),
        cmocka_unit_test(test_the_service_name_is_the_apex),
        cmocka_unit_test(test_a_delegate_has_no_hosts_or_gateways),
        cmocka_unit_test(test_hosts_edited_on_a_delegate_are_no_drift),
        cmocka_unit_test(test_apex_metadata_goes_on_the_virtual_service),
        cmocka_unit_test(test_foreign_metadata_is_dropped_and_weights_stay),
        cmocka_unit_test(test_routes_are_set_in_flaggers_shapes),
        cmocka_unit_test(test_equal_routes_are_not_written),
        cmocka_unit_test(test_weights_edited_by_hand_stay_and_are_read),
        cmocka_unit_test(test_the_last_route_to_the_canary_is_read),
        cmocka_unit_test(test_a_missing_virtual_service_is_an_error),
        cmocka_unit_test(test_repair_keeps_the_live_weights),
        cmocka_unit_test(test_a_changed_canary_keeps_the_live_weights),
        cmocka_unit_test(test_an_ab_test_keeps_the_weights_of_its_matched_route),
        cmocka_unit_test(test_fields_nobody_here_knows_are_no_drift),
        cmocka_unit_test(test_destination_rules_are_repaired),
        cmocka_unit_test(test_a_users_virtual_service_is_adopted),
        cmocka_unit_test(test_what_kubectl_applied_is_kept_instead),
        cmocka_unit_test(test_the_original_is_kept_until_the_next_drift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
