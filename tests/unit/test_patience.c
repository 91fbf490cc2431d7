// room: rollout
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

enum { NOT_NOW = -2 };

/* A repair of this object that works: the time to wait afterwards. */
static int64_t repair(struct patience *patience, struct fake_clock *fc, const char *name)
{
    struct kube_write write;
    struct doc *live = fake_doc_format("{'metadata':{'name':'%s','namespace':'test','resourceVersion':'1'}}", name);
    kube_write_patch(&write, &KUBE_VIRTUAL_SERVICES, doc_root(live), fake_doc("{}"), "update error");
    bool allowed = patience_allows(patience, fake_clock_clock(fc), &write, INTERVAL_MS);
    kube_write_fini(&write);
    doc_free(live);
    return allowed ? patience_note(patience, fake_clock_clock(fc)) : NOT_NOW;
}

static void test_a_few_at_once_then_one_per_interval(void **state)
{
    struct fake_clock *fc = fake_clock_new(1773216907000);
    struct patience patience = {0};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(repair(&patience, fc, "podinfo"), -1);
    }
    assert_int_equal(repair(&patience, fc, "podinfo"), INTERVAL_MS);
    assert_int_equal(repair(&patience, fc, "podinfo"), NOT_NOW);
    fake_clock_advance(fc, INTERVAL_MS);
    assert_int_equal(repair(&patience, fc, "podinfo"), INTERVAL_MS);
    assert_int_equal(repair(&patience, fc, "podinfo"), NOT_NOW);
    patience_clear(&patience);
    assert_int_equal(repair(&patience, fc, "podinfo"), -1);
    patience_fini(&patience);
    fake_clock_free(fc);
}

static void test_another_object_is_not_held_up(void **state)
{
    struct fake_clock *fc = fake_clock_new(1773216907000);
    struct patience patience = {0};
    for (int i = 0; i < 5; i++) {
        repair(&patience, fc, "podinfo");
    }
    assert_int_equal(repair(&patience, fc, "backend"), -1);
    patience_fini(&patience);
    fake_clock_free(fc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_few_at_once_then_one_per_interval),
        cmocka_unit_test(test_another_object_is_not_held_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
