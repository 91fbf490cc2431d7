#include "fake_istio.h"
#include "mesh/host_index.h"

static void add(struct world *w, const char *namespace, const char *name, const char *created, const char *spec)
{
    put(w, w->services,
        fake_doc_format("{'metadata':{'name':'%s','namespace':'%s','creationTimestamp':'%s'},'spec':%s}", name,
                        namespace, created, spec));
}

static void expect_warnings(struct world *w, const char *want, const char *want_objects)
{
    struct str_list texts = {0}, objects = {0};
    w->router.ops->warnings(&w->router, &w->names, doc_root(w->canary), &texts, &objects);
    assert_int_equal(texts.count, want == NULL ? 0 : 1);
    if (want != NULL) {
        assert_string_equal(texts.items[0], want);
    }
    assert_int_equal(objects.count, want_objects == NULL ? 0 : 1);
    if (want_objects != NULL) {
        assert_string_equal(objects.items[0], want_objects);
    }
    str_list_fini(&texts);
    str_list_fini(&objects);
}

#define OURS "2026-03-11T08:00:00Z"
#define OLDER "2026-03-11T07:59:59Z"
#define YOUNGER "2026-03-11T08:00:01Z"

/* One other object beside ours. */
static void check_rival(const char *service, const char *namespace, const char *name, const char *created,
                        const char *spec, const char *want)
{
    struct world w;
    open_world(&w, service, "");
    w.router.ops->open(&w.router);
    add(&w, namespace, name, created, spec);
    add(&w, "test", "podinfo", OURS, HTTP("[{" SIDES(90, 10) "}]"));
    expect_warnings(&w, want, want != NULL && strcmp(namespace, "test") == 0 ? name : NULL);
    w.router.ops->close(&w.router);
    close_world(&w);
}

#define RIVAL(id, host, gateway)                                                                                       \
    "VirtualService " id " is older and has host " host " too (gateway " gateway                                       \
    "): requests follow its routes, not the weights of VirtualService podinfo.test"

#define AT_GATEWAY ",'hosts':['app.example.com'],'gateways':['public']"

