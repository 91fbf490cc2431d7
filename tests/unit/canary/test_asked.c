/* The request of a Canary that is kept, and what holds a Canary still. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/str.h"
#include "canary/asked.h"
#include "canary/pause.h"
#include "fake_doc.h"

static void look(struct asked *asked, const char *canary)
{
    struct doc *doc = fake_doc(canary);
    asked_look(asked, doc_root(doc));
    doc_free(doc);
}

static void test_a_request_is_read_when_its_annotation_changes(void **state)
{
    struct asked asked = {0};
    look(&asked, "{'metadata':{}}");
    assert_int_equal(asked.found, REQUEST_NONE);
    look(&asked, "{'metadata':{'annotations':{'sluice.dev/request':'rollback shop-7'}}}");
    assert_int_equal(asked.found, REQUEST_READ);
    const char *kept = asked.request.release;
    assert_string_equal(kept, "shop-7");
    look(&asked, "{'metadata':{'annotations':{'x':'y','sluice.dev/request':'rollback shop-7'}}}");
    assert_ptr_equal(asked.request.release, kept); /* the same annotation is not read again */
    look(&asked, "{'metadata':{'annotations':{'sluice.dev/request':'rollback shop-8'}}}");
    assert_string_equal(asked.request.release, "shop-8");
    look(&asked, "{'metadata':{'annotations':{'sluice.dev/request':'deploy it'}}}");
    assert_int_equal(asked.found, REQUEST_BAD);
    assert_non_null(asked.problem);
    look(&asked, "{'metadata':{}}");
    assert_int_equal(asked.found, REQUEST_NONE);
    assert_null(asked.problem);
    asked_fini(&asked);
}

static void test_a_request_is_open_until_it_is_answered(void **state)
{
    struct asked asked = {0};
    struct doc *canary = fake_doc("{'metadata':{'annotations':{'sluice.dev/request':'resume'}},'status':{}}");
    asked_look(&asked, doc_root(canary));
    assert_true(asked_is_open(&asked, doc_root(canary)));
    struct doc *answered = fake_doc("{'status':{'lastRequest':{'id':'resume'}}}");
    assert_false(asked_is_open(&asked, doc_root(answered)));
    doc_free(answered);
    doc_free(canary);
    asked_fini(&asked);
}

static void test_what_holds_a_canary_still(void **state)
{
    static const struct {
        const char *canary, *through, *reason;
    } cases[] = {
        {"{}", NULL, NULL},
        {"{'spec':{'suspend':false},'metadata':{'annotations':{'sluice.dev/pause':'false'}}}", NULL, NULL},
        {"{'spec':{'suspend':true}}", PAUSE_SUSPEND, NULL},
        {"{'spec':{'suspend':true},'metadata':{'annotations':{'sluice.dev/pause':'INC\\n4711'}}}", PAUSE_ANNOTATION,
         "INC 4711"},
        {"{'metadata':{'annotations':{'sluice.dev/pause':'by hand'}}}", PAUSE_ANNOTATION, NULL},
        {"{'metadata':{'annotations':{'sluice.dev/pause':'true'}}}", PAUSE_ANNOTATION, NULL},
        {"{'metadata':{'annotations':{'sluice.dev/pause':''}}}", PAUSE_ANNOTATION, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct doc *canary = fake_doc(cases[i].canary);
        struct pause pause;
        pause_read(&pause, doc_root(canary));
        assert_true(str_equal(pause.through, cases[i].through));
        assert_true(str_equal(pause.reason, cases[i].reason));
        pause_fini(&pause);
        doc_free(canary);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_is_read_when_its_annotation_changes),
        cmocka_unit_test(test_a_request_is_open_until_it_is_answered),
        cmocka_unit_test(test_what_holds_a_canary_still),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
