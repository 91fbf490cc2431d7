/* Which scripts a Canary names, and when it may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fake_clock.h"
#include "rollout/library.h"
#include "rollout/strategist.h"

struct shelf {
    struct context context;
    struct strategist strategist;
    struct fake_clock *time;
    struct library *library;
    bool no_cross_namespace_refs;
};

/* A script is sound when its text is the JSON of what it declares. */
static struct doc *inspect(struct strategist *strategist, const char *module, const struct node *sources,
                           const struct limits *limits, struct err *err)
{
    const char *text = node_str(node_get(sources, module));
    bool is_bundled = sources == NULL && strcmp(module, "checks.request-duration") == 0;
    text = is_bundled ? "{\"kind\":\"check\",\"name\":\"request-duration\"}" : text;
    struct doc *declared = text != NULL ? doc_parse(text, strlen(text), err) : NULL;
    if (declared == NULL) {
        err_set(err, text == NULL ? ERR_NOT_FOUND : ERR_SCRIPT, "%s: no script", module);
    }
    return declared;
}

/* What a bundled strategy pins. */
static struct node *sources(struct strategist *strategist, const char *name, struct doc *doc)
{
    return node_new_object(doc);
}

static struct limits limits(const struct strategist *strategist)
{
    return limits_default();
}

static void list_checks(const struct strategist *strategist, struct str_list *names)
{
    str_list_push(names, "request-duration");
}

static const struct strategist_ops ops = {
    .inspect = inspect, .limits = limits, .sources = sources, .list_checks = list_checks};

#define SCRIPT "{" SCRIPT_REST
#define SCRIPT_REST                                                                                                    \
    "\\\"name\\\":\\\"ring\\\",\\\"params\\\":{\\\"calm\\\":{\\\"type\\\":\\\"integer\\\",\\\"default\\\":1}}}"

static void on_changed(void *ctx, const char *namespace, const char *name)
{
}

#define CHECK "{\\\"kind\\\":\\\"check\\\"," SCRIPT_REST

/* Each object is a newer one. */
static int version;

static void put_in(struct shelf *shelf, const struct kube_resource *resource, const char *namespace, const char *script)
{
    char *text = str_format("{\"metadata\":{\"name\":\"ring\",\"namespace\":\"%s\",\"resourceVersion\":\"%d\"},"
                            "\"spec\":{\"script\":\"%s\"}}",
                            namespace, ++version, script);
    struct err err;
    struct doc *doc = doc_parse(text, strlen(text), &err);
    assert_non_null(doc);
    store_put(context_store(&shelf->context, resource), doc);
    doc_free(doc);
    str_free(&text);
}

/* With spec.limits. */
static void put_limited(struct shelf *shelf, const struct kube_resource *resource, const char *script,
                        const char *limits)
{
    char *text = str_format("%s\",\"limits\":%s,\"ignored\":\"", script, limits);
    put_in(shelf, resource, "shop", text);
    str_free(&text);
}

static void put(struct shelf *shelf, const char *namespace, const char *script)
{
    put_in(shelf, &KUBE_STRATEGIES, namespace, script);
}

static int setup(void **state)
{
    struct shelf *shelf = mem_new(struct shelf);
    shelf->time = fake_clock_new(1773216907000);
    shelf->context.clock = fake_clock_clock(shelf->time);
    shelf->strategist.ops = &ops;
    shelf->context.strategist = &shelf->strategist;
    stores_add(&shelf->context.stores, store_new(&KUBE_STRATEGIES, NULL), NULL);
    stores_add(&shelf->context.stores, store_new(&KUBE_CHECKS, NULL), NULL);
    shelf->library = library_new(&shelf->context, on_changed, NULL);
    *state = shelf;
    return 0;
}

static int teardown(void **state)
{
    struct shelf *shelf = *state;
    library_free(shelf->library);
    stores_fini(&shelf->context.stores);
    fake_clock_free(shelf->time);
    mem_free(shelf);
    return 0;
}

