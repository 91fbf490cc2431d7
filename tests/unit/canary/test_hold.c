/* What keeps a Canary from going on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "canary/hold.h"
#include "fake_doc.h"

#define PAUSED "'metadata':{'annotations':{'sluice.dev/pause':'INC-4711'}}"
#define SUSPENDED "'spec':{'suspend':true}"
#define REFUSED "{'type':'Accepted','status':'False','reason':'Invalid','message':'no service'}"
#define ACCEPTED "{'type':'Accepted','status':'True','reason':'Valid','message':'all is well'}"
#define WAITING                                                                                                        \
    "{'type':'Waiting','status':'True','reason':'GateClosed','message':'gate',"                                        \
    "'lastTransitionTime':'2026-03-11T08:15:07Z'}"
#define CONDITIONS(list) "'status':{'conditions':[" list "]}"

static const struct {
    const char *canary;
    enum hold_kind kind;
    const char *text;
} cases[] = {
    {"{}", HOLD_NONE, NULL},
    {"{'metadata':{'annotations':{'sluice.dev/pause':'false'}}," CONDITIONS(ACCEPTED) "}", HOLD_NONE, NULL},
    {"{" PAUSED "," SUSPENDED "," CONDITIONS(REFUSED "," WAITING) "}", HOLD_PAUSED, "Paused: INC-4711"},
    {"{'metadata':{'annotations':{'sluice.dev/pause':'true'}}}", HOLD_PAUSED, "Paused"},
    {"{" SUSPENDED "," CONDITIONS(REFUSED) "}", HOLD_SUSPENDED, "Suspended: spec.suspend is true"},
    {"{" CONDITIONS(REFUSED "," WAITING) "}", HOLD_REFUSED, "Invalid: no service"},
    {"{" CONDITIONS(ACCEPTED "," WAITING) "}", HOLD_WAITING, "GateClosed: gate"},
    {"{" CONDITIONS("{'type':'Waiting','status':'False','reason':'GateClosed'}") "}", HOLD_NONE, NULL},
    {"{" CONDITIONS("{'type':'Waiting','status':'True'}") "}", HOLD_WAITING, "?"},
};

static void test_the_first_one_is_told(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct doc *canary = fake_doc(cases[i].canary);
        struct hold hold;
        assert_int_equal(hold_read(&hold, doc_root(canary)), cases[i].kind != HOLD_NONE);
        assert_int_equal(hold.kind, cases[i].kind);
        char *text = hold.kind != HOLD_NONE ? hold_text(&hold) : NULL;
        assert_true(str_equal(text, cases[i].text));
        str_free(&text);
        doc_free(canary);
    }
}

static void test_each_for_itself(void **state)
{
    struct doc *canary = fake_doc("{" PAUSED "," SUSPENDED "," CONDITIONS(REFUSED "," WAITING) "}");
    struct hold hold;
    assert_true(hold_read_waiting(&hold, doc_root(canary)));
    assert_string_equal(hold.since, "2026-03-11T08:15:07Z");
    assert_true(hold_read_refusal(&hold, doc_root(canary)));
    assert_string_equal(hold.message, "no service");
    assert_true(hold_read_pause(&hold, doc_root(canary)));
    assert_int_equal(hold.kind, HOLD_PAUSED);
    doc_free(canary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_one_is_told),
        cmocka_unit_test(test_each_for_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
