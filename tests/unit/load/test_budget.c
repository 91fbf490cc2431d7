#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "load/budget.h"

static void on_changed(void *ctx)
{
    ++*(int *)ctx;
}

static void expect(struct budget_share *share, double given)
{
    if (share->given < given - 1e-9 || share->given > given + 1e-9) {
        fail_msg("given %f, wanted %f", share->given, given);
    }
}

static void what_is_there_is_given(void **state)
{
    int changes = 0;
    struct budget *budget = budget_new(1000);
    struct budget_share a = {.wanted = 600, .changed = on_changed, .ctx = &changes};
    struct budget_share b = {.wanted = 400, .changed = on_changed, .ctx = &changes};
    budget_join(budget, &a);
    expect(&a, 600);
    budget_join(budget, &b);
    expect(&a, 600);
    expect(&b, 400);
    assert_true(budget_wanted(budget) == 1000);
    assert_int_equal(changes, 0);
    budget_leave(budget, &a);
    budget_leave(budget, &a); /* nothing happens */
    expect(&b, 400);
    budget_leave(budget, &b);
    assert_true(budget_wanted(budget) == 0);
    budget_free(budget);
}

/* A small load is never slowed by large ones, and these are slowed alike. */
static void what_is_wanted_too_much_is_divided(void **state)
{
    int large_changes = 0, small_changes = 0, huge_changes = 0;
    struct budget *budget = budget_new(1000);
    struct budget_share large = {.wanted = 800, .changed = on_changed, .ctx = &large_changes};
    struct budget_share small = {.wanted = 20, .changed = on_changed, .ctx = &small_changes};
    struct budget_share huge = {.wanted = 1000, .changed = on_changed, .ctx = &huge_changes};
    budget_join(budget, &large);
    budget_join(budget, &huge);
    expect(&large, 500);
    expect(&huge, 500);
    assert_int_equal(large_changes, 1);
    budget_join(budget, &small);
    expect(&small, 20);
    expect(&large, 490);
    expect(&huge, 490);
    assert_true(budget_wanted(budget) == 1820);
    budget_leave(budget, &huge);
    expect(&large, 800);
    expect(&small, 20);
    assert_int_equal(large_changes, 3);
    assert_int_equal(small_changes, 0);
    assert_int_equal(huge_changes, 1);
    budget_leave(budget, &large);
    budget_leave(budget, &small);
    budget_free(budget);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_there_is_given),
        cmocka_unit_test(what_is_wanted_too_much_is_divided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
