#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fake_doc.h"
#include "workload/facts.h"
#include "workload/tracked_config.h"
#include "workload/workload.h"

/* --- checksums --- */

/* `object`: JSON with ordinary quotes. */
static void expect_checksum(const char *object, const char *want)
{
    struct err err;
    struct doc *doc = doc_parse(object, strlen(object), &err);
    assert_non_null(doc);
    tracked_config_prune(doc, NULL);
    assert_string_equal(node_str(node_at(doc_root(doc), "sluice", "checksum")), want);
    doc_free(doc);
}

/* Made with Go's encoding/json and crypto/sha256. */
static void test_checksums_are_flaggers(void **state)
{
    expect_checksum("{\"data\":{\"color\":\"red\"}}", "241889ca0604e333");
    expect_checksum("{\"data\":{\"value\":\"czNjcjN0\"},\"type\":\"Opaque\"}", "e9508890208eabc4");
    expect_checksum("{\"kind\":\"ConfigMap\"}", "74234e98afe7498f");
    expect_checksum("{\"data\":null}", "74234e98afe7498f");
    expect_checksum("{\"binaryData\":{},\"immutable\":true}", "74234e98afe7498f");
    expect_checksum("{\"data\":{}}", "44136fa355b3678a");
    expect_checksum("{\"data\":{\"a\":\"<b>&\\u2028\"}}", "dbce0f29db5131ac");
    expect_checksum("{\"data\":{\"a\":\"<b>&\xe2\x80\xa8\"}}", "dbce0f29db5131ac");
    expect_checksum("{\"data\":{\"b\":\"\\u2029x\",\"a.b\":\"1\",\"A\":\"2\",\"a-b\":\"3\",\"a\":\"4\"}}",
                    "66ea3d9042914cad");
    expect_checksum("{\"data\":{\"a\":\"\\b\\f\\n\\r\\t\\\"\\\\/\\u0001\\u001F\x7f\xc3\xa9\xf0\x9f\x98\x80\"}}",
                    "78e0d19ea68d04c5");
    /* neighbours of the line separators, and texts that only look like escapes */
    expect_checksum("{\"data\":{\"a\":\"\\u2027\\u202A\\\\u003c\\\\\\\\u003C\"}}", "4044069d550fd583");
    expect_checksum("{\"data\":{\"a\":\"\"}}", "258555fe010df3da");
}

static void test_the_store_keeps_no_data(void **state)
{
    struct doc *doc = fake_doc("{'metadata':{'name':'a'},'type':'Opaque','data':{'k':'secret'},'binaryData':{'b':'AA'},"
                               "'immutable':true}");
    tracked_config_prune(doc, NULL);
    node_remove(node_get(doc_root(doc), "sluice"), "checksum");
    node_remove(node_get(doc_root(doc), "sluice"), "plain");
    fake_doc_expect(doc_root(doc), "{'metadata':{'name':'a'},'type':'Opaque','sluice':{}}");
    doc_free(doc);
}

static struct doc *pruned(const char *text)
{
    struct doc *doc = fake_doc(text);
    tracked_config_prune(doc, NULL);
    return doc;
}

/* Flagger's checksum does not know binaryData; one that it left behind is still that of the same object. */
static void test_binary_data_counts(void **state)
{
    struct doc *one = pruned("{'kind':'ConfigMap','data':{'color':'red'},'binaryData':{'a':'AAAA'}}");
    struct doc *two = pruned("{'kind':'ConfigMap','data':{'color':'red'},'binaryData':{'a':'BBBB'}}");
    struct doc *three = pruned("{'kind':'ConfigMap','data':{'color':'blue'},'binaryData':{'a':'AAAA'}}");
    const char *checksum = tracked_config_checksum(doc_root(one));
    assert_int_equal(strlen(checksum), strlen("b1-0123456789abcdef"));
    assert_true(tracked_config_matches(doc_root(one), checksum));
    assert_false(tracked_config_matches(doc_root(two), checksum));
    assert_false(tracked_config_matches(doc_root(three), checksum));
    assert_true(tracked_config_matches(doc_root(one), "241889ca0604e333"));
    assert_false(tracked_config_matches(doc_root(three), "241889ca0604e333"));
    assert_true(tracked_config_matches(doc_root(one), "of a later recipe"));
    doc_free(one);
    doc_free(two);
    doc_free(three);
}

