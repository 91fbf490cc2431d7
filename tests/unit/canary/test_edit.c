/* What each edit of a spec in mid-run means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/str.h"
#include "canary/edit.h"
#include "fake_doc.h"

#define WEIGHTS "'stepWeight':10,'maxWeight':50"
#define STEPS "'stepWeights':[10,20,80]"
#define MIRRORED WEIGHTS ",'mirror':true"
#define INSIDER "'match':[{'headers':{'x':{'exact':'1'}}}]"
#define OTHERS "'match':[{'headers':{'y':{'exact':'1'}}}]"
#define AB "'iterations':8," INSIDER
#define BLUE_GREEN "'iterations':8"

static void open_canary(struct canary *canary, const char *target, const char *service, const char *analysis,
                        int iterations)
{
    static const struct canary_defaults defaults = {.provider = "istio", .metrics_server = "http://prometheus"};
    char *text = str_format(
        "{'metadata':{'name':'a','namespace':'t','uid':'u'},'spec':{'targetRef':{'kind':'Deployment','name':'%s'},"
        "'service':{'port':80%s},'analysis':{%s}},'status':{'iterations':%d}}",
        target, service, analysis, iterations);
    struct err err = {0};
    if (!canary_init(canary, fake_doc(text), &defaults, &err)) {
        fail_msg("%s", err.text);
    }
    str_free(&text);
}

static enum edit edit_of(const char *targets[2], const char *services[2], const char *analyses[2])
{
    struct canary before, after;
    open_canary(&before, targets[0], services[0], analyses[0], 0);
    open_canary(&after, targets[1], services[1], analyses[1], 0);
    enum edit edit = edit_between(&before, &after);
    canary_fini(&before);
    canary_fini(&after);
    return edit;
}

static void test_each_analysis_after_each_other(void **state)
{
    static const char *const analyses[] = {
        WEIGHTS, STEPS, MIRRORED, WEIGHTS "," INSIDER, AB, "'iterations':8," OTHERS, BLUE_GREEN};
    enum { P = EDIT_PLAIN, R = EDIT_ROUTING, COUNT = sizeof analyses / sizeof analyses[0] };
    static const int want[COUNT][COUNT] = {
        /* to: weights, steps, mirror, matched weights, A/B, another A/B, blue/green */
        {P, P, P, R, R, R, P}, /* from weights */
        {P, P, P, R, R, R, P}, /* from steps */
        {P, P, P, R, R, R, P}, /* from mirror */
        {R, R, R, P, P, R, R}, /* from matched weights */
        {R, R, R, R, P, R, R}, /* from A/B */
        {R, R, R, R, R, P, R}, /* from another A/B */
        {P, P, P, R, R, R, P}, /* from blue/green */
    };
    for (size_t from = 0; from < COUNT; from++) {
        for (size_t to = 0; to < COUNT; to++) {
            int got = (int)edit_of((const char *[]){"a", "a"}, (const char *[]){"", ""},
                                   (const char *[]){analyses[from], analyses[to]});
            if (got != want[from][to]) {
                fail_msg("from {%s} to {%s}: %d", analyses[from], analyses[to], got);
            }
        }
    }
}

static void test_each_field_of_the_service(void **state)
{
    static const struct {
        const char *service;
        enum edit want;
    } cases[] = {
        {",'name':'b'", EDIT_ROUTING},
        {",'name':'a'", EDIT_PLAIN}, /* what it is called without a name */
        {",'hosts':['b']", EDIT_ROUTING},
        {",'hosts':[]", EDIT_PLAIN},
        {",'gateways':['g']", EDIT_ROUTING},
        {",'delegation':true", EDIT_ROUTING},
        {",'match':[{'uri':{'prefix':'/'}}]", EDIT_ROUTING},
        {",'targetPort':8080", EDIT_ROUTING},
        {",'portDiscovery':true", EDIT_ROUTING},
        {",'appProtocol':'tcp'", EDIT_ROUTING},
        {",'timeout':'1s'", EDIT_PLAIN},
        {",'retries':{'attempts':3}", EDIT_PLAIN},
        {",'headers':{'request':{'add':{'x':'1'}}}", EDIT_PLAIN},
        {",'trafficPolicy':{}", EDIT_PLAIN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(edit_of((const char *[]){"a", "a"}, (const char *[]){"", cases[i].service},
                                 (const char *[]){WEIGHTS, WEIGHTS}),
                         cases[i].want);
    }
    assert_int_equal(edit_of((const char *[]){"a", "b"}, (const char *[]){"", ""}, (const char *[]){WEIGHTS, WEIGHTS}),
                     EDIT_SUBJECT);
}

static void test_the_iterations_that_still_count(void **state)
{
    static const struct {
        const char *before, *after;
        int done, want;
    } cases[] = {
        {AB, BLUE_GREEN, 2, 2}, {AB, WEIGHTS, 2, 0},  {AB, "'iterations':8," OTHERS, 8, 7},
        {AB, AB, 3, 3},         {WEIGHTS, AB, -1, 0}, {BLUE_GREEN, "'iterations':4," INSIDER, 9, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct canary before, after;
        open_canary(&before, "a", "", cases[i].before, cases[i].done);
        open_canary(&after, "a", "", cases[i].after, cases[i].done);
        assert_int_equal(edit_iterations(&before, &after), cases[i].want);
        canary_fini(&before);
        canary_fini(&after);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_analysis_after_each_other),
        cmocka_unit_test(test_each_field_of_the_service),
        cmocka_unit_test(test_the_iterations_that_still_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
