#include "fake_context.h"
#include "rollout/difference.h"

#define SERVICES "/api/v1/namespaces/test/services"
#define MANAGED(manager, time, fields)                                                                                 \
    "{'manager':'" manager "','operation':'Update','time':'2026-03-11T08:15:" time "Z','fieldsV1':" fields "}"
#define LABEL "{'f:metadata':{'f:labels':{'.':{},'f:team':{}}}}"
#define SELECTOR "{'f:spec':{'f:selector':{}}}"
#define PORTS "{'f:spec':{'f:ports':{'.':{},'k:{port 80}':{'.':{},'f:port':{}}}}}"

struct story {
    struct fake_context context;
    char *text;
};

static void on_difference(void *ctx, const char *text)
{
    ((struct story *)ctx)->text = str_dup(text);
}

static void put_service(struct story *s, const char *managed_fields)
{
    char *text =
        str_format("{'metadata':{'labels':{'team':'shop'},'managedFields':[%s]},'spec':{'ports':[]}}", managed_fields);
    if (fake_api_find(s->context.api, SERVICES "/podinfo") != NULL) {
        fake_api_delete(s->context.api, SERVICES "/podinfo");
    }
    fake_api_put(s->context.api, SERVICES "/podinfo", text);
    str_free(&text);
}

static struct kube_write repair(struct story *s, const char *patch)
{
    struct kube_write write;
    kube_write_patch(&write, &KUBE_SERVICES, fake_api_find(s->context.api, SERVICES "/podinfo"), fake_doc(patch),
                     "error");
    return write;
}

static void expect_told(struct story *s, struct kube_write *write, bool at_once, const char *want)
{
    difference_start(&s->context.context, write, at_once, on_difference, s);
    assert_null(write->body);
    fake_clock_run(s->context.fc);
    assert_string_equal(s->text, want);
    str_free(&s->text);
}

static void test_the_fields_that_differ_are_named(void **state)
{
    static const struct {
        const char *patch, *fields;
    } cases[] = {
        {"{'metadata':{'labels':{'team':null}}}", "metadata.labels.team"},
        {"{'spec':{'ports':[{'port':80}],'selector':{'app':'x','tier':null}}}",
         "spec.ports, spec.selector.app, spec.selector.tier"},
        {"{'spec':{'a':1,'b':1,'c':1,'d':1,'e':1,'f':1,'g':1,'h':1}}",
         "spec.a, spec.b, spec.c, spec.d, spec.e, spec.f and more"},
        {"{'metadata':{'annotations':{'flagger.kubernetes.io/original-configuration':'{}'}},'spec':{'hosts':[]}}",
         "spec.hosts"},
    };
    struct story s = {0};
    fake_context_open(&s.context);
    put_service(&s, "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct kube_write write = repair(&s, cases[i].patch);
        char *fields = difference_fields(&write);
        assert_string_equal(fields, cases[i].fields);
        str_free(&fields);
        kube_write_fini(&write);
    }
    fake_context_close(&s.context);
}

#define TOLD "Service podinfo.test: "

static void test_the_other_writer_is_named_by_the_fields_it_manages(void **state)
{
    static const struct {
        const char *managed_fields, *patch;
        bool at_once;
        const char *told;
    } cases[] = {
        {MANAGED("sluice", "01", LABEL) "," MANAGED("argocd", "02", LABEL), "{'metadata':{'labels':{'team':null}}}",
         false, TOLD "metadata.labels.team is changed back by another writer (manager argocd)"},
        /* the latest of several; who manages something else is not meant */
        {MANAGED("helm", "02", PORTS) "," MANAGED("argocd", "05", PORTS) "," MANAGED("kubectl", "09", LABEL),
         "{'spec':{'ports':[]}}", false, TOLD "spec.ports is changed back by another writer (manager argocd)"},
        /* a map that is owned as a whole */
        {MANAGED("helm", "02", SELECTOR), "{'spec':{'selector':{'app':'x'}}}", false,
         TOLD "spec.selector.app is changed back by another writer (manager helm)"},
        /* what is taken away is nobody's */
        {MANAGED("helm", "02", PORTS), "{'metadata':{'labels':{'app':'podinfo'}}}", false,
         TOLD "metadata.labels.app is changed back by another writer"},
        /* an admission policy works on our own write, as which it counts */
        {MANAGED("sluice", "01", LABEL), "{'metadata':{'labels':{'team':null}}}", true,
         TOLD "metadata.labels.team is changed back by the API server (an admission policy or a default)"},
    };
    struct story s = {0};
    fake_context_open(&s.context);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        put_service(&s, cases[i].managed_fields);
        struct kube_write write = repair(&s, cases[i].patch);
        expect_told(&s, &write, cases[i].at_once, cases[i].told);
    }
    fake_context_close(&s.context);
}

static void test_what_cannot_be_read_is_told_without_a_name(void **state)
{
    struct story s = {0};
    fake_context_open(&s.context);
    put_service(&s, MANAGED("argocd", "02", LABEL));
    struct kube_write write = repair(&s, "{'metadata':{'labels':{'team':null}}}");
    fake_http_once(s.context.fh, "GET", "/services/podinfo", 403, "{}");
    expect_told(&s, &write, false, TOLD "metadata.labels.team is changed back by another writer");
    struct doc *body = object_new(&KUBE_SERVICES, "test", "gone");
    kube_write_create(&write, &KUBE_SERVICES, body, "error");
    expect_told(&s, &write, false, "Service gone.test is deleted again and again by another writer");
    fake_context_close(&s.context);
}

static void test_it_can_be_cancelled(void **state)
{
    struct story s = {0};
    fake_context_open(&s.context);
    put_service(&s, "");
    struct kube_write write = repair(&s, "{'spec':{'ports':[]}}");
    difference_cancel(difference_start(&s.context.context, &write, false, on_difference, &s));
    fake_clock_run(s.context.fc);
    assert_null(s.text);
    fake_context_close(&s.context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_fields_that_differ_are_named),
        cmocka_unit_test(test_the_other_writer_is_named_by_the_fields_it_manages),
        cmocka_unit_test(test_what_cannot_be_read_is_told_without_a_name),
        cmocka_unit_test(test_it_can_be_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