static void test_an_older_object_for_the_same_host_is_told(void **state)
{
    static const struct {
        const char *service, *namespace, *name, *created, *spec, *want;
    } cases[] = {
        {"", "test", "other", OLDER, "{'hosts':['podinfo']}", RIVAL("other.test", "podinfo", "mesh")},
        {"", "test", "other", OLDER, "{'hosts':['x','PODINFO.test.svc.cluster.local']}",
         RIVAL("other.test", "podinfo", "mesh")},
        {"", "test", "other", YOUNGER, "{'hosts':['podinfo']}", NULL},
        {"", "test", "other", OURS, "{'hosts':['podinfo']}", RIVAL("other.test", "podinfo", "mesh")}, /* by name */
        {"", "test", "zebra", OURS, "{'hosts':['podinfo']}", NULL},
        {"", "test", "other", OLDER, "{'hosts':['podinfo2','*']}", NULL},
        {"", "test", "other", OLDER, "{'hosts':['podinfo'],'gateways':['public']}", NULL},
        {"", "elsewhere", "other", OLDER, "{'hosts':['podinfo']}", NULL}, /* that is podinfo.elsewhere */
        {"", "elsewhere", "other", OLDER, "{'hosts':['podinfo.test.svc.cluster.local']}",
         RIVAL("other.elsewhere", "podinfo", "mesh")},
        {"", "elsewhere", "other", OLDER, "{'hosts':['podinfo.test.svc.cluster.local'],'exportTo':['.']}", NULL},
        {"", "elsewhere", "other", OLDER, "{'hosts':['podinfo.test.svc.cluster.local'],'exportTo':['.','test']}",
         RIVAL("other.elsewhere", "podinfo", "mesh")},
        {"", "elsewhere", "other", OLDER, "{'hosts':['podinfo.test.svc.cluster.local'],'exportTo':['x']}", NULL},
        /* a gateway has the routes of both */
        {AT_GATEWAY, "test", "other", OLDER, "{'hosts':['app.example.com'],'gateways':['public'],'http':[{}]}",
         RIVAL("other.test", "app.example.com", "test/public")},
        {AT_GATEWAY, "test", "other", OLDER,
         "{'hosts':['app.example.com'],'gateways':['public'],'http':[{'match':[{'uri':{'prefix':'/a'}}]}]}", NULL},
        {AT_GATEWAY, "test", "other", OLDER,
         "{'hosts':['app.example.com'],'gateways':['test/public'],'http':[{'match':[{'uri':{'prefix':'/'}}]}]}",
         RIVAL("other.test", "app.example.com", "test/public")},
        {AT_GATEWAY, "elsewhere", "other", OLDER, "{'hosts':['app.example.com'],'gateways':['public'],'http':[{}]}",
         NULL},
        {",'delegation':true", "test", "other", OLDER, "{'hosts':['podinfo']}", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_rival(cases[i].service, cases[i].namespace, cases[i].name, cases[i].created, cases[i].spec,
                    cases[i].want);
    }
}

static void test_the_index_follows_the_store(void **state)
{
    struct world w;
    open_world(&w, "", "");
    w.router.ops->open(&w.router);
    add(&w, "test", "podinfo", OURS, HTTP("[{" SIDES(90, 10) "}]"));
    expect_warnings(&w, NULL, NULL);
    add(&w, "test", "other", OLDER, "{'hosts':['a','podinfo']}");
    expect_warnings(&w, RIVAL("other.test", "podinfo", "mesh"), "other");
    add(&w, "test", "other", OLDER, "{'hosts':['a']}");
    expect_warnings(&w, NULL, NULL);
    add(&w, "test", "other", OLDER, "{'hosts':['podinfo','podinfo']}");
    expect_warnings(&w, RIVAL("other.test", "podinfo", "mesh"), "other");
    struct doc *live = fake_store_copy(w.services, "test", "other");
    store_remove(w.services, live);
    doc_free(live);
    expect_warnings(&w, NULL, NULL);
    assert_null(host_index_find(w.router.memory, "test", "a"));
    w.router.ops->close(&w.router);
    close_world(&w);
}

#define HEADLESS                                                                                                       \
    "spec.service.headless: sidecars send requests to the Pod that the client has chosen, whatever the weights are; "  \
    "only gateways follow them"
#define OUTSIDE_OF(host)                                                                                               \
    "spec.service.port 9898: requests from inside of the mesh to " host                                                \
    " are answered with 503, as sidecars look for port 80 "                                                            \
    "behind a host that is no Service"
#define OUTSIDE OUTSIDE_OF("app.example.com")
#define NAMED                                                                                                          \
    "spec.service.portDiscovery with a gateway and mesh: requests from inside of the mesh to the other ports of "      \
    "podinfo go to port 9898"
#define UNNAMED                                                                                                        \
    "spec.service.portDiscovery with mesh as the first of gateways: requests through the others are answered with "    \
    "503 unless they listen at port 9898; name a gateway first"
#define TWO_PORTS "{'spec':{'ports':[{'port':9898},{'port':9797}]}}"
#define DISCOVERED ",'portDiscovery':true,'gateways':"

static void test_a_service_that_defeats_the_weights_is_told(void **state)
{
    static const struct {
        const char *service, *apex, *want;
    } cases[] = {
        {"", TWO_PORTS, NULL},
        {",'headless':true", "{}", HEADLESS},
        {",'headless':true,'gateways':['public']", "{}", NULL},
        {",'headless':true,'gateways':['public','mesh']", "{}", HEADLESS},
        {",'hosts':['app.example.com'],'gateways':['public','mesh']", "{}", OUTSIDE},
        {",'hosts':['app.example.com']", "{}", OUTSIDE},
        {",'hosts':['app.example.com'],'gateways':['public']", "{}", NULL},
        {",'hosts':['podinfo.test.example.com']", "{}", OUTSIDE_OF("podinfo.test.example.com")}, /* begins alike */
        {",'hosts':['podinfo.test','podinfo.test.svc.cluster.local','*.example.com'],'gateways':['public','mesh']",
         "{}", NULL},
        {DISCOVERED "['public','mesh'],'hosts':['app.example.com']", "{'spec':{'ports':[{'port':9898}]}}", NULL},
        {DISCOVERED "['public','mesh']", TWO_PORTS, NAMED},
        {DISCOVERED "['mesh','public']", TWO_PORTS, UNNAMED},
        {DISCOVERED "['public']", TWO_PORTS, NULL},
        {DISCOVERED "['mesh']", TWO_PORTS, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        open_world(&w, cases[i].service, "");
        struct doc *service = fake_doc(cases[i].apex);
        struct node *metadata = node_ensure_object(service, doc_root(service), "metadata");
        node_set_str(service, metadata, "name", "podinfo");
        node_set_str(service, metadata, "namespace", "test");
        put(&w, stores_of(&w.stores, &KUBE_SERVICES), service);
        expect_warnings(&w, cases[i].want, NULL);
        close_world(&w);
    }
}

static void test_port_80_is_where_sidecars_look(void **state)
{
    struct world w;
    open_world(&w, ",'hosts':['app.example.com'],'gateways':['public','mesh']", "");
    node_set_int(w.canary, node_at(doc_root(w.canary), "spec", "service"), "port", 80);
    expect_warnings(&w, NULL, NULL);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_older_object_for_the_same_host_is_told),
        cmocka_unit_test(test_the_index_follows_the_store),
        cmocka_unit_test(test_a_service_that_defeats_the_weights_is_told),
        cmocka_unit_test(test_port_80_is_where_sidecars_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