static void test_metadata_alone_has_no_checksum(void **state)
{
    static const char *const alone[] = {
        "{'metadata':{'name':'a'}}",
        "{'kind':'PartialObjectMetadata','apiVersion':'meta.k8s.io/v1','metadata':{'name':'a'}}"};
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++) {
        struct doc *doc = pruned(alone[i]);
        assert_null(tracked_config_checksum(doc_root(doc)));
        doc_free(doc);
    }
}

/* --- references --- */

static void expect_references(const char *pod_spec, const char *want)
{
    struct doc *spec = fake_doc(pod_spec), *doc = doc_new();
    fake_doc_expect(tracked_config_references(doc, doc_root(spec)), want);
    doc_free(doc);
    doc_free(spec);
}

#define MAP(name, optional) "{'kind':'configmap','name':'" name "','optional':" optional "}"
#define SECRET(name, optional) "{'kind':'secret','name':'" name "','optional':" optional "}"

/* Every place, in the order volumes, containers, init containers. */
#define POD                                                                                                            \
    "{'initContainers':[{'envFrom':[{'secretRef':{'name':'i'}}],'env':[{'name':'X','valueFrom':{'configMapKeyRef':{"   \
    "'name':'h','key':'k'}}}]}],'containers':[{'env':[{'name':'P','value':'plain'},{'name':'E','valueFrom':{"          \
    "'configMapKeyRef':{'name':'e','key':'k'}}},{'name':'F','valueFrom':{'secretKeyRef':{'name':'f','key':'k',"        \
    "'optional':true}}},{'name':'N','valueFrom':{'fieldRef':{'fieldPath':'metadata.name'}}}],'envFrom':[{"             \
    "'configMapRef':{'name':'g','optional':true}}]}],'volumes':[{'name':'1','configMap':{'name':'a','optional':true}}" \
    ","                                                                                                                \
    "{'name':'2','secret':{'secretName':'b'}},{'name':'3','projected':{'sources':[{'configMap':{'name':'c'}},{'"       \
    "secret':"                                                                                                         \
    "{'name':'d','optional':false}},{'serviceAccountToken':{'path':'t'}}]}},{'name':'4','emptyDir':{}}]}"

static void test_every_reference_is_found(void **state)
{
    expect_references(
        POD,
        "[" MAP("a", "true") "," SECRET("b", "false") "," MAP("c", "false") "," SECRET("d", "false") "," MAP(
            "e", "false") "," SECRET("f", "true") "," MAP("g", "true") "," MAP("h", "false") "," SECRET("i",
                                                                                                        "false") "]");
    expect_references("{}", "[]");
    expect_references("null", "[]");
}

static void test_other_references_are_not_tracked(void **state)
{
    expect_references(
        "{'imagePullSecrets':[{'name':'a'}],'serviceAccountName':'b','ephemeralContainers':[{'envFrom':[{"
        "'secretRef':{'name':'c'}}]}],'volumes':[{'name':'1','csi':{'nodePublishSecretRef':{'name':'d'}}},{"
        "'name':'2','flexVolume':{'secretRef':{'name':'e'}}},{'name':'3','secret':{}},{'name':'4',"
        "'configMap':{'name':''}}]}",
        "[]");
}

/* An object may be referenced often; the last reference says whether it may be missing. */
static void test_the_last_reference_decides(void **state)
{
    expect_references(
        "{'volumes':[{'configMap':{'name':'a'}},{'secret':{'secretName':'a'}}],'containers':[{'envFrom':[{"
        "'configMapRef':{'name':'a','optional':true}}]}]}",
        "[" MAP("a", "true") "," SECRET("a", "false") "]");
    expect_references("{'volumes':[{'configMap':{'name':'a','optional':true}}],'initContainers':[{'envFrom':[{"
                      "'configMapRef':{'name':'a'}}]}]}",
                      "[" MAP("a", "false") "]");
}

/* --- what the status says --- */

struct world {
    struct config_stores stores;
    struct doc *canary;
    struct canary_names names;
    struct kube_write write;
    struct err err;
};

static void put(struct store *store, const char *rest)
{
    struct doc *doc =
        fake_doc_format("{'kind':'Config','metadata':{'namespace':'test','resourceVersion':'1',%s}", rest);
    store_put(store, doc);
    doc_free(doc);
}

static void open_world(struct world *w)
{
    *w = (struct world){0};
    w->stores.config_maps = store_new(&KUBE_CONFIG_MAPS, tracked_config_prune);
    w->stores.secrets = store_new(&KUBE_SECRETS, tracked_config_prune);
    w->canary = fake_doc("{'metadata':{'name':'podinfo','namespace':'test','uid':'u-1'},'spec':{'targetRef':{'kind':"
                         "'Deployment','name':'podinfo'}}}");
    canary_names_init(&w->names, doc_root(w->canary));
}

