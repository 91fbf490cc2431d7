/* The comparison of a target and its primary, before an API server whose admission policies change templates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "fake_clock.h"
#include "fake_doc.h"
#include "fake_http.h"
#include "workload/likeness.h"
#include "workload/workload.h"

#define APPS "/apis/apps/v1/namespaces/test/deployments"

struct world {
    struct fake_clock *fc;
    struct fake_http *fh;
    struct kube_client *client;
    struct store *deployments;
    struct str_list selector_labels, prefixes;
    struct doc *canary;
    const char *stamp; /* of every template that is written now: the value of its annotation; NULL: as it is written */
    int refused;       /* the patch of this number, from 1, is refused */
    int patches;
    const char *target_image, *primary_image;
    char *text;
    bool done, alike;
};

static struct doc *deployment(const char *name, const char *label, const char *image, const char *stamp)
{
    return fake_doc_format("{'metadata':{'name':'%s','namespace':'test','uid':'u-%s','generation':1,'resourceVersion':"
                           "'7'},'spec':{'selector':{'matchLabels':{'app':'%s'}},'template':{'metadata':{'labels':{"
                           "'app':'%s'},'annotations':{'stamp':'%s'}},'spec':{'containers':[{'name':'c','image':'%s'"
                           "}]}}}}",
                           name, name, label, label, stamp, image);
}

static void show(struct world *w, struct doc *doc, struct fake_http_answer *answer)
{
    mem_free(w->text);
    w->text = node_to_text(doc_root(doc));
    doc_free(doc);
    answer->body = w->text;
}

/* What the API server would make of a patch that replaces the template. */
static void try_patch(struct world *w, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    struct err err;
    struct doc *body = doc_parse(request->body, request->body_len, &err);
    struct doc *doc = deployment("podinfo-primary", "podinfo-primary", w->primary_image, "CREATE");
    const struct node *template = node_get(node_item(doc_root(body), 0), "value");
    node_set(doc, node_get(doc_root(doc), "spec"), "template", node_copy(doc, template));
    struct node *annotations =
        node_ensure_object(doc, node_at(doc_root(doc), "spec", "template", "metadata"), "annotations");
    if (w->stamp != NULL) {
        node_set_str(doc, annotations, "stamp", w->stamp);
    }
    doc_free(body);
    show(w, doc, answer);
}

static bool serve(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    struct world *w = ctx;
    if (strcmp(request->method, "PATCH") == 0) {
        assert_non_null(strstr(request->url, "dryRun=All"));
        if (++w->patches == w->refused) {
            answer->status = 422;
            answer->body = "{}";
        } else {
            try_patch(w, request, answer);
        }
    } else if (strstr(request->url, "-primary") != NULL) {
        show(w, deployment("podinfo-primary", "podinfo-primary", w->primary_image, "CREATE"), answer);
    } else {
        show(w, deployment("podinfo", "podinfo", w->target_image, "UPDATE"), answer);
    }
    return true;
}

static int setup(void **state)
{
    struct world *w = mem_new(struct world);
    struct kube_config config = {.source = str_dup("lab"), .server = str_dup("https://api")};
    w->fc = fake_clock_new(1773216907000);
    w->fh = fake_http_new(fake_clock_clock(w->fc));
    w->client = kube_client_new(fake_http_door(w->fh), fake_clock_clock(w->fc), NULL, &config);
    w->deployments = store_new(&KUBE_DEPLOYMENTS, workload_kind_at(0)->store.prune);
    str_list_split(&w->selector_labels, "app,name", ',');
    w->canary = fake_doc("{'metadata':{'name':'podinfo','namespace':'test','uid':'u-1'},'spec':{'targetRef':{'kind':"
                         "'Deployment','name':'podinfo'}}}");
    w->target_image = w->primary_image = "app:1";
    fake_http_handle(w->fh, serve, w);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    kube_client_free(w->client);
    fake_http_free(w->fh);
    fake_clock_free(w->fc);
    store_free(w->deployments);
    str_list_fini(&w->selector_labels);
    str_list_fini(&w->prefixes);
    doc_free(w->canary);
    mem_free(w->text);
    mem_free(w);
    return 0;
}

static void on_done(void *ctx, const char *pair, bool alike, const struct err *err)
{
    struct world *w = ctx;
    assert_int_equal(err->code, ERR_NONE);
    assert_non_null(pair);
    w->done = true;
    w->alike = alike;
}

static bool compare(struct world *w)
{
    struct likeness_options options = {
        .client = w->client,
        .workloads = w->deployments,
        .canary = doc_root(w->canary),
        .selector_labels = &w->selector_labels,
        .label_prefixes = &w->prefixes,
    };
    w->done = false;
    w->patches = 0;
    likeness_start(&options, on_done, w);
    fake_clock_run(w->fc);
    assert_true(w->done);
    return w->alike;
}

/* The primary was stamped when it was created, the target when it was scaled. */
static void test_a_stamp_of_the_operation_is_no_difference(void **state)
{
    struct world *w = *state;
    w->stamp = "UPDATE";
    assert_true(compare(w));
    assert_int_equal(w->patches, 2);
}

static void test_a_stamp_hides_no_difference(void **state)
{
    struct world *w = *state;
    w->stamp = "UPDATE";
    w->target_image = "app:2";
    assert_false(compare(w));
}

/* Without a policy the annotation is the target's own. */
static void test_what_is_not_stamped_is_a_difference(void **state)
{
    struct world *w = *state;
    assert_false(compare(w));
}

static void test_one_try_is_enough_when_the_stamp_is_the_same(void **state)
{
    struct world *w = *state;
    w->stamp = "CREATE";
    assert_true(compare(w));
    assert_int_equal(w->patches, 1);
}

static void test_a_try_that_is_refused_is_a_difference(void **state)
{
    struct world *w = *state;
    w->stamp = "UPDATE";
    for (w->refused = 1; w->refused <= 2; w->refused++) {
        assert_false(compare(w));
        assert_int_equal(w->patches, w->refused);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_stamp_of_the_operation_is_no_difference, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_stamp_hides_no_difference, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_not_stamped_is_a_difference, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_try_is_enough_when_the_stamp_is_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_try_that_is_refused_is_a_difference, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
