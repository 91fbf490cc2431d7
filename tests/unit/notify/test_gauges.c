#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "notify/gauges.h"
#include "prom/metrics.h"

#define VALUES(...) ((const char *const[]){__VA_ARGS__})

static bool has(const struct metric_family *family, const char *const *values)
{
    double ignored;
    return metric_read(family, values, &ignored);
}

static void fill(struct gauges *g, const char *namespace)
{
    gauges_phase(g, "podinfo", namespace, "Progressing");
    gauges_weights(g, "podinfo", namespace, 90, 10);
    gauges_metric(g, "podinfo", namespace, "request-success-rate", 100);
}

static bool is_there(const struct gauges *g, const char *namespace)
{
    bool all = has(g->status, VALUES("podinfo", namespace)) && has(g->weight, VALUES("podinfo", namespace)) &&
               has(g->weight, VALUES("podinfo-primary", namespace)) &&
               has(g->analysis, VALUES("podinfo", namespace, "request-success-rate"));
    bool any = has(g->status, VALUES("podinfo", namespace)) || has(g->weight, VALUES("podinfo", namespace)) ||
               has(g->weight, VALUES("podinfo-primary", namespace)) ||
               has(g->analysis, VALUES("podinfo", namespace, "request-success-rate"));
    assert_int_equal(all, any);
    return all;
}

static void test_forgets_one_canary_only(void **state)
{
    struct metrics *metrics = metrics_new();
    struct gauges gauges;
    gauges_declare(&gauges, metrics, "0", "istio");
    fill(&gauges, "test");
    fill(&gauges, "prod");
    gauges_forget(&gauges, "podinfo", "test");
    assert_false(is_there(&gauges, "test"));
    assert_true(is_there(&gauges, "prod"));
    metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_forgets_one_canary_only)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
