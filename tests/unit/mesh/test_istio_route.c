#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_istio.h"
#include "mesh/istio_route.h"

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
        /* without the parameters the first route would be for everybody */
        {",'match':[{'uri':{'prefix':'/'}}]",
         ",'match':[{'queryParams':{'beta':{'exact':'1'}}}]",
         {0, 100, false},
         {0, 100, false},
         "http",
         "[{'match':[{'uri':{'prefix':'/'},'queryParams':{'beta':{'exact':'1'}}}]," SIDES(
             0, 100) "},"
                     "{'match':[{'uri':{'prefix':'/'}}],'route':[" TO("podinfo-primary", 0) "]}]"},
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
            fake_doc_format("{'metadata':{'name':'podinfo','namespace':'test'," OWNERS "},'spec':%s}", cases[i].spec));
        if (cases[i].primary_pct + cases[i].canary_pct > 0) {
            expect_routes(&w, cases[i].primary_pct, cases[i].canary_pct, cases[i].mirrored);
        } else {
            assert_false(w.router.ops->get_routes(&w.router, &w.names, doc_root(w.canary), &live, &w.err));
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
    assert_false(w.router.ops->get_routes(&w.router, &w.names, doc_root(w.canary), &live, &w.err));
    assert_int_equal(w.err.code, ERR_NOT_FOUND);
    assert_string_equal(w.err.text, text);
    err_clear(&w.err);
    assert_int_equal(plan_routes(&w, 100, 0, false, &write), PLAN_FAILED);
    assert_string_equal(w.err.text, text);
    close_world(&w);
}

/* --- TCP --- */

static void test_tcp_routes_are_read_and_kept_apart_from_http(void **state)
{
    static const struct {
        const char *spec;
        int primary_pct, canary_pct; /* both 0: Flagger's error */
    } cases[] = {
        {"{'tcp':[{" SIDES(90, 10) "}]}", 90, 10},
        {"{'tcp':[{" SIDES(90, 10) "},{" SIDES(30, 70) "}],'http':[{" SIDES(5, 95) "}]}", 30, 70},
        {"{'tcp':[{'mirror':{'host':'podinfo-canary'}," SIDES(90, 10) "}]}", 90, 10}, /* never mirrored */
        {"{'http':[{" SIDES(90, 10) "}]}", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        struct routes live;
        open_world(&w, ",'appProtocol':'Tcp'", "");
        put(&w, w.services,
            fake_doc_format("{'metadata':{'name':'podinfo','namespace':'test'," OWNERS "},'spec':%s}", cases[i].spec));
        if (cases[i].primary_pct + cases[i].canary_pct > 0) {
            expect_routes(&w, cases[i].primary_pct, cases[i].canary_pct, false);
        } else {
            assert_false(w.router.ops->get_routes(&w.router, &w.names, doc_root(w.canary), &live, &w.err));
        }
        close_world(&w);
    }
}

/* --- comparing --- */

static void expect_same(const char *a, const char *b, bool with_shares, bool same)
{
    struct doc *left = fake_doc(a), *right = fake_doc(b), *doc = doc_new();
    bool equal = node_equal(istio_routes_normal(doc, doc_root(left), false, with_shares),
                            istio_routes_normal(doc, doc_root(right), false, with_shares));
    if (equal != same) {
        fail_msg("%s\n   %s and\n   %s", same ? "differ:" : "are the same:", a, b);
    }
    doc_free(left);
    doc_free(right);
    doc_free(doc);
}

static void test_weights_and_mirrors_count_only_when_asked(void **state)
{
    static const char *const shares[][2] = {
        {"[{" SIDES(90, 10) "}]", "[{" SIDES(10, 90) "}]"},
        {"[{'mirror':{'host':'a'}," SIDES(90, 10) "}]", "[{" SIDES(90, 10) "}]"},
        {"[{'mirror':{'host':'a'},'mirrorPercentage':{'value':5}}]", "[{'mirror':{'host':'a'}}]"},
        {"[{'route':[{'destination':{'host':'a'},'weight':100}]}]", "[{'route':[{'destination':{'host':'a'}}]}]"},
    };
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        expect_same(shares[i][0], shares[i][1], false, true);
        expect_same(shares[i][0], shares[i][1], true, false);
    }
    expect_same("[{'route':[{'destination':{'host':'a'},'weight':0}]}]", "[{'route':[{'destination':{'host':'a'}}]}]",
                true, true);
}

static void test_what_flagger_knows_counts_and_nothing_else(void **state)
{
    static const char *const drifts[] = {
        "'name':'a'",
        "'match':[{'port':1}]",
        "'redirect':{'uri':'/'}",
        "'rewrite':{'uri':'/'}",
        "'timeout':'5s'",
        "'retries':{'attempts':1}",
        "'fault':{'delay':{'fixedDelay':'1s'}}",
        "'corsPolicy':{'maxAge':'1s'}",
        "'headers':{'request':{'remove':['a']}}",
        "'route':[{'destination':{'host':'a'}}]",
        "'route':[{'headers':{'request':{'remove':['a']}}}]",
    };
    static const char *const nothing[] = {
        "'directResponse':{'status':503}",
        "'mirrors':[{'percentage':{'value':1}}]",
        "'delegate':{'name':'a'}",
        "'timeout':''",
        "'match':[]",
        "'retries':null",
    };
    char *text;
    for (size_t i = 0; i < sizeof drifts / sizeof drifts[0]; i++) {
        text = str_format("[{%s}]", drifts[i]);
        expect_same(text, "[{}]", false, false);
        mem_free(text);
    }
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
        text = str_format("[{%s}]", nothing[i]);
        expect_same(text, "[{}]", true, true);
        mem_free(text);
    }
    expect_same("[{},{}]", "[{}]", false, false);
    expect_same("[{'timeout':'1s'},{}]", "[{},{'timeout':'1s'}]", false, false);
    expect_same("null", "[]", false, true);
}

static void test_places_in_lists_count(void **state)
{
    struct doc *value = fake_doc("{'a':[null,'',{'b':''}],'c':null,'d':{},'e':0,'f':false}"), *doc = doc_new();
    fake_doc_expect(istio_normal(doc, doc_root(value)), "{'a':[null,null,{}],'d':{},'e':0,'f':false}");
    assert_null(istio_normal(doc, NULL));
    doc_free(doc);
    doc_free(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_routes_are_set_in_flaggers_shapes),
        cmocka_unit_test(test_equal_routes_are_not_written),
        cmocka_unit_test(test_weights_edited_by_hand_stay_and_are_read),
        cmocka_unit_test(test_the_last_route_to_the_canary_is_read),
        cmocka_unit_test(test_a_missing_virtual_service_is_an_error),
        cmocka_unit_test(test_tcp_routes_are_read_and_kept_apart_from_http),
        cmocka_unit_test(test_weights_and_mirrors_count_only_when_asked),
        cmocka_unit_test(test_what_flagger_knows_counts_and_nothing_else),
        cmocka_unit_test(test_places_in_lists_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
