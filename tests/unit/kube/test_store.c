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
#include "kube/store.h"

/* What the subscriber heard, as "namespace/name " each; "synced " for the first complete list. */
struct world {
    struct store *store;
    struct buf heard;
};

static void on_change(void *ctx, const struct store *store, const char *namespace, const char *name)
{
    struct world *w = ctx;
    assert_ptr_equal(store, w->store);
    if (name == NULL) {
        assert_true(store_is_synced(store));
        buf_append_str(&w->heard, "synced ");
    } else {
        buf_printf(&w->heard, "%s%s/%s ", store_has(store, namespace, name) ? "" : "-", namespace, name);
    }
}

static struct world *world_new(store_prune_fn *prune)
{
    struct world *w = mem_new(struct world);
    w->store = store_new(&KUBE_DEPLOYMENTS, prune);
    buf_init(&w->heard, 4096);
    store_subscribe(w->store, on_change, w);
    return w;
}

static int setup(void **state)
{
    *state = world_new(NULL);
    return 0;
}

/* LeakSanitizer sees what a store forgets to free. */
static int teardown(void **state)
{
    struct world *w = *state;
    store_free(w->store);
    buf_fini(&w->heard);
    mem_free(w);
    return 0;
}

static void expect_heard(struct world *w, const char *text)
{
    assert_string_equal(buf_str(&w->heard), text);
    buf_clear(&w->heard);
}

static struct doc *object(const char *name, int version)
{
    return fake_doc_format("{'metadata':{'namespace':'test','name':'%s','resourceVersion':'%d'}}", name, version);
}

static void put(struct world *w, const char *name, int version)
{
    struct doc *doc = object(name, version);
    store_put(w->store, doc);
    doc_free(doc);
}

static void drop(struct world *w, const char *name, int version)
{
    struct doc *doc = object(name, version);
    store_remove(w->store, doc);
    doc_free(doc);
}

static void list_item(struct world *w, const char *name, int version)
{
    struct doc *doc = object(name, version);
    store_list_item(w->store, doc_root(doc));
    doc_free(doc);
}

/* "" when it is not there. */
static void expect_version(struct world *w, const char *name, const char *version)
{
    struct doc *doc = store_find(w->store, "test", name);
    assert_string_equal(doc != NULL ? object_version(doc_root(doc)) : "", version);
    assert_int_equal(store_has(w->store, "test", name), doc != NULL);
    doc_free(doc);
}

static void test_the_newer_version_stays(void **state)
{
    struct world *w = *state;
    put(w, "podinfo", 9);
    put(w, "podinfo", 10); /* as numbers: "10" is newer than "9" */
    expect_heard(w, "test/podinfo test/podinfo ");
    put(w, "podinfo", 10);
    put(w, "podinfo", 8);
    expect_heard(w, "");
    expect_version(w, "podinfo", "10");
    assert_int_equal(store_count(w->store), 1);
}

static void test_what_was_removed_does_not_come_back_with_an_older_answer(void **state)
{
    struct world *w = *state;
    put(w, "podinfo", 5);
    drop(w, "podinfo", 4); /* the removal of an earlier one of that name */
    expect_version(w, "podinfo", "5");
    drop(w, "podinfo", 7);
    expect_heard(w, "test/podinfo -test/podinfo ");
    put(w, "podinfo", 6);
    expect_version(w, "podinfo", "");
    drop(w, "podinfo", 7);
    expect_heard(w, "");
    assert_int_equal(store_count(w->store), 0);
    assert_int_equal(store_bytes(w->store), 0);
    put(w, "podinfo", 8);
    expect_version(w, "podinfo", "8");
}

/* In a cluster where objects come and go, a watch may last for weeks between two lists. */
static void test_what_was_removed_is_not_remembered_for_ever(void **state)
{
    struct world *w = *state;
    char name[32];
    for (int i = 0; i < 1200; i++) {
        snprintf(name, sizeof name, "app-%d", i);
        put(w, name, 10 + 2 * i);
        drop(w, name, 11 + 2 * i);
        buf_clear(&w->heard);
    }
    put(w, "app-0", 10); /* forgotten: taken for a new one */
    expect_heard(w, "test/app-0 ");
    put(w, "app-1199", 11); /* still known as removed */
    expect_heard(w, "");
    assert_int_equal(store_count(w->store), 1);
}

