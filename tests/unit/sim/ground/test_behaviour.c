#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fake_doc.h"
#include "sim/ground/behaviour.h"

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

static void expect_of_pod(const char *annotations, double errors, double latency_ms, double p99_ms, int64_t ready_ms)
{
    struct behaviours *behaviours = behaviours_new();
    behaviours_set(behaviours, "podinfo:1", &(struct behaviour){0.5, 10, 30, 2000});
    char *text =
        str_format("{'metadata':{'annotations':%s},'spec':{'containers':[{'image':'podinfo:1'}]}}", annotations);
    struct doc *pod = fake_doc(text);
    struct behaviour of = behaviours_of_pod(behaviours, doc_root(pod));
    assert_true(of.errors == errors && of.latency_ms == latency_ms && of.latency_p99_ms == p99_ms);
    assert_int_equal(of.ready_ms, ready_ms);
    doc_free(pod);
    mem_free(text);
    behaviours_free(behaviours);
}

/* What an annotation does not say stays; one that cannot be read says nothing; p99 is never below the median. */
static void annotations_of_a_pod_go_before_its_image(void **state)
{
    expect_of_pod("{}", 0.5, 10, 30, 2000);
    expect_of_pod("{'sluice.dev/demo-errors':'25%','sluice.dev/demo-ready':'never'}", 0.25, 10, 30, -1);
    expect_of_pod("{'sluice.dev/demo-latency':'20ms','sluice.dev/demo-p99':'1s','sluice.dev/demo-ready':'0s'}", 0.5, 20,
                  1000, 0);
    expect_of_pod("{'sluice.dev/demo-latency':'40ms'}", 0.5, 40, 40, 2000);
    expect_of_pod("{'sluice.dev/demo-p99':'4ms'}", 0.5, 4, 4, 2000);
    expect_of_pod("{'sluice.dev/demo-errors':'101%','sluice.dev/demo-latency':'-1s','sluice.dev/demo-p99':'5'}", 0.5,
                  10, 30, 2000);
    expect_of_pod("{'sluice.dev/demo-errors':'nan%','sluice.dev/demo-ready':'','sluice.dev/demo-other':'1s'}", 0.5, 10,
                  30, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(annotations_of_a_pod_go_before_its_image),
        cmocka_unit_test(an_unknown_image_serves_well),
        cmocka_unit_test(the_longest_ending_counts),
        cmocka_unit_test(what_is_said_later_replaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
