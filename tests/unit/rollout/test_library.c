/* Which Strategy a Canary names, and when it may not. */
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
};

/* A script is sound when its text is the JSON of what it declares. */
static struct doc *inspect(struct strategist *strategist, const char *module, const struct node *sources,
                           struct err *err)
{
    const char *text = node_str(node_get(sources, module));
    struct doc *declared = doc_parse(text, strlen(text), err);
    if (declared == NULL) {
        err_set(err, ERR_SCRIPT, "%s: no script", module);
    }
    return declared;
}

static const struct strategist_ops ops = {.inspect = inspect};

#define SCRIPT                                                                                                         \
    "{\\\"name\\\":\\\"ring\\\",\\\"params\\\":{\\\"calm\\\":{\\\"type\\\":\\\"integer\\\",\\\"default\\\":1}}}"

static void on_changed(void *ctx, const char *namespace, const char *name)
{
}

static void put(struct shelf *shelf, const char *namespace, const char *script)
{
    char *text = str_format("{\"metadata\":{\"name\":\"ring\",\"namespace\":\"%s\",\"resourceVersion\":\"1\"},"
                            "\"spec\":{\"script\":\"%s\"}}",
                            namespace, script);
    struct err err;
    struct doc *doc = doc_parse(text, strlen(text), &err);
    assert_non_null(doc);
    store_put(context_store(&shelf->context, &KUBE_STRATEGIES), doc);
    doc_free(doc);
    str_free(&text);
}

static int setup(void **state)
{
    struct shelf *shelf = mem_new(struct shelf);
    shelf->time = fake_clock_new(1773216907000);
    shelf->context.clock = fake_clock_clock(shelf->time);
    shelf->strategist.ops = &ops;
    shelf->context.strategist = &shelf->strategist;
    stores_add(&shelf->context.stores, store_new(&KUBE_STRATEGIES, NULL), NULL);
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

/* The reasons why a Canary of the namespace `shop` cannot have this strategy. */
static void expect(struct shelf *shelf, const char *strategy, const char *wanted)
{
    static const struct canary_defaults defaults = {.provider = "istio", .metrics_server = "http://prometheus:9090"};
    char *text = str_format("{\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\"},\"spec\":{\"targetRef\":{\"kind\":"
                            "\"Deployment\",\"name\":\"web\"},\"service\":{\"port\":80},\"analysis\":{},"
                            "\"strategy\":%s}}",
                            strategy);
    struct err err = {0};
    struct canary canary;
    assert_true(canary_init(&canary, doc_parse(text, strlen(text), &err), &defaults, &err));
    struct str_list reasons = {0};
    library_check(shelf->library, &canary, &reasons);
    char *told = str_list_join(&reasons, "; ");
    assert_string_equal(told, wanted);
    struct library_choice choice = {0};
    assert_int_equal(library_choose(shelf->library, &canary, &choice, &err), wanted[0] == '\0');
    library_choice_fini(&choice);
    str_free(&told);
    str_list_fini(&reasons);
    canary_fini(&canary);
    str_free(&text);
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
    expect(shelf, "{\"name\":\"rang\"}", "spec.strategy: Strategy shop/rang not found");
    expect(shelf, "{\"name\":\"ring\",\"namespace\":\"delivery\"}",
           "spec.strategy: Strategy delivery/ring is not ready: scripts.ring: no script");
}

static void test_another_namespace_may_be_forbidden(void **state)
{
    struct shelf *shelf = *state;
    put(shelf, "shop", SCRIPT);
    put(shelf, "delivery", SCRIPT);
    expect(shelf, "{\"name\":\"ring\",\"namespace\":\"delivery\"}", "");
    shelf->context.no_cross_namespace_refs = true;
    expect(shelf, "{\"name\":\"ring\",\"namespace\":\"delivery\"}",
           "spec.strategy.namespace: delivery is another namespace, and the engine runs with -no-cross-namespace-refs");
    expect(shelf, "{\"name\":\"ring\",\"namespace\":\"shop\"}", "");
    expect(shelf, "{\"name\":\"ring\"}", "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_the_canarys_own_namespace_comes_first),
        TEST(test_another_namespace_may_be_forbidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
