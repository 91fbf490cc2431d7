#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_doc.h"
#include "fake_store.h"
#include "kube/object.h"
#include "workload/service.h"

/* A Canary, its target, and what an API server does with planned writes. */
struct world {
    struct doc *canary, *target;
    struct canary_names names;
    struct selector selector;
    struct stores stores;
    struct store *services, *deployments; /* of `stores` */
    char refusal[sizeof(struct err){0}.text];
    struct kube_write write;
    int version;
};

#define TOOLKIT "'kustomize.toolkit.fluxcd.io/reconcile':'disabled','helm.toolkit.fluxcd.io/driftDetection':'disabled'"
#define OWNERS                                                                                                         \
    "'ownerReferences':[{'apiVersion':'flagger.app/v1beta1','kind':'Canary','name':'podinfo','uid':'u-1',"             \
    "'controller':true,'blockOwnerDeletion':true}]"
#define HTTP_PORT "{'name':'http','protocol':'TCP','port':80,'targetPort':80}"

/* `service`: further members of spec.service, each with its comma in front. */
static void set_canary(struct world *w, const char *service)
{
    canary_names_fini(&w->names);
    doc_free(w->canary);
    w->canary = fake_doc_format("{'metadata':{'name':'podinfo','namespace':'test','uid':'u-1'},'spec':{'targetRef':{"
                                "'kind':'Deployment','name':'podinfo'},'service':{'port':80%s}}}",
                                service);
    canary_names_init(&w->names, doc_root(w->canary));
}

static void set_ports(struct world *w, const char *containers)
{
    doc_free(w->target);
    w->target = fake_doc_format("{'metadata':{'name':'podinfo','namespace':'test'},'spec':{'template':{'metadata':{'"
                                "labels':{'app':'web','tier':'front'}},'spec':{"
                                "'containers':%s,'initContainers':[{'name':'i','ports':[{'containerPort':7}]}]}}}}",
                                containers);
    workload_kind_at(0)->store.prune(w->target, NULL);
}

static void open_world(struct world *w, const char *service)
{
    *w = (struct world){.selector = {.key = "app", .value = "web"}};
    w->services = store_new(&KUBE_SERVICES, service_prune);
    w->deployments = store_new(&KUBE_DEPLOYMENTS, workload_kind_at(0)->store.prune);
    stores_add(&w->stores, w->services, NULL);
    stores_add(&w->stores, w->deployments, NULL);
    set_canary(w, service);
    set_ports(w, "[]");
}

static void close_world(struct world *w)
{
    canary_names_fini(&w->names);
    doc_free(w->canary);
    doc_free(w->target);
    stores_fini(&w->stores);
}

static enum plan plan(struct world *w, enum service_role role)
{
    struct err err = {0};
    struct service_options options = {
        .stores = &w->stores,
        .names = &w->names,
        .canary = doc_root(w->canary),
        .target = doc_root(w->target),
        .selector = &w->selector,
        .role = role,
    };
    enum plan plan = service_plan(&options, &w->write, &err);
    snprintf(w->refusal, sizeof w->refusal, "%s", err.text);
    return plan;
}

static void put(struct world *w, struct doc *object)
{
    char version[16];
    snprintf(version, sizeof version, "%d", ++w->version);
    node_set_str(object, node_get(doc_root(object), "metadata"), "resourceVersion", version);
    store_put(w->services, object);
    doc_free(object);
}

static void apply(struct world *w)
{
    assert_ptr_equal(w->write.resource, &KUBE_SERVICES);
    if (w->write.verb == KUBE_CREATE) {
        put(w, doc_copy(doc_root(w->write.body)));
    } else {
        assert_int_equal(w->write.verb, KUBE_PATCH_MERGE);
        struct doc *live = fake_store_copy(w->services, w->write.namespace, w->write.name);
        assert_string_equal(object_version(doc_root(live)), object_version(doc_root(w->write.body)));
        fake_doc_merge(live, doc_root(live), doc_root(w->write.body));
        put(w, live);
    }
    kube_write_fini(&w->write);
}

