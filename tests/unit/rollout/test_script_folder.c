/* Scripts of a folder: found, changed as a ConfigMap changes, and wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "fake_clock.h"
#include "fake_file.h"
#include "io/adapters.h"
#include "rollout/script_folder.h"
#include "rollout/strategist.h"

struct shop {
    struct context context;
    struct strategist strategist;
    struct fake_clock *time;
    struct script_folder *folder;
    char path[64];
    int woken; /* how often the Canary was to look again */
};

/* A script is sound when its text is the JSON of what it declares. */
static struct doc *inspect(struct strategist *strategist, const char *module, const struct node *sources,
                           const struct limits *limits, struct err *err)
{
    const char *text = node_str(node_get(sources, module));
    struct doc *declared = text != NULL ? doc_parse(text, strlen(text), err) : NULL;
    if (declared == NULL) {
        err_set(err, text == NULL ? ERR_NOT_FOUND : ERR_SCRIPT, "%s: no script", module);
    }
    return declared;
}

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
}

static const struct strategist_ops ops = {
    .inspect = inspect, .limits = limits, .sources = sources, .list_checks = list_checks};

static void on_changed(void *ctx, const char *namespace, const char *name)
{
    ((struct shop *)ctx)->woken++;
}

#define CANARY                                                                                                         \
    "{\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\",\"resourceVersion\":\"1\"},\"spec\":{\"targetRef\":{"      \
    "\"kind\":\"Deployment\",\"name\":\"web\"},\"service\":{\"port\":80},\"strategy\":{\"name\":\"ring\"},"            \
    "\"analysis\":{\"metrics\":[{\"name\":\"m\",\"checkRef\":{\"name\":\"guard\"}}]}}}"

#define STRATEGY "{\"kind\":\"strategy\",\"name\":\"ring\"}"
#define CHECK "{\"kind\":\"check\",\"name\":\"guard\"}"

/* Relative to the folder. */
static void put(struct shop *shop, const char *name, const char *text)
{
    char *path = str_format("%s/%s", shop->path, name);
    fake_file_write(path, text);
    str_free(&path);
}

static void make_folder(struct shop *shop, const char *name)
{
    char *path = str_format("%s/%s", shop->path, name);
    assert_int_equal(mkdir(path, 0700), 0);
    str_free(&path);
}

static int setup(void **state)
{
    struct shop *shop = mem_new(struct shop);
    struct err err;
    strcpy(shop->path, "/tmp/sluice-scripts-XXXXXX");
    assert_non_null(mkdtemp(shop->path));
    shop->time = fake_clock_new(1773216907000);
    shop->context.clock = fake_clock_clock(shop->time);
    shop->strategist.ops = &ops;
    shop->context.strategist = &shop->strategist;
    static const struct kube_resource *const watched[] = {&KUBE_STRATEGIES, &KUBE_CHECKS, &KUBE_CANARIES};
    for (size_t i = 0; i < sizeof watched / sizeof watched[0]; i++) {
        stores_add(&shop->context.stores, store_new(watched[i], NULL), NULL);
    }
    struct doc *canary = doc_parse(CANARY, strlen(CANARY), &err);
    store_put(context_store(&shop->context, &KUBE_CANARIES), canary);
    doc_free(canary);
    shop->context.library = library_new(&shop->context, on_changed, shop);
    *state = shop;
    return 0;
}

static int teardown(void **state)
{
    struct shop *shop = *state;
    script_folder_close(shop->folder);
    library_free(shop->context.library);
    stores_fini(&shop->context.stores);
    fake_clock_free(shop->time);
    char *command = str_format("rm -r %s", shop->path);
    int status = system(command);
    str_free(&command);
    mem_free(shop);
    return status;
}

/* Why the Canary cannot be accepted; "" when it can. */
static void expect_reasons(struct shop *shop, const char *wanted)
{
    static const struct canary_defaults defaults = {.provider = "istio", .metrics_server = "http://prometheus:9090"};
    struct err err = {0};
    struct canary canary;
    assert_true(canary_init(&canary, doc_parse(CANARY, strlen(CANARY), &err), &defaults, &err));
    struct str_list reasons = {0};
    library_check(shop->context.library, &canary, &reasons);
    char *told = str_list_join(&reasons, "; ");
    assert_string_equal(told, wanted);
    str_free(&told);
    str_list_fini(&reasons);
    canary_fini(&canary);
}

static void pass_period(struct shop *shop)
{
    fake_clock_advance(shop->time, SCRIPT_FOLDER_PERIOD_MS);
}

#define NO_STRATEGY "spec.strategy: Strategy shop/ring not found"
#define NO_CHECK "spec.analysis.metrics[0].checkRef: Check shop/guard not found"