static void close_world(struct world *w)
{
    canary_names_fini(&w->names);
    doc_free(w->canary);
    store_free(w->stores.config_maps);
    store_free(w->stores.secrets);
}

/* `want`: the map, or the error's text. */
static void expect_checksums(struct world *w, const char *pod_spec, const char *want)
{
    struct doc *target = fake_doc_format("{'metadata':{'name':'podinfo'},'spec':{'template':{'spec':%s}}}", pod_spec);
    struct doc *doc = doc_new();
    struct err err = {0};
    workload_kind_at(0)->store.prune(target, NULL);
    struct node *map = tracked_config_checksums(doc, doc_root(target), NULL, &w->stores, "test", &err);
    if (map != NULL) {
        fake_doc_expect(map, want);
    } else {
        assert_int_equal(err.code, ERR_NOT_FOUND);
        assert_string_equal(err.text, want);
    }
    doc_free(doc);
    doc_free(target);
}

#define ENV(kind, name, optional)                                                                                      \
    "{'containers':[{'envFrom':[{'" kind "':{'name':'" name "','optional':" optional "}}]}]}"

static void test_the_status_names_every_tracked_object(void **state)
{
    struct world w;
    open_world(&w);
    put(w.stores.config_maps, "'name':'a'},'data':{'color':'red'}");
    put(w.stores.config_maps, "'name':'empty'}");
    put(w.stores.secrets, "'name':'a'},'type':'Opaque','data':{'value':'czNjcjN0'}");
    expect_checksums(&w, "{}", "{}");
    expect_checksums(
        &w,
        "{'volumes':[{'configMap':{'name':'a'}},{'secret':{'secretName':'a'}},{'configMap':{'name':'empty'}},"
        "{'configMap':{'name':'gone','optional':true}}]}",
        "{'configmap/a':'241889ca0604e333','secret/a':'e9508890208eabc4','configmap/empty':"
        "'74234e98afe7498f'}");
    close_world(&w);
}

static void test_a_missing_object_is_an_error_unless_it_is_optional(void **state)
{
    struct world w;
    open_world(&w);
    expect_checksums(&w, ENV("configMapRef", "a", "false"),
                     "configmap a.test get query error: configmap a.test get query error: configmaps \"a\" not found");
    expect_checksums(&w, ENV("secretRef", "b", "false"),
                     "secret b.test get query error: secret b.test get query error: secrets \"b\" not found");
    expect_checksums(&w, ENV("configMapRef", "a", "true"), "{}");
    expect_checksums(&w, ENV("secretRef", "b", "true"), "{}");
    close_world(&w);
}

static void test_some_objects_are_left_to_their_owners(void **state)
{
    static const char *const wishes[] = {"disable", "disabled", "disabled-for-now"};
    static const char *const types[] = {"Opaque", "kubernetes.io/basic-auth", "kubernetes.io/ssh-auth",
                                        "kubernetes.io/tls"};
    static const char *const foreign[] = {"kubernetes.io/dockerconfigjson", "kubernetes.io/service-account-token",
                                          "bootstrap.kubernetes.io/token", "opaque", ""};
    struct world w;
    char rest[256];
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
        open_world(&w);
        snprintf(rest, sizeof rest, "'name':'a','annotations':{'flagger.app/config-tracking':'%s'}},'type':'Opaque'",
                 wishes[i]);
        put(w.stores.config_maps, rest);
        put(w.stores.secrets, rest);
        expect_checksums(&w, ENV("configMapRef", "a", "false"), "{}");
        expect_checksums(&w, ENV("secretRef", "a", "false"), "{}");
        close_world(&w);
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0] + sizeof foreign / sizeof foreign[0]; i++) {
        bool tracked = i < sizeof types / sizeof types[0];
        open_world(&w);
        snprintf(rest, sizeof rest, "'name':'a'},'type':'%s'",
                 tracked ? types[i] : foreign[i - sizeof types / sizeof types[0]]);
        put(w.stores.secrets, rest);
        expect_checksums(&w, ENV("secretRef", "a", "false"), tracked ? "{'secret/a':'74234e98afe7498f'}" : "{}");
        close_world(&w);
    }
    open_world(&w);
    put(w.stores.config_maps, "'name':'a','annotations':{'flagger.app/config-tracking':'enabled'}}");
    expect_checksums(&w, ENV("configMapRef", "a", "false"), "{'configmap/a':'74234e98afe7498f'}");
    close_world(&w);
}

