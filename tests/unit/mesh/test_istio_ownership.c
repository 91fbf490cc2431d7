/* Which routing objects that were there before are taken over, and which are left alone. */
#include "fake_istio.h"

#define ROUTE(host) "[{'route':[{'destination':{'host':'" host "'}}]}]"
#define RIVAL "'ownerReferences':[{'kind':'Canary','name':'other','controller':true}]"
#define SIGNED "'annotations':{'sluice.dev/canary':'podinfo'}"

/* A part of it leads to both sides. */
#define IN_HAND "{'hosts':['a'],'http':[{" SIDES(50, 50) "},{'route':[{'destination':{'host':'payments'}}]}]}"

struct before {
    const char *metadata, *spec;
    bool taken;
};

static void put_before(struct world *w, struct store *store, const char *name, const struct before *before)
{
    put(w, store,
        fake_doc_format("{'metadata':{'name':'%s','namespace':'test'%s%s},'spec':%s}", name,
                        before->metadata[0] != '\0' ? "," : "", before->metadata, before->spec));
}

/* The shares of a VirtualService that is somebody else's are none of this Canary's. */
static void expect_unread(struct world *w)
{
    struct routes live;
    w->err = (struct err){0};
    assert_false(w->router.ops->get_routes(&w->router, &w->names, doc_root(w->canary), &live, &w->err));
}

static void test_virtual_services(void **state)
{
    static const struct before cases[] = {
        {"", "{'hosts':['podinfo'],'http':" ROUTE("podinfo") "}", true},
        {"", "{'hosts':['shop.example.com'],'http':" ROUTE("podinfo.test.svc.cluster.local") "}", true},
        {"", "{'hosts':['podinfo.test']}", true},
        {"", "{'http':" ROUTE("podinfo.test.svc") "}", true}, /* a delegate */
        {"", "{'hosts':['podinfo'],'http':" ROUTE("payments") "}", false},
        {"", "{'hosts':['podinfo'],'http':" ROUTE("podinfo.other") "}", false},
        {"", "{'hosts':['podinfo'],'http':" ROUTE("podinfo-blue") "}", false},
        {"", "{'hosts':['payments']}", false},
        {"", "{'hosts':['podinfo'],'tls':" ROUTE("payments") "}", false},
        /* one route of several would be lost */
        {"",
         "{'hosts':['podinfo'],'http':[{'route':[{'destination':{'host':'podinfo'}}]},{'route':[{'destination':{'host':"
         "'payments'}}]}]}",
         false},
        {"",
         "{'hosts':['podinfo'],'http':[{'mirror':{'host':'payments'},'route':[{'destination':{'host':'podinfo'}}]}]}",
         false},
        {"", "{'hosts':['a'],'http':[{" SIDES(50, 50) "}]}", true},
        {"", IN_HAND, false},
        /* a route that the Canary has no word for would be lost */
        {"", "{'hosts':['podinfo'],'http':[{'redirect':{'uri':'/b'}},{" SIDES(50, 50) "}]}", false},
        {"", "{'hosts':['podinfo'],'http':[{'directResponse':{'status':403}}]}", false},
        {"", "{'hosts':['podinfo'],'http':[{'delegate':{'name':'podinfo'}}]}", false},
        {SIGNED, "{'hosts':['podinfo'],'http':[{'delegate':{'name':'podinfo'}}]}", true},
        {RIVAL, "{'hosts':['podinfo'],'http':" ROUTE("podinfo") "}", false},
        {SIGNED, "{'hosts':['payments'],'http':" ROUTE("payments") "}", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        struct kube_write write;
        open_world(&w, "", "");
        put_before(&w, w.services, "podinfo", &cases[i]);
        if (cases[i].taken) {
            assert_int_equal(settle(&w), 3);
        } else {
            assert_int_equal(reconcile_object(&w, 2, &write), PLAN_FOREIGN);
            assert_true(str_has_prefix(w.err.text, "VirtualService podinfo.test is left alone: "));
            assert_int_equal(plan_routes(&w, 50, 50, false, &write), PLAN_FAILED);
            expect_unread(&w);
        }
        close_world(&w);
    }
}

/* Another Canary has the Service, and on the mesh's cluster nothing says whose the VirtualService is. */
static void test_the_routes_behind_the_service_of_another_canary(void **state)
{
    const struct before orphan = {"", "{'hosts':['podinfo'],'http':[{" SIDES(50, 50) "}]}", true};
    struct world w;
    struct kube_write write;
    open_world(&w, "", "");
    put_before(&w, w.services, "podinfo", &orphan);
    expect_routes(&w, 50, 50, false);
    put(&w, stores_of(&w.stores, &KUBE_SERVICES),
        fake_doc("{'metadata':{'name':'podinfo','namespace':'test'," RIVAL "}}"));
    expect_unread(&w);
    assert_true(str_has_prefix(w.err.text, "Service podinfo.test is left alone: it belongs to Canary other"));
    assert_int_equal(plan_routes(&w, 100, 0, false, &write), PLAN_FAILED);
    close_world(&w);
}

/* Nothing there says that an engine made it, and somebody has added to it since. */
static void test_routes_in_hand_on_another_cluster_are_kept_in_hand(void **state)
{
    const struct before added_to = {"", IN_HAND, true};
    struct world w;
    open_world(&w, "", "");
    w.router.owned = false;
    put_before(&w, w.services, "podinfo", &added_to);
    expect_routes(&w, 50, 50, false);
    assert_int_equal(settle(&w), 3);
    close_world(&w);
}

static void test_the_sign_stays(void **state)
{
    const struct before signed_one = {SIGNED, "{'hosts':['payments'],'http':" ROUTE("payments") "}", true};
    struct world w;
    open_world(&w, "", "");
    put_before(&w, w.services, "podinfo", &signed_one);
    settle(&w);
    struct doc *live = fake_store_copy(w.services, "test", "podinfo");
    assert_string_equal(object_annotation(doc_root(live), "sluice.dev/canary"), "podinfo");
    doc_free(live);
    close_world(&w);
}

static void test_destination_rules(void **state)
{
    static const struct before cases[] = {
        {"", "{'host':'podinfo-canary','trafficPolicy':{'tls':{'mode':'DISABLE'}}}", true},
        {"", "{'host':'podinfo-canary.test.svc.cluster.local','subsets':[{'name':'a'}]}", true},
        {"", "{'host':'payments'}", false},
        {"", "{}", false},
        {RIVAL, "{'host':'podinfo-canary.test'}", false},
        {SIGNED, "{'host':'payments'}", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        struct kube_write write;
        open_world(&w, "", "");
        put_before(&w, w.rules, "podinfo-canary", &cases[i]);
        assert_int_equal(reconcile_object(&w, 0, &write), cases[i].taken ? PLAN_WRITE : PLAN_FOREIGN);
        kube_write_fini(&write);
        close_world(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_virtual_services),
        cmocka_unit_test(test_the_routes_behind_the_service_of_another_canary),
        cmocka_unit_test(test_routes_in_hand_on_another_cluster_are_kept_in_hand),
        cmocka_unit_test(test_the_sign_stays),
        cmocka_unit_test(test_destination_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
