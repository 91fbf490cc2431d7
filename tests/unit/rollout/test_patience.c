#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "fake_clock.h"
#include "fake_doc.h"
#include "kube/write.h"
#include "rollout/patience.h"

enum { INTERVAL_MS = 10000 };

/* How long a repair of this object must wait; one that need not is done. */
static int64_t repair(struct patience *patience, struct fake_clock *fc, const char *name)
{
    struct kube_write write;
    struct doc *live = fake_doc_format("{'metadata':{'name':'%s','namespace':'test','resourceVersion':'1'}}", name);
    kube_write_patch(&write, &KUBE_SERVICES, doc_root(live), fake_doc("{}"), "update error");
    int64_t wait_ms = patience_wait_ms(patience, fake_clock_clock(fc), &write, INTERVAL_MS);
    if (wait_ms == 0) {
        patience_note(patience, fake_clock_clock(fc), "2");
    }
    kube_write_fini(&write);
    doc_free(live);
    return wait_ms;
}

/* Four repairs at once. */
static void fight(struct patience *patience, struct fake_clock *fc, const char *name)
{
    for (int i = 0; i < 4; i++) {
        assert_int_equal(repair(patience, fc, name), 0);
    }
}

static void test_a_few_at_once_then_one_per_interval(void **state)
{
    struct fake_clock *fc = fake_clock_new(1773216907000);
    struct patience patience = {0};
    fight(&patience, fc, "podinfo");
    assert_int_equal(repair(&patience, fc, "podinfo"), INTERVAL_MS);
    fake_clock_advance(fc, INTERVAL_MS - 1);
    assert_int_equal(repair(&patience, fc, "podinfo"), 1);
    for (int i = 0; i < 5; i++) {
        fake_clock_advance(fc, INTERVAL_MS);
        assert_int_equal(repair(&patience, fc, "podinfo"), 0);
        assert_int_equal(repair(&patience, fc, "podinfo"), INTERVAL_MS);
    }
    patience_fini(&patience);
    fake_clock_free(fc);
}

static void test_quiet_makes_it_new_again(void **state)
{
    struct fake_clock *fc = fake_clock_new(1773216907000);
    struct patience patience = {0};
    fight(&patience, fc, "podinfo");
    fake_clock_advance(fc, 2 * INTERVAL_MS);
    fight(&patience, fc, "podinfo");
    patience_fini(&patience);
    fake_clock_free(fc);
}

static void test_another_object_is_not_held_up(void **state)
{
    struct fake_clock *fc = fake_clock_new(1773216907000);
    struct patience patience = {0};
    fight(&patience, fc, "podinfo");
    assert_int_equal(repair(&patience, fc, "podinfo"), INTERVAL_MS);
    assert_int_equal(repair(&patience, fc, "backend"), 0);
    patience_fini(&patience);
    fake_clock_free(fc);
}

/* Two canaries with one target disagree about all their objects, in turn. */
static void test_a_fight_about_several_objects_is_held_back_too(void **state)
{
    static const char *const names[] = {"podinfo", "podinfo-primary", "podinfo-canary"};
    struct fake_clock *fc = fake_clock_new(1773216907000);
    struct patience patience = {0};
    int writes = 0;
    for (int i = 0; i < 300; i++) {
        writes += repair(&patience, fc, names[i % 3]) == 0;
        fake_clock_advance(fc, 10);
    }
    assert_int_equal(writes, 12);
    patience_fini(&patience);
    fake_clock_free(fc);
}

static struct kube_write write_of(const char *verb, const char *version)
{
    struct kube_write write;
    struct doc *live =
        fake_doc_format("{'metadata':{'name':'podinfo','namespace':'test','resourceVersion':'%s'}}", version);
    kube_write_patch(&write, &KUBE_SERVICES, doc_root(live), fake_doc("{}"), "%s error", verb);
    doc_free(live);
    return write;
}

static void test_what_was_told_is_remembered_as_long_as_the_object(void **state)
{
    struct fake_clock *fc = fake_clock_new(1773216907000);
    struct patience patience = {0};
    struct kube_write write = write_of("update", "2"), foreign = write_of("update", "3");
    const struct kube_resource *resource;
    fight(&patience, fc, "podinfo");
    assert_string_equal(patience_asked(&patience, &resource), "podinfo");
    assert_ptr_equal(resource, &KUBE_SERVICES);
    assert_true(patience_is_undone_at_once(&patience, &write)); /* it is at the version that our write gave it */
    assert_false(patience_is_undone_at_once(&patience, &foreign));
    assert_false(patience_has_told(&patience, &write, "spec.http"));
    patience_note_told(&patience, &write, "spec.http");
    assert_true(patience_has_told(&patience, &write, "spec.http"));
    assert_false(patience_has_told(&patience, &write, "spec.hosts"));
    fake_clock_advance(fc, 2 * INTERVAL_MS);
    assert_int_equal(repair(&patience, fc, "podinfo"), 0);
    assert_false(patience_has_told(&patience, &write, "spec.http"));
    kube_write_fini(&write);
    kube_write_fini(&foreign);
    patience_fini(&patience);
    fake_clock_free(fc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_few_at_once_then_one_per_interval),
        cmocka_unit_test(test_quiet_makes_it_new_again),
        cmocka_unit_test(test_a_fight_about_several_objects_is_held_back_too),
        cmocka_unit_test(test_another_object_is_not_held_up),
        cmocka_unit_test(test_what_was_told_is_remembered_as_long_as_the_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