/* The reasons why a Canary of the namespace `shop` cannot have this spec, of a strategy or of an analysis. */
static struct library_choice expect_spec(struct shelf *shelf, const char *field, const char *value, const char *wanted)
{
    const struct canary_defaults defaults = {.provider = "istio",
                                             .metrics_server = "http://prometheus:9090",
                                             .no_cross_namespace_refs = shelf->no_cross_namespace_refs};
    char *text = str_format("{\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\"},\"spec\":{\"targetRef\":{\"kind\":"
                            "\"Deployment\",\"name\":\"web\"},\"service\":{\"port\":80},\"%s\":%s,"
                            "\"%s\":{\"iterations\":1}}}",
                            field, value, strcmp(field, "analysis") == 0 ? "ignored" : "analysis");
    struct err err = {0};
    struct canary canary;
    assert_true(canary_init(&canary, doc_parse(text, strlen(text), &err), &defaults, &err));
    struct str_list reasons = {0};
    library_check(shelf->library, &canary, &reasons);
    char *told = str_list_join(&reasons, "; ");
    assert_string_equal(told, wanted);
    struct library_choice choice = {0};
    assert_int_equal(library_choose(shelf->library, &canary, &choice, &err), wanted[0] == '\0');
    str_free(&told);
    str_list_fini(&reasons);
    canary_fini(&canary);
    str_free(&text);
    return choice;
}

static void expect(struct shelf *shelf, const char *strategy, const char *wanted)
{
    struct library_choice choice = expect_spec(shelf, "strategy", strategy, wanted);
    library_choice_fini(&choice);
}

/* Of one metric. */
static struct library_choice expect_metric(struct shelf *shelf, const char *reference, const char *wanted)
{
    char *analysis = str_format("{\"iterations\":1,\"metrics\":[{\"name\":\"revenue\",\"checkRef\":%s}]}", reference);
    struct library_choice choice = expect_spec(shelf, "analysis", analysis, wanted);
    str_free(&analysis);
    return choice;
}

static void test_the_canarys_own_namespace_comes_first(void **state)
{
    struct shelf *shelf = *state;
    put(shelf, "shop", SCRIPT);
    put(shelf, "delivery", "return +");
    expect(shelf, "{\"name\":\"ring\"}", "");
    expect(shelf, "{\"name\":\"ring\",\"namespace\":\"shop\"}", "");
    expect(shelf, "{\"name\":\"ring\",\"params\":{\"calm\":\"x\"}}",
           "spec.strategy.params.calm: \"x\" is not a whole number");
    expect(shelf, "{\"name\":\"rang\"}", "spec.strategy: Strategy shop/rang not found (is ring meant?)");
    expect(shelf, "{\"name\":\"rang\",\"namespace\":\"elsewhere\"}",
           "spec.strategy: Strategy elsewhere/rang not found");
    expect(shelf, "{\"name\":\"ring\",\"namespace\":\"delivery\"}",
           "spec.strategy: Strategy delivery/ring is not ready: scripts.ring: no script");
}

static void test_another_namespace_may_be_forbidden(void **state)
{
    struct shelf *shelf = *state;
    put(shelf, "shop", SCRIPT);
    put(shelf, "delivery", SCRIPT);
    expect(shelf, "{\"name\":\"ring\",\"namespace\":\"delivery\"}", "");
    shelf->no_cross_namespace_refs = true;
    expect(shelf, "{\"name\":\"ring\",\"namespace\":\"delivery\"}",
           "spec.strategy.namespace: delivery is another namespace, and the engine runs with -no-cross-namespace-refs");
    expect(shelf, "{\"name\":\"ring\",\"namespace\":\"shop\"}", "");
    expect(shelf, "{\"name\":\"ring\"}", "");
}

static void refuse_check(struct shelf *shelf, const char *reference, const char *wanted)
{
    struct library_choice choice = expect_metric(shelf, reference, wanted);
    library_choice_fini(&choice);
}

static void test_a_check_is_pinned_with_its_declaration(void **state)
{
    struct shelf *shelf = *state;
    put_in(shelf, &KUBE_CHECKS, "shop", CHECK);
    struct library_choice choice = expect_metric(shelf, "{\"name\":\"ring\",\"params\":{\"calm\":2}}", "");
    assert_non_null(node_get(doc_root(choice.sources), "checks.shop.ring"));
    const struct node *pinned = node_get(doc_root(choice.checks), "shop/ring");
    assert_true(node_is(node_get(pinned, "module"), "checks.shop.ring"));
    assert_true(node_is(node_at(pinned, "params", "calm", "type"), "integer"));
    library_choice_fini(&choice);
}