/* One write makes it so, and then nothing differs. */
static void settle(struct world *w, enum service_role role)
{
    assert_int_equal(plan(w, role), PLAN_WRITE);
    apply(w);
    assert_int_equal(plan(w, role), PLAN_DONE);
}

static void edit(struct world *w, const char *name, const char *patch)
{
    struct doc *live = fake_store_copy(w->services, "test", name), *change = fake_doc(patch);
    fake_doc_merge(live, doc_root(live), doc_root(change));
    doc_free(change);
    put(w, live);
}

static void expect_live(struct world *w, const char *name, const char *part, const char *want)
{
    struct doc *live = fake_store_copy(w->services, "test", name);
    const struct node *n = node_get(doc_root(live), strcmp(part, "spec") == 0 ? part : "metadata");
    fake_doc_expect(strcmp(part, "spec") == 0 ? n : node_get(n, part), want);
    doc_free(live);
}

/* --- creation --- */

static void expect_created(struct world *w, enum service_role role, const char *body)
{
    assert_int_equal(plan(w, role), PLAN_WRITE);
    assert_int_equal(w->write.verb, KUBE_CREATE);
    fake_doc_expect(doc_root(w->write.body), body);
    apply(w);
    assert_int_equal(plan(w, role), PLAN_DONE);
}

#define SERVICE(name, value)                                                                                           \
    "{'apiVersion':'v1','kind':'Service','metadata':{'name':'" name "','namespace':'test','labels':{'app':'" name      \
    "'},'annotations':{" TOOLKIT "}," OWNERS "},'spec':{'type':'ClusterIP','selector':{'app':'" value                  \
    "'},'ports':[" HTTP_PORT "]}}"

static void test_three_services_are_made(void **state)
{
    struct world w;
    open_world(&w, "");
    assert_int_equal(plan(&w, SERVICE_CANARY), PLAN_WRITE);
    assert_string_equal(w.write.context, "reconcileService failed: service podinfo-canary.test create error");
    kube_write_fini(&w.write);
    expect_created(&w, SERVICE_CANARY, SERVICE("podinfo-canary", "web"));
    expect_created(&w, SERVICE_PRIMARY, SERVICE("podinfo-primary", "web-primary"));
    expect_created(&w, SERVICE_APEX, SERVICE("podinfo", "web-primary"));
    set_canary(&w, ",'name':'front'");
    expect_created(&w, SERVICE_CANARY, SERVICE("front-canary", "web"));
    expect_created(&w, SERVICE_PRIMARY, SERVICE("front-primary", "web-primary"));
    expect_created(&w, SERVICE_APEX, SERVICE("front", "web-primary"));
    close_world(&w);
}

#define SPEC(ports) "{'type':'ClusterIP','selector':{'app':'web-primary'},'ports':[" ports "]}"