static void test_files_come_and_go(void **state)
{
    struct shop *shop = *state;
    shop->folder = script_folder_open(&shop->context, shop->path);
    expect_reasons(shop, NO_STRATEGY "; " NO_CHECK);
    make_folder(shop, "strategies");
    make_folder(shop, "checks");
    put(shop, "strategies/ring.lua", STRATEGY);
    put(shop, "checks/guard.lua", CHECK);
    pass_period(shop);
    expect_reasons(shop, "");
    assert_int_equal(shop->woken, 2);
    pass_period(shop);
    assert_int_equal(shop->woken, 2);
    put(shop, "checks/guard.lua", "return +");
    pass_period(shop);
    assert_int_equal(shop->woken, 3);
    expect_reasons(shop, "spec.analysis.metrics[0].checkRef: Check shop/guard is not ready: checks.guard: no script");
    put(shop, "checks/guard.lua", STRATEGY);
    pass_period(shop);
    expect_reasons(shop, "spec.analysis.metrics[0].checkRef: Check shop/guard is not ready: checks.guard: the script "
                         "returns a strategy, wanted a check, as for: return require 'stdlib.check' {…}");
    char *path = str_format("%s/checks/guard.lua", shop->path);
    assert_int_equal(unlink(path), 0);
    str_free(&path);
    pass_period(shop);
    expect_reasons(shop, NO_CHECK);
}

/* --- adapters --- */

struct fake_adapters {
    struct adapters base;
    struct doc *own;
    int loads;
};

static void set_own(struct adapters *adapters, const struct node *texts)
{
    struct fake_adapters *fake = (struct fake_adapters *)adapters;
    doc_free(fake->own);
    fake->own = doc_copy(texts);
}

/* One whose text begins with "return +" cannot be used. */
static bool load(struct adapters *adapters, const char *name, struct err *err)
{
    struct fake_adapters *fake = (struct fake_adapters *)adapters;
    fake->loads++;
    const char *text = node_str_or(node_get(doc_root(fake->own), name), "");
    return strncmp(text, "return +", 8) != 0 || err_set(err, ERR_SCRIPT, "%s: oh", name);
}

static void test_adapters_come_and_go(void **state)
{
    static const struct adapters_ops adapters_ops = {.set_own = set_own, .load = load};
    struct shop *shop = *state;
    struct fake_adapters fake = {.base.ops = &adapters_ops};
    shop->context.adapters = &fake.base;
    make_folder(shop, "adapters");
    make_folder(shop, "adapters/metrics");
    make_folder(shop, "adapters/alerts");
    put(shop, "adapters/metrics/queue.lua", "return 1");
    put(shop, "adapters/alerts/pager.lua", "return +");
    shop->folder = script_folder_open(&shop->context, shop->path);
    assert_int_equal(node_count(doc_root(fake.own)), 2);
    assert_string_equal(node_str(node_get(doc_root(fake.own), "metrics.queue")), "return 1");
    assert_string_equal(node_str(node_get(doc_root(fake.own), "alerts.pager")), "return +");
    assert_int_equal(fake.loads, 2);
    pass_period(shop);
    assert_int_equal(fake.loads, 2);
    put(shop, "adapters/alerts/pager.lua", "return 2");
    pass_period(shop);
    assert_int_equal(fake.loads, 3); /* the one that changed */
    char *path = str_format("%s/adapters/metrics/queue.lua", shop->path);
    assert_int_equal(unlink(path), 0);
    str_free(&path);
    pass_period(shop);
    assert_int_equal(node_count(doc_root(fake.own)), 1);
    doc_free(fake.own);
}

/* As the kubelet does: the files are links through ..data, which is a link that is swapped. */
static void test_a_config_map_is_swapped(void **state)
{
    struct shop *shop = *state;
    make_folder(shop, "strategies");
    make_folder(shop, "strategies/..1");
    make_folder(shop, "strategies/..2");
    put(shop, "strategies/..1/ring.lua", "return +");
    put(shop, "strategies/..2/ring.lua", STRATEGY);
    char *data = str_format("%s/strategies/..data", shop->path);
    char *next = str_format("%s/strategies/..next", shop->path);
    char *link = str_format("%s/strategies/ring.lua", shop->path);
    assert_int_equal(symlink("..1", data), 0);
    assert_int_equal(symlink("..data/ring.lua", link), 0);
    shop->folder = script_folder_open(&shop->context, shop->path);
    expect_reasons(shop, "spec.strategy: Strategy shop/ring is not ready: scripts.ring: no script; " NO_CHECK);
    assert_int_equal(symlink("..2", next), 0);
    assert_int_equal(rename(next, data), 0);
    pass_period(shop);
    expect_reasons(shop, NO_CHECK);
    str_free(&data);
    str_free(&next);
    str_free(&link);
}

