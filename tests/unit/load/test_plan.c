#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "load/plan.h"

static const struct load_ceiling ceiling = {
    .rate = 1000, .flag = "-max-rate", .workers = 200, .duration_ms = 3600 * 1000};

static bool fit(struct load_plan *plan, struct err *err)
{
    *err = (struct err){0};
    return load_plan_fit(plan, &ceiling, err);
}

static void a_plan_below_the_ceiling_stays(void **state)
{
    struct load_plan plan = {.workers = 2, .rate = 10, .duration_ms = 60000, .timeout_ms = 20000};
    struct err err;
    assert_true(fit(&plan, &err));
    assert_true(plan.rate == 10);
    assert_int_equal(plan.duration_ms, 60000);
    assert_int_equal(plan.timeout_ms, 20000);
}

static void what_is_not_limited_gets_the_ceiling(void **state)
{
    struct load_plan plan = {.workers = 50, .requests = 200};
    struct err err;
    assert_true(fit(&plan, &err));
    assert_true(plan.rate == 20);
    assert_int_equal(plan.duration_ms, ceiling.duration_ms);
    assert_int_equal(plan.timeout_ms, ceiling.duration_ms);
    plan = (struct load_plan){.workers = 1, .rate = 1, .duration_ms = INT64_C(86400) * 1000};
    assert_true(fit(&plan, &err));
    assert_int_equal(plan.duration_ms, ceiling.duration_ms);
}

static void another_load_than_was_asked_for_is_refused(void **state)
{
    struct err err;
    struct load_plan rate = {.workers = 100, .rate = 1000, .duration_ms = 1000};
    assert_false(fit(&rate, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_string_equal(err.text, "-q and -c make 100000 requests a second, -max-rate allows 1000");
    struct load_plan workers = {.workers = 201, .duration_ms = 1000};
    assert_false(fit(&workers, &err));
    assert_string_equal(err.text, "-c makes 201 workers, -max-workers allows 200");
    struct load_plan requests = {.workers = 50, .requests = 10 * 1000 * 1000};
    assert_false(fit(&requests, &err));
    assert_string_equal(err.text, "10000000 requests take 2h46m40s at this rate, -timeout allows 1h0m0s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_below_the_ceiling_stays),
        cmocka_unit_test(what_is_not_limited_gets_the_ceiling),
        cmocka_unit_test(another_load_than_was_asked_for_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