static void test_the_canary_gives_the_spec(void **state)
{
    static const struct {
        const char *service, *spec;
    } cases[] = {
        {",'portName':'grpc','targetPort':9090,'appProtocol':'kubernetes.io/h2c'",
         SPEC("{'name':'grpc','protocol':'TCP','port':80,'targetPort':9090,'appProtocol':'kubernetes.io/h2c'}")},
        {",'portName':'','targetPort':'web','appProtocol':''",
         SPEC("{'name':'http','protocol':'TCP','port':80,'targetPort':'web'}")},
        /* "unset" is what prints as 0 */
        {",'targetPort':0", SPEC(HTTP_PORT)},
        {",'targetPort':'0'", SPEC(HTTP_PORT)},
        {",'targetPort':null,'apex':null", SPEC(HTTP_PORT)},
        {",'headless':true",
         "{'type':'ClusterIP','clusterIP':'None','selector':{'app':'web-primary'},'ports':[" HTTP_PORT "]}"},
        {",'headless':false,'trafficDistribution':''", SPEC(HTTP_PORT)},
        {",'trafficDistribution':'PreferClose'",
         "{'type':'ClusterIP','selector':{'app':'web-primary'},'ports':[" HTTP_PORT "],'trafficDistribution':"
         "'PreferClose'}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        open_world(&w, cases[i].service);
        assert_int_equal(plan(&w, SERVICE_APEX), PLAN_WRITE);
        fake_doc_expect(node_get(doc_root(w.write.body), "spec"), cases[i].spec);
        kube_write_fini(&w.write);
        close_world(&w);
    }
}

static void test_each_role_has_its_own_metadata(void **state)
{
    static const struct {
        enum service_role role;
        const char *labels, *annotations;
    } cases[] = {
        {SERVICE_APEX, "{'a':'1','app':'podinfo'}", "{'b':'2'," TOOLKIT "}"},
        {SERVICE_PRIMARY, "{'p':'1','app':'podinfo-primary'}", "{" TOOLKIT "}"},
        {SERVICE_CANARY, "{'app':'podinfo-canary'}", "{'c':'1'," TOOLKIT "}"},
    };
    struct world w;
    open_world(&w, ",'apex':{'labels':{'a':'1','app':'overwritten'},'annotations':{'b':'2','helm.toolkit.fluxcd.io/"
                   "driftDetection':'enabled'}},'primary':{'labels':{'p':'1'}},'canary':{'labels':null,'annotations':{"
                   "'c':'1'}}");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(plan(&w, cases[i].role), PLAN_WRITE);
        fake_doc_expect(node_at(doc_root(w.write.body), "metadata", "labels"), cases[i].labels);
        fake_doc_expect(node_at(doc_root(w.write.body), "metadata", "annotations"), cases[i].annotations);
        kube_write_fini(&w.write);
    }
    close_world(&w);
}

/* --- ports of the containers --- */

#define PORT(name, number) "{'name':'" name "','protocol':'TCP','port':" #number ",'targetPort':" #number "}"