/* --- the primary's copies --- */

static void test_references_to_tracked_objects_are_renamed(void **state)
{
    struct doc *doc = fake_doc(POD), *checksums = fake_doc("{'configmap/a':'1','secret/b':'1','configmap/c':'1',"
                                                           "'secret/d':'1','configmap/e':'1','secret/f':'1',"
                                                           "'configmap/g':'1','configmap/i':'1','secret/i':'1'}");
    tracked_config_rename(doc, doc_root(doc), doc_root(checksums));
    struct doc *out = doc_new();
    fake_doc_expect(
        tracked_config_references(out, doc_root(doc)),
        "[" MAP("a-primary", "true") "," SECRET("b-primary", "false") "," MAP("c-primary", "false") "," SECRET(
            "d-primary",
            "false") "," MAP("e-primary",
                             "false") "," SECRET("f-primary",
                                                 "true") "," MAP("g-primary",
                                                                 "true") "," MAP("h", "false") "," SECRET("i-primary",
                                                                                                          "false") "]");
    doc_free(out);
    doc_free(doc);
    doc = fake_doc(POD);
    tracked_config_rename(doc, doc_root(doc), NULL);
    fake_doc_expect(doc_root(doc), POD);
    doc_free(doc);
    doc_free(checksums);
}

#define OWNED(by) ",'ownerReferences':[{'kind':'Canary','name':'" by "','uid':'u','controller':true}]}"

/* What a primary has is what its copies say; what only bears such a name belongs to somebody else. */
static void test_the_copies_say_what_was_promoted(void **state)
{
    struct world w;
    open_world(&w);
    put(w.stores.config_maps, "'name':'a'},'data':{'color':'blue'}");
    put(w.stores.config_maps, "'name':'a-primary'" OWNED("podinfo") ",'data':{'color':'red'}");
    put(w.stores.config_maps, "'name':'other-primary'" OWNED("other") ",'data':{'color':'red'}");
    put(w.stores.config_maps, "'name':'plain'},'data':{'color':'red'}");
    put(w.stores.secrets, "'name':'a-primary'" OWNED("podinfo") ",'type':'Opaque','data':{'value':'czNjcjN0'}");
    struct doc *primary = fake_doc(
        "{'metadata':{'name':'podinfo-primary'},'spec':{'template':{'spec':{'volumes':[{'configMap':{'name':'a-primary'"
        "}},{'secret':{'secretName':'a-primary'}},{'configMap':{'name':'other-primary'}},{'configMap':{'name':'plain'}}"
        ",{'configMap':{'name':'gone-primary','optional':true}}]}}}}");
    struct doc *doc = doc_new();
    workload_kind_at(0)->store.prune(primary, NULL);
    fake_doc_expect(tracked_config_promoted(doc, &w.names, doc_root(primary), NULL, &w.stores),
                    "{'configmap/a':'241889ca0604e333','secret/a':'e9508890208eabc4'}");
    fake_doc_expect(tracked_config_promoted(doc, &w.names, NULL, NULL, &w.stores), "{}");
    doc_free(doc);
    doc_free(primary);
    close_world(&w);
}

/* `existing`: how the copy looks on the server, NULL: not there. Returns the plan; the write is in w. */
static enum plan copy(struct world *w, const char *source, const char *existing, const char *flag)
{
    struct doc *from = fake_doc(source), *to = existing != NULL ? fake_doc(existing) : NULL;
    struct str_list prefixes = {0};
    str_list_split(&prefixes, flag, ',');
    if (to != NULL) {
        tracked_config_prune(to, NULL);
    }
    enum plan plan = tracked_config_copy(&w->names, doc_root(from), doc_root(to), &prefixes, &w->write, &w->err);
    str_list_fini(&prefixes);
    doc_free(from);
    doc_free(to);
    return plan;
}

#define OWNER_ALONE                                                                                                    \
    "{'apiVersion':'flagger.app/v1beta1','kind':'Canary','name':'podinfo','uid':'u-1','controller':true,"              \
    "'blockOwnerDeletion':true}"
#define OWNER(extra)                                                                                                   \
    "'ownerReferences':[{'apiVersion':'flagger.app/v1beta1','kind':'Canary','name':'podinfo','uid':'u-1',"             \
    "'controller':true,'blockOwnerDeletion':true}" extra "]"