static void test_a_list_replaces_the_content(void **state)
{
    struct world *w = *state;
    put(w, "gone", 1);
    put(w, "same", 2);
    put(w, "older", 3);
    buf_clear(&w->heard);
    assert_false(store_is_synced(w->store));
    store_list_begin(w->store);
    list_item(w, "same", 2);
    list_item(w, "older", 4);
    list_item(w, "new", 5);
    expect_version(w, "gone", "1"); /* until the list is complete */
    expect_heard(w, "test/older test/new ");
    store_list_end(w->store, "6");
    expect_heard(w, "-test/gone synced ");
    assert_int_equal(store_count(w->store), 3);
    store_list_begin(w->store);
    store_list_end(w->store, "7");
    expect_heard(w, "-test/same -test/older -test/new "); /* synced is said once */
    assert_int_equal(store_count(w->store), 0);
}

static void test_a_restored_server_counts_from_its_backup(void **state)
{
    struct world *w = *state;
    put(w, "podinfo", 900);
    drop(w, "revived", 901);
    store_list_begin(w->store);
    list_item(w, "podinfo", 500);
    list_item(w, "revived", 499);
    store_list_end(w->store, "510");
    expect_version(w, "podinfo", "500");
    expect_version(w, "revived", "499");
    put(w, "podinfo", 511);
    expect_version(w, "podinfo", "511");
}

static void test_what_is_learnt_during_a_list_is_compared_with_it(void **state)
{
    struct world *w = *state;
    put(w, "written", 1);
    put(w, "deleted", 1);
    store_list_begin(w->store);
    put(w, "written", 20); /* answers of our own writes, on their way together with the list */
    put(w, "created", 21);
    put(w, "created-and-deleted", 15);
    drop(w, "deleted", 22);
    buf_clear(&w->heard);
    list_item(w, "written", 10);
    list_item(w, "deleted", 10);
    store_list_end(w->store, "18");
    expect_heard(w,
                 "-test/created-and-deleted synced "); /* its deletion is older than the list and no watch will tell */
    expect_version(w, "written", "20");
    expect_version(w, "created", "21");
    expect_version(w, "deleted", "");
}

static void test_what_has_no_name_is_no_object(void **state)
{
    struct world *w = *state;
    struct doc *docs[] = {fake_doc("{'metadata':{'resourceVersion':'5'}}"),
                          fake_doc("{'metadata':{'name':''}}"),
                          fake_doc("{'metadata':{'name':'a','namespace':'b/c'}}"),
                          fake_doc("{'metadata':{'name':'a/b'}}"),
                          fake_doc_format("{'metadata':{'name':'a','namespace':'%0900d'}}", 1),
                          fake_doc("[]"),
                          doc_new()};
    store_list_begin(w->store);
    for (size_t i = 0; i < sizeof docs / sizeof docs[0]; i++) {
        store_put(w->store, docs[i]);
        store_remove(w->store, docs[i]);
        store_list_item(w->store, doc_root(docs[i]));
        doc_free(docs[i]);
    }
    store_list_end(w->store, "5");
    expect_heard(w, "synced ");
    assert_int_equal(store_count(w->store), 0);
}

static void test_managed_fields_are_never_kept(void **state)
{
    struct world *w = *state;
    struct doc *doc = fake_doc("{'metadata':{'namespace':'test','name':'podinfo','resourceVersion':'5',"
                               "'managedFields':[{'manager':'kubectl'}]},'spec':{'replicas':2}}");
    store_put(w->store, doc);
    doc_free(doc);
    const char *kept = "{'metadata':{'namespace':'test','name':'podinfo','resourceVersion':'5'},'spec':{'replicas':2}}";
    doc = store_find(w->store, "test", "podinfo");
    fake_doc_expect(doc_root(doc), kept);
    doc_free(doc);
    assert_in_range(store_bytes(w->store), 1, strlen(kept));
}

/* More objects than are kept parsed: what a reader holds stays as it is, whatever becomes of the object. */
static void test_readers_share_an_object_until_it_changes(void **state)
{
    struct world *w = *state;
    enum { MANY = 100 };
    for (int i = 0; i < MANY; i++) {
        char *text = str_format("{'metadata':{'namespace':'test','name':'o%d','resourceVersion':'1'},'n':%d}", i, i);
        struct doc *doc = fake_doc(text);
        store_put(w->store, doc);
        doc_free(doc);
        str_free(&text);
    }
    struct doc *first = store_find(w->store, "test", "o0"), *second = store_find(w->store, "test", "o0");
    assert_ptr_equal(doc_root(first), doc_root(second));
    for (int i = 0; i < MANY; i++) {
        char *name = str_format("o%d", i);
        struct doc *doc = store_find(w->store, "test", name);
        assert_int_equal(node_int_or(node_get(doc_root(doc), "n"), -1), i);
        doc_free(doc);
        str_free(&name);
    }
    struct doc *changed = fake_doc("{'metadata':{'namespace':'test','name':'o0','resourceVersion':'2'},'n':-2}");
    store_put(w->store, changed);
    struct doc *now = store_find(w->store, "test", "o0");
    assert_int_equal(node_int_or(node_get(doc_root(now), "n"), 0), -2);
    store_remove(w->store, now);
    assert_null(store_find(w->store, "test", "o0"));
    store_cool(w->store);
    assert_int_equal(node_int_or(node_get(doc_root(now), "n"), 0), -2);
    assert_int_equal(node_int_or(node_get(doc_root(first), "n"), -1), 0);
    doc_free(first);
    doc_free(second);
    doc_free(changed);
    doc_free(now);
}