static void test_a_bad_file_leaves_the_others(void **state)
{
    struct shop *shop = *state;
    make_folder(shop, "strategies");
    make_folder(shop, "checks");
    put(shop, "strategies/Ring 2.lua", STRATEGY);
    put(shop, "strategies/rang.lua", "return +");
    put(shop, "strategies/ring.lua", STRATEGY);
    put(shop, "strategies/notes.txt", "not a script");
    put(shop, "checks/guard.lua", CHECK);
    shop->folder = script_folder_open(&shop->context, shop->path);
    expect_reasons(shop, "");
}

static void note_line(void *ctx, const char *line)
{
    str_list_push(ctx, line);
}

static void expect_told(const struct str_list *lines, size_t index, const char *wanted)
{
    assert_true(index < lines->count);
    if (strstr(lines->items[index], wanted) == NULL) {
        fail_msg("wanted %s\n   got %s", wanted, lines->items[index]);
    }
}

/* What somebody has put there by mistake is told, once for each change. */
static void test_what_is_not_read_is_named(void **state)
{
    struct shop *shop = *state;
    struct str_list lines = {0};
    log_set_sink(note_line, &lines);
    const char *const folders[] = {"strategies", "strategies/team", "strategies/dir.lua", "strategy",
                                   "adapters",   "adapters/metric", "adapters/metrics",   "..data"};
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        make_folder(shop, folders[i]);
    }
    put(shop, "strategies/ring.lua", STRATEGY);
    put(shop, "strategies/team/ring.lua", "return +");
    put(shop, "notes.txt", "");
    put(shop, "guard.lua", CHECK);
    char *link = str_format("%s/strategies/gone.lua", shop->path);
    assert_int_equal(symlink("..data/gone.lua", link), 0);
    shop->folder = script_folder_open(&shop->context, shop->path);
    pass_period(shop);
    expect_reasons(shop, NO_CHECK); /* ring is the one that lies in strategies itself */
    expect_told(&lines, 0, "/guard.lua is not read: scripts are wanted in strategies, checks and adapters; ");
    expect_told(&lines, 0, "/strategy is not read: ");
    expect_told(&lines, 1, "/adapters/metric is not read: scripts are wanted in adapters/metrics and adapters/alerts");
    expect_told(&lines, 2, "/strategies/dir.lua: not a regular file; file ");
    expect_told(&lines, 2, "/strategies/gone.lua: cannot open: No such file or directory; ");
    expect_told(&lines, 2, "/strategies/team: a folder in a folder of scripts is not read");
    assert_int_equal(lines.count, 3);
    assert_int_equal(unlink(link), 0);
    pass_period(shop);
    assert_int_equal(lines.count, 4);
    log_set_sink(log_drop, NULL);
    str_list_fini(&lines);
    str_free(&link);
}

static void test_a_folder_that_is_not_there_is_named(void **state)
{
    struct shop *shop = *state;
    struct str_list lines = {0};
    char *path = str_format("%s/nowhere", shop->path);
    log_set_sink(note_line, &lines);
    shop->folder = script_folder_open(&shop->context, path);
    pass_period(shop);
    assert_int_equal(lines.count, 1);
    expect_told(&lines, 0, "/nowhere: No such file or directory");
    make_folder(shop, "nowhere");
    make_folder(shop, "nowhere/strategies");
    put(shop, "nowhere/strategies/ring.lua", STRATEGY);
    pass_period(shop);
    expect_reasons(shop, NO_CHECK);
    log_set_sink(log_drop, NULL);
    str_list_fini(&lines);
    str_free(&path);
}

/* An object of the Canary's own namespace comes first. */
static void test_an_object_hides_a_file(void **state)
{
    struct shop *shop = *state;
    static const char object[] = "{\"metadata\":{\"name\":\"ring\",\"namespace\":\"shop\",\"resourceVersion\":\"1\"},"
                                 "\"spec\":{\"script\":\"return +\"}}";
    struct err err;
    make_folder(shop, "strategies");
    put(shop, "strategies/ring.lua", STRATEGY);
    shop->folder = script_folder_open(&shop->context, shop->path);
    struct doc *doc = doc_parse(object, strlen(object), &err);
    store_put(context_store(&shop->context, &KUBE_STRATEGIES), doc);
    doc_free(doc);
    expect_reasons(shop, "spec.strategy: Strategy shop/ring is not ready: scripts.ring: no script; " NO_CHECK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_files_come_and_go),
        TEST(test_adapters_come_and_go),
        TEST(test_a_config_map_is_swapped),
        TEST(test_a_bad_file_leaves_the_others),
        TEST(test_an_object_hides_a_file),
        TEST(test_what_is_not_read_is_named),
        TEST(test_a_folder_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
