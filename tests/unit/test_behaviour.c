// room: sim
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/behaviour.h"

static void an_unknown_image_serves_well(void **state)
{
    struct behaviours *behaviours = behaviours_new();
    const struct behaviour *found = behaviours_find(behaviours, "ghcr.io/x/podinfo:1");
    assert_true(found->errors == 0 && found->latency_ms == 5 && found->latency_p99_ms == 20);
    assert_int_equal(found->ready_ms, 1000);
    behaviours_free(behaviours);
}

static void the_longest_ending_counts(void **state)
{
    struct behaviours *behaviours = behaviours_new();
    behaviours_set(behaviours, "podinfo:1", &(struct behaviour){.ready_ms = 1});
    behaviours_set(behaviours, "b/podinfo:1", &(struct behaviour){.ready_ms = 2});
    behaviours_set(behaviours, ":1", &(struct behaviour){.ready_ms = 3});
    assert_int_equal(behaviours_find(behaviours, "a/podinfo:1")->ready_ms, 1);
    assert_int_equal(behaviours_find(behaviours, "b/podinfo:1")->ready_ms, 2);
    assert_int_equal(behaviours_find(behaviours, "other:1")->ready_ms, 3);
    assert_int_equal(behaviours_find(behaviours, "podinfo:2")->ready_ms, 1000);
    behaviours_free(behaviours);
}

static void what_is_said_later_replaces(void **state)
{
    struct behaviours *behaviours = behaviours_new();
    behaviours_set(behaviours, "podinfo:1", &(struct behaviour){.ready_ms = 1});
    behaviours_set(behaviours, "podinfo:1", &(struct behaviour){.ready_ms = -1});
    assert_int_equal(behaviours_find(behaviours, "podinfo:1")->ready_ms, -1);
    behaviours_free(behaviours);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_image_serves_well),
        cmocka_unit_test(the_longest_ending_counts),
        cmocka_unit_test(what_is_said_later_replaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