static void test_ports_are_discovered(void **state)
{
    static const struct {
        const char *service, *containers, *ports;
    } cases[] = {
        {"", "[{'name':'a','ports':[{'containerPort':81}]}]", "[" HTTP_PORT "]"},
        {",'portDiscovery':true",
         "[{'name':'a','ports':[{'name':'http','containerPort':80},{'containerPort':81},{'name':'grpc','containerPort':"
         "82,"
         "'protocol':'UDP'}]},{'name':'b','ports':[{'containerPort':83}]},{'name':'istio-proxy','ports':[{"
         "'containerPort':15090}]},{'name':'envoy','ports':[{'containerPort':15000}]},{'name':'c'}]",
         "[" HTTP_PORT "," PORT("tcp-a-1", 81) "," PORT("grpc", 82) "," PORT("tcp-b-0", 83) "]"},
        /* which container port is the Service's own */
        {",'portDiscovery':true,'targetPort':8080",
         "[{'name':'a','ports':[{'containerPort':8080},{'name':'web','containerPort':81}]}]",
         "[{'name':'http','protocol':'TCP','port':80,'targetPort':8080}," PORT("web", 81) "]"},
        {",'portDiscovery':true,'targetPort':'web'",
         "[{'name':'a','ports':[{'name':'web','containerPort':8080},{'name':'x','containerPort':81}]}]",
         "[{'name':'http','protocol':'TCP','port':80,'targetPort':'web'}," PORT("x", 81) "]"},
        /* what the API server would refuse: a number, or the name of the Service's own port, twice */
        {",'portDiscovery':true,'targetPort':8080", "[{'name':'a','ports':[{'name':'web','containerPort':80}]}]",
         "[{'name':'http','protocol':'TCP','port':80,'targetPort':8080}]"},
        {",'portDiscovery':true", "[{'name':'a','ports':[{'name':'http','containerPort':9003}]}]",
         "[" HTTP_PORT "," PORT("http-9003", 9003) "]"},
        {",'portDiscovery':true",
         "[{'name':'a','ports':[{'name':'dns','containerPort':53,'protocol':'UDP'},{'name':'dns-tcp','containerPort':"
         "53}]}]",
         "[" HTTP_PORT "," PORT("dns", 53) "]"},
        {",'portDiscovery':true,'targetPort':0", "[{'name':'a','ports':[{'containerPort':80}]}]", "[" HTTP_PORT "]"},
        /* of equal names the later wins */
        {",'portDiscovery':true",
         "[{'name':'a','ports':[{'name':'m','containerPort':1}]},{'name':'b','ports':[{'name':'m','containerPort':2}]}"
         "]",
         "[" HTTP_PORT "," PORT("m", 2) "]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        open_world(&w, cases[i].service);
        set_ports(&w, cases[i].containers);
        assert_int_equal(plan(&w, SERVICE_CANARY), PLAN_WRITE);
        fake_doc_expect(node_at(doc_root(w.write.body), "spec", "ports"), cases[i].ports);
        apply(&w);
        assert_int_equal(plan(&w, SERVICE_CANARY), PLAN_DONE);
        close_world(&w);
    }
}

/* --- drift --- */

static void test_ports_and_selector_are_repaired(void **state)
{
    static const char *const drifts[] = {
        "{'spec':{'selector':{'app':'elsewhere'}}}",
        "{'spec':{'selector':{'tier':'x'}}}",
        "{'spec':{'selector':null}}",
        "{'spec':{'ports':null}}",
        "{'spec':{'ports':[{'name':'http','protocol':'TCP','port':81,'targetPort':80}]}}",
        "{'spec':{'ports':[{'name':'web','protocol':'TCP','port':80,'targetPort':80}]}}",
        "{'spec':{'ports':[{'name':'http','protocol':'UDP','port':80,'targetPort':80}]}}",
        "{'spec':{'ports':[{'name':'http','protocol':'TCP','port':80,'targetPort':80,'appProtocol':'http'}]}}",
        "{'spec':{'ports':[" HTTP_PORT ",{'name':'x','protocol':'TCP','port':1,'targetPort':1}]}}",
    };
    struct world w;
    open_world(&w, "");
    settle(&w, SERVICE_APEX);
    for (size_t i = 0; i < sizeof drifts / sizeof drifts[0]; i++) {
        edit(&w, "podinfo", drifts[i]);
        assert_int_equal(plan(&w, SERVICE_APEX), PLAN_WRITE);
        assert_string_equal(w.write.context, "reconcileService failed: service podinfo update error");
        apply(&w);
        expect_live(&w, "podinfo", "spec", "{'selector':{'app':'web-primary'},'ports':[" HTTP_PORT "]}");
        assert_int_equal(plan(&w, SERVICE_APEX), PLAN_DONE);
    }
    close_world(&w);
}

static void test_the_order_of_ports_and_node_ports_are_the_servers(void **state)
{
    struct world w;
    open_world(&w, ",'portDiscovery':true");
    set_ports(&w, "[{'name':'a','ports':[{'name':'m','containerPort':1}]}]");
    settle(&w, SERVICE_APEX);
    edit(&w, "podinfo",
         "{'spec':{'ports':[{'name':'m','protocol':'TCP','port':1,'targetPort':1,'nodePort':30001},{'name':'http',"
         "'protocol':'TCP','port':80,'targetPort':80,'nodePort':30080}]}}");
    assert_int_equal(plan(&w, SERVICE_APEX), PLAN_DONE);
    set_canary(&w, ",'portDiscovery':true,'targetPort':'web'");
    settle(&w, SERVICE_APEX);
    expect_live(
        &w, "podinfo", "spec",
        "{'selector':{'app':'web-primary'},'ports':[{'name':'http','protocol':'TCP','port':80,'targetPort':'web',"
        "'nodePort':30080},{'name':'m','protocol':'TCP','port':1,'targetPort':1,'nodePort':30001}]}");
    close_world(&w);
}

static void test_what_is_set_at_creation_only_is_no_drift(void **state)
{
    struct world w;
    open_world(&w, "");
    settle(&w, SERVICE_APEX);
    set_canary(&w, ",'headless':true,'trafficDistribution':'PreferClose'");
    assert_int_equal(plan(&w, SERVICE_APEX), PLAN_DONE);
    edit(&w, "podinfo",
         "{'metadata':{'finalizers':['x']},'spec':{'type':'LoadBalancer','sessionAffinity':'ClientIP'}}");
    assert_int_equal(plan(&w, SERVICE_APEX), PLAN_DONE);
    close_world(&w);
}

static void test_metadata_of_an_owned_service_is_repaired(void **state)
{
    struct world w;
    open_world(&w, ",'apex':{'labels':{'team':'a'},'annotations':{'note':'n'}},'unmanagedMetadata':{'labels':['keep',"
                   "'absent','team'],'annotations':['mine']}");
    settle(&w, SERVICE_APEX);
    edit(&w, "podinfo",
         "{'metadata':{'labels':{'foreign':'x','keep':'k','team':'b'},'annotations':{'mine':'m','foreign':'y','note':"
         "null,'helm.toolkit.fluxcd.io/driftDetection':null}}}");
    settle(&w, SERVICE_APEX);
    expect_live(&w, "podinfo", "labels", "{'team':'b','keep':'k','app':'podinfo'}"); /* a live value wins */
    expect_live(&w, "podinfo", "annotations", "{'note':'n','mine':'m'," TOOLKIT "}");
    edit(&w, "podinfo", "{'metadata':{'labels':null,'annotations':null}}");
    settle(&w, SERVICE_APEX);
    expect_live(&w, "podinfo", "labels", "{'team':'a','app':'podinfo'}");
    expect_live(&w, "podinfo", "annotations", "{'note':'n'," TOOLKIT "}");
    close_world(&w);
}

/* --- Services that others made --- */

static void test_a_users_service_is_taken_over(void **state)
{
    static const char *const owners[] = {
        "[]",
        "[{'kind':'Canary','name':'podinfo','controller':false}]",
        "[{'kind':'Rollout','name':'podinfo','controller':true}]",
    };
    for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
        struct world w;
        open_world(&w, ",'apex':{'labels':{'team':'a'},'annotations':{'note':'n'}}");
        put(&w,
            fake_doc_format("{'metadata':{'name':'podinfo','namespace':'test','labels':{'mine':'x'},'annotations':{"
                            "'mine':'y'},'ownerReferences':%s},'spec':{'type':'LoadBalancer','selector':{'app':'web'},"
                            "'ports':[{'protocol':'TCP','port':80,'targetPort':80,'nodePort':30080}]}}",
                            owners[i]));
        settle(&w, SERVICE_APEX);
        expect_live(&w, "podinfo", "spec", "{'selector':{'app':'web-primary'},'ports':[" HTTP_PORT "]}");
        expect_live(&w, "podinfo", "labels", "{'mine':'x'}");
        expect_live(&w, "podinfo", "annotations", "{'mine':'y'," TOOLKIT "}");
        expect_live(&w, "podinfo", "ownerReferences", owners[i]);
        edit(&w, "podinfo", "{'metadata':{'labels':null,'annotations':null}}"); /* not ours to judge */
        assert_int_equal(plan(&w, SERVICE_APEX), PLAN_DONE);
        close_world(&w);
    }
}