#define SOURCE                                                                                                         \
    "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a','namespace':'test','resourceVersion':'7','labels':{" \
    "'app':'x','team':'y','toolkit.fluxcd.io/"                                                                         \
    "name':'z'},'annotations':{'n':'m'}},'data':{'color':'red'},'binaryData':{"                                        \
    "'b':'AA=='},'immutable':true}"
#define COPY(extra, color)                                                                                             \
    "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a-primary','namespace':'test'," extra                   \
    "},'data':{'color':'" color "'},'binaryData':{'b':'AA=='}}"

static void test_a_copy_has_data_and_little_else(void **state)
{
    struct world w;
    open_world(&w);
    assert_int_equal(copy(&w, SOURCE, NULL, ""), PLAN_WRITE);
    assert_int_equal(w.write.verb, KUBE_CREATE);
    assert_string_equal(w.write.context, "creating configmap a-primary.test failed");
    fake_doc_expect(doc_root(w.write.body), COPY("'labels':{}," OWNER(""), "red"));
    kube_write_fini(&w.write);
    assert_int_equal(copy(&w, SOURCE, NULL, "te,"), PLAN_WRITE);
    fake_doc_expect(doc_root(w.write.body), COPY("'labels':{'team':'y'}," OWNER(""), "red"));
    kube_write_fini(&w.write);
    assert_int_equal(copy(&w, SOURCE, NULL, "*"), PLAN_WRITE);
    fake_doc_expect(doc_root(w.write.body), COPY("'labels':{'app':'x','team':'y'}," OWNER(""), "red"));
    kube_write_fini(&w.write);
    assert_int_equal(copy(&w,
                          "{'kind':'Secret','metadata':{'name':'s','namespace':'test'},'type':'kubernetes.io/tls',"
                          "'data':{'tls.key':'AA=='}}",
                          NULL, ""),
                     PLAN_WRITE);
    assert_ptr_equal(w.write.resource, &KUBE_SECRETS);
    assert_string_equal(w.write.context, "creating secret s-primary.test failed");
    fake_doc_expect(doc_root(w.write.body), "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'s-primary',"
                                            "'namespace':'test','labels':{}," OWNER("") "},'type':'kubernetes.io/tls',"
                                                                                        "'data':{'tls.key':'AA=='}}");
    kube_write_fini(&w.write);
    close_world(&w);
}

static void test_a_copy_is_replaced_when_it_differs(void **state)
{
    static const char *const stale[] = {
        COPY("'resourceVersion':'9'," OWNER(""), "blue"),
        COPY("'labels':{'foreign':'x'}," OWNER(""), "red"),
        COPY("'annotations':{'foreign':'x'}," OWNER(""), "red"),
        COPY("'annotations':{'sluice.dev/canary':'podinfo'}", "red"), /* its owner lets us */
        COPY("'ownerReferences':[{'kind':'Canary','name':'other','controller':false}]", "blue"),
    };
    struct world w;
    open_world(&w);
    assert_int_equal(copy(&w, SOURCE, COPY("'resourceVersion':'9'," OWNER(""), "red"), ""), PLAN_DONE);
    for (size_t i = 0; i < sizeof stale / sizeof stale[0]; i++) {
        assert_int_equal(copy(&w, SOURCE, stale[i], ""), PLAN_WRITE);
        assert_int_equal(w.write.verb, KUBE_UPDATE);
        assert_string_equal(w.write.name, "a-primary");
        assert_string_equal(w.write.context, "updating configmap a-primary.test failed");
        fake_doc_expect(node_at(doc_root(w.write.body), "data"), "{'color':'red'}");
        fake_doc_expect(node_item(node_at(doc_root(w.write.body), "metadata", "ownerReferences"), 0), OWNER_ALONE);
        /* of the version that was looked at, for another Canary may share it */
        assert_string_equal(node_str_or(node_at(doc_root(w.write.body), "metadata", "resourceVersion"), ""),
                            i == 0 ? "9" : "");
        fake_doc_expect(node_at(doc_root(w.write.body), "metadata", "labels"), "{}");
        assert_null(node_at(doc_root(w.write.body), "metadata", "annotations"));
        kube_write_fini(&w.write);
    }
    close_world(&w);
}