static void test_a_check_of_the_engine_stands_in_for_none(void **state)
{
    struct shelf *shelf = *state;
    struct library_choice choice = expect_metric(shelf, "{\"name\":\"request-duration\"}", "");
    const struct node *pinned = node_get(doc_root(choice.checks), "shop/request-duration");
    assert_true(node_is(node_get(pinned, "module"), "checks.request-duration"));
    library_choice_fini(&choice);
    refuse_check(shelf, "{\"name\":\"request-duration\",\"namespace\":\"shop\"}",
                 "spec.analysis.metrics[0].checkRef: Check shop/request-duration not found");
    refuse_check(
        shelf, "{\"name\":\"request-duraton\"}",
        "spec.analysis.metrics[0].checkRef: Check shop/request-duraton not found (is request-duration meant?)");
}

static void test_a_check_that_cannot_be_used(void **state)
{
    struct shelf *shelf = *state;
    refuse_check(shelf, "{\"name\":\"rang\"}", "spec.analysis.metrics[0].checkRef: Check shop/rang not found");
    put_in(shelf, &KUBE_CHECKS, "shop", CHECK);
    refuse_check(shelf, "{\"name\":\"ring\",\"params\":{\"calm\":\"x\"}}",
                 "spec.analysis.metrics[0].checkRef.params.calm: \"x\" is not a whole number");
    put_in(shelf, &KUBE_CHECKS, "delivery", SCRIPT);
    refuse_check(
        shelf, "{\"name\":\"ring\",\"namespace\":\"delivery\"}",
        "spec.analysis.metrics[0].checkRef: Check delivery/ring is not ready: checks.delivery.ring: the script "
        "returns a strategy, wanted a check, as for: return require 'stdlib.check' {…}");
    shelf->no_cross_namespace_refs = true;
    refuse_check(shelf, "{\"name\":\"ring\",\"namespace\":\"delivery\"}",
                 "spec.analysis.metrics[0].checkRef.namespace: delivery is another namespace, and the engine runs with "
                 "-no-cross-namespace-refs");
}

static void test_a_release_has_the_least_of_what_its_scripts_ask_for(void **state)
{
    struct shelf *shelf = *state;
    const char *spec = "{\"iterations\":1,\"metrics\":[{\"name\":\"revenue\",\"checkRef\":{\"name\":\"ring\"}}]},"
                       "\"strategy\":{\"name\":\"ring\"}";
    put_limited(shelf, &KUBE_STRATEGIES, SCRIPT, "{\"memory\":\"4Mi\",\"queriesPerMinute\":20}");
    put_limited(shelf, &KUBE_CHECKS, CHECK, "{\"memory\":\"2Mi\",\"queriesPerMinute\":30}");
    struct library_choice choice = expect_spec(shelf, "analysis", spec, "");
    struct limits wanted = limits_default();
    wanted.of[LIMIT_MEMORY] = 2 * 1024 * 1024;
    wanted.of[LIMIT_QUERIES] = 20;
    assert_memory_equal(&choice.limits, &wanted, sizeof wanted);
    library_choice_fini(&choice);
    choice = expect_spec(shelf, "analysis", "{\"iterations\":1}", "");
    const struct limits none = {0};
    assert_memory_equal(&choice.limits, &none, sizeof none);
    library_choice_fini(&choice);
}

static void test_a_script_that_asks_for_more_than_there_is(void **state)
{
    struct shelf *shelf = *state;
    put_limited(shelf, &KUBE_STRATEGIES, SCRIPT, "{\"memory\":\"9Mi\"}");
    expect(
        shelf, "{\"name\":\"ring\"}",
        "spec.strategy: Strategy shop/ring is not ready: spec.limits.memory: \"9Mi\" is more than 8Mi, the most that "
        "the engine's flag -script-memory allows");
    put_limited(shelf, &KUBE_STRATEGIES, SCRIPT, "{\"memory\":\"8Mi\"}");
    expect(shelf, "{\"name\":\"ring\"}", "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_the_canarys_own_namespace_comes_first),
        TEST(test_another_namespace_may_be_forbidden),
        TEST(test_a_check_is_pinned_with_its_declaration),
        TEST(test_a_check_of_the_engine_stands_in_for_none),
        TEST(test_a_check_that_cannot_be_used),
        TEST(test_a_release_has_the_least_of_what_its_scripts_ask_for),
        TEST(test_a_script_that_asks_for_more_than_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
