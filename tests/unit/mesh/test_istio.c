#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_istio.h"

/* --- from nothing --- */

static void test_three_writes_make_everything(void **state)
{
    static const struct {
        const char *context, *body;
    } writes[] = {
        {"reconcileDestinationRule failed: DestinationRule podinfo-canary.test create error",
         "{'apiVersion':'networking.istio.io/v1beta1','kind':'DestinationRule','metadata':{'name':'podinfo-canary',"
         "'namespace':'test'," OWNERS "},'spec':{'host':'podinfo-canary'}}"},
        {"reconcileDestinationRule failed: DestinationRule podinfo-primary.test create error",
         "{'apiVersion':'networking.istio.io/v1beta1','kind':'DestinationRule','metadata':{'name':'podinfo-primary',"
         "'namespace':'test'," OWNERS "},'spec':{'host':'podinfo-primary'}}"},
        {"reconcileVirtualService failed: VirtualService podinfo.test create error",
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
        {",'retries':{'retryOn':'5xx'}", "",
         HTTP("[{'retries':{'retryOn':'5xx','attempts':0}," SIDES(100, 0) "}]")}, /* Flagger always says how many */
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
              "{'uri':{'prefix':'/a'},'headers':{'x':{'exact':'y'}},'sourceLabels':{'s':'2'},'queryParams':{'q':"
              "{'exact':'3'}}},"
              "{'port':80,'sourceLabels':{'s':'2'},'queryParams':{'q':{'exact':'3'}}}]," SIDES(
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
        assert_string_equal(w.err.text, "reconcileVirtualService failed: VirtualService podinfo.test cannot have hosts "
                                        "and gateways when delegation enabled");
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
        assert_string_equal(write.context, "reconcileVirtualService failed: VirtualService podinfo.test update error");
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
    expect_live(&w, "spec", NULL, "{'hosts':['podinfo'],'gateways':['mesh'],'tcp':[{" SIDES(100, 0) "}]}");
    close_world(&w);
}

/* A weight means a share only of the requests that it was given for. */
static void test_other_matches_start_at_the_primary(void **state)
{
    struct world w;
    open_world(&w, "", "");
    settle(&w);
    shift(&w, 70, 30, false);
    set_canary(&w, "", ",'match':" INSIDER);
    assert_int_equal(settle(&w), 1);
    expect_live(&w, "spec", "http",
                "[{'match':" INSIDER "," SIDES(100, 0) "},{'route':[" TO("podinfo-primary", 100) "]}]");
    expect_routes(&w, 100, 0, false);
    shift(&w, 0, 100, false);
    set_canary(&w, "", "");
    assert_int_equal(settle(&w), 1);
    expect_live(&w, "spec", "http", "[{" SIDES(100, 0) "}]");
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

/* What somebody set beside what Flagger's types know: at the top, on a route, in an object of it, on a destination. */
#define FOREIGN_TOP "'exportTo':['.'],'tls':[{'match':[{'port':443,'sniHosts':['a']}]}]"
#define FOREIGN_ROUTE "'directResponse':{'status':503},'mirrors':[{'destination':{'host':'c'}}]"
#define FOREIGN_TO(host, weight) "{'destination':{'host':'" host "','x':1},'weight':" #weight ",'y':2}"
#define FOREIGN_HTTP(timeout, primary, canary)                                                                         \
    "[{" timeout "'retries':{'attempts':3,'backoff':'1s'}," FOREIGN_ROUTE                                              \
    ",'route':[" FOREIGN_TO("podinfo-primary", primary) "," FOREIGN_TO("podinfo-canary", canary) "]}]"

static void test_fields_nobody_here_knows_survive_every_write(void **state)
{
    struct world w;
    open_world(&w, ",'retries':{'attempts':3}", "");
    settle(&w);
    edit_service(&w, "{'spec':{" FOREIGN_TOP ",'http':" FOREIGN_HTTP("", 80, 20) "}}");
    assert_int_equal(settle(&w), 0); /* they are no drift */
    shift(&w, 90, 10, false);
    expect_live(&w, "spec", NULL,
                "{'hosts':['podinfo'],'gateways':['mesh']," FOREIGN_TOP ",'http':" FOREIGN_HTTP("", 90, 10) "}");
    set_canary(&w, ",'timeout':'5s','retries':{'attempts':3}", "");
    assert_int_equal(settle(&w), 1);
    expect_live(&w, "spec", NULL,
                "{'hosts':['podinfo'],'gateways':['mesh']," FOREIGN_TOP
                ",'http':" FOREIGN_HTTP("'timeout':'5s',", 90, 10) "}");
    shift(&w, 100, 0, false);
    expect_live(&w, "spec", NULL,
                "{'hosts':['podinfo'],'gateways':['mesh']," FOREIGN_TOP
                ",'http':" FOREIGN_HTTP("'timeout':'5s',", 100, 0) "}");
    set_canary(&w, "", "");
    assert_int_equal(settle(&w), 1); /* what was in retries goes with them */
    expect_live(&w, "spec", NULL,
                "{'hosts':['podinfo'],'gateways':['mesh']," FOREIGN_TOP ",'http':[{" FOREIGN_ROUTE
                ",'route':[" FOREIGN_TO("podinfo-primary", 100) "," FOREIGN_TO("podinfo-canary", 0) "]}]}");
    assert_int_equal(settle(&w), 0);
    close_world(&w);
}

/* They belonged to a route that is no more: to another place, or under another condition. */
static void test_fields_of_other_routes_do_not_move_to_ours(void **state)
{
    struct world w;
    open_world(&w, ",'match':[{'uri':{'prefix':'/a'}}]", "");
    settle(&w);
    edit_service(&w, "{'spec':{'http':[{'statPrefix':'theirs','route':[" TO("elsewhere", 100) "]}]}}");
    assert_int_equal(settle(&w), 1);
    expect_live(&w, "spec", "http", "[{'match':[{'uri':{'prefix':'/a'}}]," SIDES(100, 0) "}]");
    edit_service(&w, "{'spec':{'http':[{'match':[{'uri':{'prefix':'/a'},'statPrefix':'a'}]," SIDES(100, 0) "}]}}");
    shift(&w, 70, 30, false);
    expect_live(&w, "spec", "http", "[{'match':[{'uri':{'prefix':'/a'},'statPrefix':'a'}]," SIDES(70, 30) "}]");
    set_canary(&w, ",'match':[{'uri':{'prefix':'/b'}}]", "");
    assert_int_equal(settle(&w), 1);
    expect_live(&w, "spec", "http", "[{'match':[{'uri':{'prefix':'/b'}}]," SIDES(100, 0) "}]");
    close_world(&w);
}

/* Istio refuses a route that has both. */
static void test_a_mirror_of_ours_takes_the_place_of_mirrors(void **state)
{
    struct world w;
    open_world(&w, "", ",'mirror':true");
    settle(&w);
    edit_service(&w,
                 "{'spec':{'http':[{'statPrefix':'s','mirrors':[{'destination':{'host':'c'}}]," SIDES(100, 0) "}]}}");
    shift(&w, 100, 0, true);
    expect_live(&w, "spec", "http", "[{'statPrefix':'s','mirror':{'host':'podinfo-canary'}," SIDES(100, 0) "}]");
    close_world(&w);
}

static void test_destination_rules_are_repaired(void **state)
{
    struct world w;
    struct kube_write write;
    open_world(&w, ",'trafficPolicy':{'tls':{'mode':'ISTIO_MUTUAL'}}", "");
    settle(&w);
    edit(&w, w.rules, "podinfo-primary",
         "{'spec':{'host':'other','exportTo':['.'],'workloadSelector':{'matchLabels':{'a':'b'}},'subsets':[{'name':'v1'"
         "}],"
         "'trafficPolicy':{'tls':{'mode':'DISABLE','insecureSkipVerify':true},'portLevelSettings':[{'port':{'number':"
         "80}}],"
         "'connectionPool':{'http':{'maxRetries':3}}}}}");
    assert_int_equal(reconcile(&w, &write), PLAN_WRITE);
    assert_string_equal(write.context,
                        "reconcileDestinationRule failed: DestinationRule podinfo-primary.test update error");
    apply(&w, &write);
    struct doc *rule = fake_store_copy(w.rules, "test", "podinfo-primary");
    fake_doc_expect(
        node_get(doc_root(rule), "spec"),
        "{'host':'podinfo-primary','exportTo':['.'],'workloadSelector':{'matchLabels':{'a':'b'}},'trafficPolicy':"
        "{'tls':{'mode':'ISTIO_MUTUAL','insecureSkipVerify':true},'portLevelSettings':[{'port':{'number':80}}]}}");
    doc_free(rule);
    assert_int_equal(settle(&w), 0);
    set_canary(&w, "", "");
    assert_int_equal(settle(&w), 2);
    rule = fake_store_copy(w.rules, "test", "podinfo-primary");
    fake_doc_expect(
        node_get(doc_root(rule), "spec"),
        "{'host':'podinfo-primary','exportTo':['.'],'workloadSelector':{'matchLabels':{'a':'b'}},'trafficPolicy':"
        "{'portLevelSettings':[{'port':{'number':80}}]}}");
    doc_free(rule);
    rule = fake_store_copy(w.rules, "test", "podinfo-canary");
    fake_doc_expect(node_get(doc_root(rule), "spec"), "{'host':'podinfo-canary'}");
    doc_free(rule);
    close_world(&w);
}

static void expect_rule(struct world *w, const char *name, const char *part, const char *want)
{
    struct doc *rule = fake_store_copy(w->rules, "test", name);
    fake_doc_expect(node_get(doc_root(rule), part), want);
    doc_free(rule);
}

/* Zeros that Flagger's types leave out are left out, and so is what they do not know: httpQueryParameterName. */
static void test_a_traffic_policy_is_written_as_flagger_knows_it(void **state)
{
#define POLICY                                                                                                         \
    "{'loadBalancer':{'consistentHash':{}},'connectionPool':{'http':{'h2UpgradePolicy':'UPGRADE'}},"                   \
    "'outlierDetection':{'consecutive5xxErrors':0}}"
    struct world w;
    open_world(
        &w,
        ",'trafficPolicy':{'loadBalancer':{'consistentHash':{'httpQueryParameterName':'user','minimumRingSize':0}"
        "},'outlierDetection':{'consecutive5xxErrors':0,'maxEjectionPercent':0,'splitExternalLocalOriginErrors':"
        "false},'connectionPool':{'http':{'h2UpgradePolicy':'UPGRADE','maxRetries':0}}}",
        "");
    assert_int_equal(settle(&w), 3);
    expect_rule(&w, "podinfo-canary", "spec", "{'host':'podinfo-canary','trafficPolicy':" POLICY "}");
    expect_rule(&w, "podinfo-primary", "spec", "{'host':'podinfo-primary','trafficPolicy':" POLICY "}");
    edit(&w, w.rules, "podinfo-canary",
         "{'spec':{'trafficPolicy':{'loadBalancer':{'consistentHash':{'httpQueryParameterName':'user'}}}}}");
    assert_int_equal(settle(&w), 0);
    close_world(&w);
}

static void test_metadata_of_destination_rules_is_not_ours(void **state)
{
    struct world w;
    open_world(&w, ",'apex':{'labels':{'team':'a'}}", "");
    put(&w, w.rules,
        fake_doc("{'metadata':{'name':'podinfo-canary','namespace':'test','labels':{'mine':'x'}},'spec':{"
                 "'host':'podinfo-canary','workloadSelector':{'matchLabels':{'a':'b'}}}}"));
    assert_int_equal(settle(&w), 2);
    expect_rule(&w, "podinfo-canary", "spec", "{'host':'podinfo-canary','workloadSelector':{'matchLabels':{'a':'b'}}}");
    expect_rule(
        &w, "podinfo-canary", "metadata",
        "{'name':'podinfo-canary','namespace':'test','labels':{'mine':'x'},'resourceVersion':'1','uid':'live'}");
    close_world(&w);
}

static void test_a_deleted_virtual_service_starts_again_at_the_primary(void **state)
{
    struct world w;
    open_world(&w, "", "");
    settle(&w);
    shift(&w, 50, 50, true);
    struct doc *live = fake_store_copy(w.services, "test", "podinfo");
    store_remove(w.services, live);
    doc_free(live);
    assert_int_equal(settle(&w), 1);
    expect_live(&w, "spec", NULL, HTTP("[{" SIDES(100, 0) "}]"));
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
                "\\u0022],\\u0022http\\u0022:[{\\u0022route\\u0022:[{"
                "\\u0022destination\\u0022:{\\u0022host\\u0022:\\u0022podinfo\\u0022},\\u0022weight\\u0022:0}]}]}'}");
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
        cmocka_unit_test(test_repair_keeps_the_live_weights),
        cmocka_unit_test(test_a_changed_canary_keeps_the_live_weights),
        cmocka_unit_test(test_other_matches_start_at_the_primary),
        cmocka_unit_test(test_an_ab_test_keeps_the_weights_of_its_matched_route),
        cmocka_unit_test(test_fields_nobody_here_knows_survive_every_write),
        cmocka_unit_test(test_fields_of_other_routes_do_not_move_to_ours),
        cmocka_unit_test(test_a_mirror_of_ours_takes_the_place_of_mirrors),
        cmocka_unit_test(test_destination_rules_are_repaired),
        cmocka_unit_test(test_a_traffic_policy_is_written_as_flagger_knows_it),
        cmocka_unit_test(test_metadata_of_destination_rules_is_not_ours),
        cmocka_unit_test(test_a_deleted_virtual_service_starts_again_at_the_primary),
        cmocka_unit_test(test_a_users_virtual_service_is_adopted),
        cmocka_unit_test(test_what_kubectl_applied_is_kept_instead),
        cmocka_unit_test(test_the_original_is_kept_until_the_next_drift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