/* Whoever may write a Canary and a target must not get at every object that is called "…-primary". */
static void test_a_foreign_object_called_primary_is_left_alone(void **state)
{
    static const char *const foreign[] = {
        COPY("'uid':'x'", "red"),
        COPY("'annotations':{'sluice.dev/canary':'other'}", "red"),
        COPY("'ownerReferences':[{'kind':'Rollout','name':'podinfo','controller':true}]", "red"),
    };
    struct world w;
    open_world(&w);
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        assert_int_equal(copy(&w, SOURCE, foreign[i], ""), PLAN_FOREIGN);
        assert_null(w.write.body);
        assert_string_equal(w.err.text,
                            "ConfigMap a-primary.test is left alone: it was there before, and is no primary's copy; "
                            "for Canary podinfo to take it, annotate it with sluice.dev/canary: podinfo");
    }
    close_world(&w);
}

/* Before a release begins it is known whether its configs can be copied. */
static void test_the_copies_of_a_target_are_checked_beforehand(void **state)
{
    struct world w;
    struct doc *target = fake_doc("{'metadata':{'name':'podinfo'},'spec':{'template':{'spec':{'volumes':[{'configMap':{"
                                  "'name':'a'}},{'secret':{'secretName':'s'}}]}}}}");
    open_world(&w);
    workload_kind_at(0)->store.prune(target, NULL);
    put(w.stores.config_maps, "'name':'a'},'data':{'color':'blue'}");
    put(w.stores.config_maps, "'name':'a-primary'" OWNED("podinfo") ",'data':{'color':'red'}");
    put(w.stores.secrets, "'name':'s-primary'},'type':'Opaque','data':{}");
    assert_int_equal(tracked_config_check_copies(&w.names, doc_root(target), &w.stores, &w.err), PLAN_DONE);
    put(w.stores.secrets, "'name':'s'},'type':'kubernetes.io/service-account-token','data':{}"); /* not tracked */
    assert_int_equal(tracked_config_check_copies(&w.names, doc_root(target), &w.stores, &w.err), PLAN_DONE);
    close_world(&w);
    open_world(&w);
    put(w.stores.secrets, "'name':'s'},'type':'Opaque','data':{}");
    put(w.stores.secrets, "'name':'s-primary'},'type':'Opaque','data':{}");
    assert_int_equal(tracked_config_check_copies(&w.names, doc_root(target), &w.stores, &w.err), PLAN_FOREIGN);
    assert_true(str_has_prefix(w.err.text, "Secret s-primary.test is left alone"));
    doc_free(target);
    close_world(&w);
}

/* Several canaries may share a copy: each writes itself as the controller and keeps the others as plain owners. */
static void test_other_owners_of_a_copy_stay(void **state)
{
    struct world w;
    open_world(&w);
    assert_int_equal(copy(&w, SOURCE,
                          COPY("'ownerReferences':[{'kind':'Canary','name':'other','uid':'u-2','controller':true},{"
                               "'kind':'Canary','name':'podinfo','uid':'u-0','controller':true},{'kind':'App','name':"
                               "'podinfo','uid':'u-3'}]",
                               "red"),
                          ""),
                     PLAN_WRITE);
    fake_doc_expect(
        node_at(doc_root(w.write.body), "metadata"),
        "{'name':'a-primary','namespace':'test','labels':{}," OWNER(
            ",{'kind':'Canary','name':'other','uid':'u-2','controller':false},{'kind':'App','name':'podinfo',"
            "'uid':'u-3','controller':false}") "}");
    kube_write_fini(&w.write);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checksums_are_flaggers),
        cmocka_unit_test(test_the_store_keeps_no_data),
        cmocka_unit_test(test_binary_data_counts),
        cmocka_unit_test(test_metadata_alone_has_no_checksum),
        cmocka_unit_test(test_every_reference_is_found),
        cmocka_unit_test(test_other_references_are_not_tracked),
        cmocka_unit_test(test_the_last_reference_decides),
        cmocka_unit_test(test_the_status_names_every_tracked_object),
        cmocka_unit_test(test_a_missing_object_is_an_error_unless_it_is_optional),
        cmocka_unit_test(test_some_objects_are_left_to_their_owners),
        cmocka_unit_test(test_references_to_tracked_objects_are_renamed),
        cmocka_unit_test(test_the_copies_say_what_was_promoted),
        cmocka_unit_test(test_a_copy_has_data_and_little_else),
        cmocka_unit_test(test_a_copy_is_replaced_when_it_differs),
        cmocka_unit_test(test_other_owners_of_a_copy_stay),
        cmocka_unit_test(test_a_foreign_object_called_primary_is_left_alone),
        cmocka_unit_test(test_the_copies_of_a_target_are_checked_beforehand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