#define PODS_OF(name, replicas, labels)                                                                                \
    "{'metadata':{'name':'" name "','namespace':'test','resourceVersion':'1'},'spec':{'replicas':" #replicas           \
    ",'template':{'metadata':{'labels':" labels "}}}}"
#define SIGNED "'annotations':{'sluice.dev/canary':'podinfo'}"

/* Whoever may write a Canary may not have every Service of the namespace pointed at his Pods. */
static void test_a_foreign_service_is_left_alone(void **state)
{
    static const struct {
        const char *metadata, *selector; /* of the Service podinfo */
        const char *other;               /* another Deployment */
        bool taken;
    } cases[] = {
        {"", "{'app':'web'}", NULL, true},
        {"", "{'app':'web','tier':'front'}", NULL, true},
        {"", "{'app':'web-primary'}", NULL, true}, /* as Flagger left it */
        {"", "{'app':'payments'}", NULL, false},
        {"", "{'app':'web','tier':'back'}", NULL, false},
        {"", "{}", NULL, false},
        {"", "{'tier':'front'}", PODS_OF("shop", 1, "{'app':'shop','tier':'front'}"), false},
        {"", "{'tier':'front'}", PODS_OF("shop", 0, "{'app':'shop','tier':'front'}"), true}, /* nobody loses anything */
        {"", "{'tier':'front'}", PODS_OF("podinfo-primary", 1, "{'app':'web-primary','tier':'front'}"), true},
        {"", "{'app':'web-primary'}", PODS_OF("web-primary", 1, "{'app':'web-primary'}"), false},
        {"'ownerReferences':[{'kind':'Canary','name':'other','controller':true}]", "{'app':'web'}", NULL, false},
        {SIGNED, "{'app':'payments'}", NULL, true},
        {"'annotations':{'sluice.dev/canary':'other'}", "{'app':'payments'}", NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        open_world(&w, "");
        put(&w,
            fake_doc_format("{'metadata':{'name':'podinfo','namespace':'test'%s%s},'spec':{'selector':%s,'ports':[]}}",
                            cases[i].metadata[0] != '\0' ? "," : "", cases[i].metadata, cases[i].selector));
        if (cases[i].other != NULL) {
            struct doc *other = fake_doc(cases[i].other);
            store_put(w.deployments, other);
            doc_free(other);
        }
        if (cases[i].taken) {
            settle(&w, SERVICE_APEX);
        } else {
            assert_int_equal(plan(&w, SERVICE_APEX), PLAN_FOREIGN);
            assert_null(w.write.body);
        }
        close_world(&w);
    }
}

static void test_a_refusal_says_what_would_change_it(void **state)
{
    struct world w;
    open_world(&w, "");
    put(&w, fake_doc("{'metadata':{'name':'podinfo','namespace':'test'},'spec':{'selector':{'app':'payments'}}}"));
    assert_int_equal(plan(&w, SERVICE_APEX), PLAN_FOREIGN);
    assert_string_equal(w.refusal, "Service podinfo.test is left alone: it chooses Pods that are not the target's "
                                   "alone; for Canary podinfo to take it, annotate it with sluice.dev/canary: podinfo");
    edit(&w, "podinfo", "{'metadata':{'ownerReferences':[{'kind':'Canary','name':'other','controller':true}]}}");
    assert_int_equal(plan(&w, SERVICE_APEX), PLAN_FOREIGN);
    assert_string_equal(w.refusal, "Service podinfo.test is left alone: it belongs to Canary other; for Canary podinfo "
                                   "to take it, annotate it with sluice.dev/canary: podinfo");
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_three_services_are_made),
        cmocka_unit_test(test_the_canary_gives_the_spec),
        cmocka_unit_test(test_each_role_has_its_own_metadata),
        cmocka_unit_test(test_ports_are_discovered),
        cmocka_unit_test(test_ports_and_selector_are_repaired),
        cmocka_unit_test(test_the_order_of_ports_and_node_ports_are_the_servers),
        cmocka_unit_test(test_what_is_set_at_creation_only_is_no_drift),
        cmocka_unit_test(test_metadata_of_an_owned_service_is_repaired),
        cmocka_unit_test(test_a_users_service_is_taken_over),
        cmocka_unit_test(test_a_foreign_service_is_left_alone),
        cmocka_unit_test(test_a_refusal_says_what_would_change_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