static void prune_nearly_all(struct doc *object, const struct node *managers)
{
    node_remove(doc_root(object), "metadata");
    node_remove(doc_root(object), "status");
}

static void test_pruning_spares_the_metadata_that_readers_need(void **state)
{
    struct world *w = world_new(prune_nearly_all);
    struct doc *doc =
        fake_doc("{'metadata':{'namespace':'test','name':'podinfo','uid':'u','resourceVersion':'5','generation':3,"
                 "'creationTimestamp':'2026-03-11T08:15:07Z','deletionTimestamp':'2026-03-11T08:15:08Z',"
                 "'labels':{'app':'podinfo'},'annotations':{'a':'b'},'ownerReferences':[{'kind':'Canary'}]},"
                 "'spec':{},'status':{'replicas':2}}");
    store_put(w->store, doc);
    doc_free(doc);
    doc = store_find(w->store, "test", "podinfo");
    fake_doc_expect(doc_root(doc),
                    "{'metadata':{'namespace':'test','name':'podinfo','uid':'u','resourceVersion':'5','generation':3,"
                    "'deletionTimestamp':'2026-03-11T08:15:08Z',"
                    "'labels':{'app':'podinfo'},'annotations':{'a':'b'},'ownerReferences':[{'kind':'Canary'}]},"
                    "'spec':{}}");
    doc_free(doc);
    teardown((void *[]){w});
}

static bool collect(void *ctx, const char *namespace, const char *name, const struct doc *object)
{
    struct buf *b = ctx;
    assert_string_equal(object_namespace(doc_root(object)), namespace);
    assert_string_equal(object_name(doc_root(object)), name);
    buf_printf(b, "%s/%s ", namespace, name);
    return strcmp(name, "stop") != 0;
}

static void expect_each(struct world *w, const char *namespace, const char *text)
{
    struct buf b;
    buf_init(&b, 4096);
    store_each(w->store, namespace, collect, &b);
    assert_string_equal(buf_str(&b), text);
    buf_fini(&b);
}

static void test_each_goes_in_the_order_of_namespace_and_name(void **state)
{
    struct world *w = *state;
    static const char *const keys[][2] = {{"test-2", "a"}, {"test", "b"}, {"test", "a-1"}, {"test", "a"}, {"a", "z"}};
    for (size_t i = 0; i < 5; i++) {
        struct doc *doc = fake_doc_format("{'metadata':{'namespace':'%s','name':'%s','resourceVersion':'1'}}",
                                          keys[i][0], keys[i][1]);
        store_put(w->store, doc);
        doc_free(doc);
    }
    expect_each(w, NULL, "a/z test/a test/a-1 test/b test-2/a ");
    expect_each(w, "test", "test/a test/a-1 test/b ");
    expect_each(w, "tes", "");
    drop(w, "a-1", 2);
    put(w, "stop", 3);
    put(w, "zzz", 4);
    expect_each(w, "test", "test/a test/b test/stop ");
    assert_false(store_has(w->store, "test-2", "b"));
    assert_ptr_equal(store_resource(w->store), &KUBE_DEPLOYMENTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_newer_version_stays, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_was_removed_does_not_come_back_with_an_older_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_was_removed_is_not_remembered_for_ever, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_list_replaces_the_content, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_restored_server_counts_from_its_backup, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_learnt_during_a_list_is_compared_with_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_has_no_name_is_no_object, setup, teardown),
        cmocka_unit_test_setup_teardown(test_readers_share_an_object_until_it_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_managed_fields_are_never_kept, setup, teardown),
        cmocka_unit_test(test_pruning_spares_the_metadata_that_readers_need),
        cmocka_unit_test_setup_teardown(test_each_goes_in_the_order_of_namespace_and_name, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
