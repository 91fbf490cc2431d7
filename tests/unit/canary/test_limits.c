/* What scripts may use: what a Strategy asks for, what the flags allow, what a Release has on record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "canary/limits.h"
#include "fake_doc.h"

static struct limits read_asked(const char *json, const char *wanted)
{
    struct limits most = limits_default();
    struct doc *doc = fake_doc(json);
    struct str_list reasons = {0};
    struct limits limits = limits_read(doc_root(doc), &most, &reasons);
    char *told = str_list_join(&reasons, "; ");
    assert_string_equal(told, wanted);
    mem_free(told);
    str_list_fini(&reasons);
    doc_free(doc);
    return limits;
}

static void test_the_defaults(void **state)
{
    struct limits limits = limits_default();
    assert_int_equal(limits.of[LIMIT_MEMORY], 8 * 1024 * 1024);
    assert_int_equal(limits.of[LIMIT_STEP_TIME], 50);
    assert_int_equal(limits.of[LIMIT_TIME_PER_MINUTE], 2000);
    assert_int_equal(limits.of[LIMIT_QUERIES], 600);
    assert_int_equal(limits.of[LIMIT_MESSAGES], 60);
    assert_int_equal(limits.of[LIMIT_LOG_LINES], 60);
}

static void test_less_may_be_asked_for(void **state)
{
    struct limits limits = read_asked("{'memory':'4Mi','stepTime':'20ms','queriesPerMinute':30}", "");
    assert_int_equal(limits.of[LIMIT_MEMORY], 4 * 1024 * 1024);
    assert_int_equal(limits.of[LIMIT_STEP_TIME], 20);
    assert_int_equal(limits.of[LIMIT_QUERIES], 30);
    assert_int_equal(limits.of[LIMIT_MESSAGES], 0);
    limits = read_asked("{'memory':'1048576','timePerMinute':'1.5s','logLinesPerMinute':60}", "");
    assert_int_equal(limits.of[LIMIT_MEMORY], 1024 * 1024);
    assert_int_equal(limits.of[LIMIT_TIME_PER_MINUTE], 1500);
    limits = read_asked("null", "");
    limits_lower(&limits, &(struct limits){.of = {[LIMIT_QUERIES] = 5}});
    limits_lower(&limits, &(struct limits){.of = {[LIMIT_QUERIES] = 7}});
    assert_int_equal(limits.of[LIMIT_QUERIES], 5);
}

static void test_more_is_refused_with_the_flag(void **state)
{
    read_asked("{'memory':'16Mi'}",
               "spec.limits.memory: \"16Mi\" is more than 8Mi, the most that the engine's flag -script-memory allows");
    read_asked("{'timePerMinute':'1m','queriesPerMinute':601}",
               "spec.limits.timePerMinute: \"1m\" is more than 2s, the most that the engine's flag "
               "-script-time-per-minute allows; spec.limits.queriesPerMinute: 601 is more than 600, the most that the "
               "engine's flag -script-queries-per-minute allows");
}

static void test_what_is_no_limit(void **state)
{
    static const char *const cases[][2] = {
        {"{'memory':'lots'}", "spec.limits.memory: a size like 4Mi, from 1Mi to 256Mi is wanted, got \"lots\""},
        {"{'memory':4194304}", "spec.limits.memory: a size like 4Mi, from 1Mi to 256Mi is wanted, got 4194304"},
        {"{'memory':'-4Mi'}", "spec.limits.memory: a size like 4Mi, from 1Mi to 256Mi is wanted, got \"-4Mi\""},
        {"{'memory':'64Ki'}", "spec.limits.memory: a size like 4Mi, from 1Mi to 256Mi is wanted, got \"64Ki\""},
        {"{'memory':'9999999999999999999Mi'}",
         "spec.limits.memory: a size like 4Mi, from 1Mi to 256Mi is wanted, got \"9999999999999999999Mi\""},
        {"{'stepTime':'1ms'}", "spec.limits.stepTime: a duration like 20ms, from 5ms to 1s is wanted, got \"1ms\""},
        {"{'stepTime':'-20ms'}", "spec.limits.stepTime: a duration like 20ms, from 5ms to 1s is wanted, got \"-20ms\""},
        {"{'queriesPerMinute':0}", "spec.limits.queriesPerMinute: a whole number, from 1 to 100000 is wanted, got 0"},
        {"{'queriesPerMinute':'5'}",
         "spec.limits.queriesPerMinute: a whole number, from 1 to 100000 is wanted, got \"5\""},
        {"{'cpu':1}", "spec.limits: there is no limit \"cpu\", known are memory, stepTime, timePerMinute, "
                      "queriesPerMinute, messagesPerMinute, logLinesPerMinute"},
        {"[]", "spec.limits: an object is wanted"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct limits limits = read_asked(cases[i][0], cases[i][1]);
        for (enum limit limit = 0; limit < LIMIT_COUNT; limit++) {
            assert_int_equal(limits.of[limit], 0);
        }
    }
}

static void test_a_record_reads_as_it_was_written(void **state)
{
    struct limits limits = limits_default();
    limits.of[LIMIT_STEP_TIME] = 17;
    limits.of[LIMIT_MEMORY] = 2 * 1024 * 1024 + 1;
    limits.of[LIMIT_LOG_LINES] = 0;
    struct doc *doc = doc_new();
    doc_set_root(doc, limits_write(&limits, doc));
    fake_doc_expect(doc_root(doc), "{'memory':'2097153','stepTime':'17ms','timePerMinute':'2s','queriesPerMinute':600,"
                                   "'messagesPerMinute':60}");
    struct limits again = limits_of_record(doc_root(doc));
    assert_memory_equal(&again, &limits, sizeof limits);
    doc_free(doc);
}

/* Somebody may have written it by hand: what is none is not said. */
static void test_a_record_that_is_none(void **state)
{
    static const char *const records[] = {"null", "[]", "{'memory':'900Gi','stepTime':5,'queriesPerMinute':-1}"};
    const struct limits none = {0};
    for (size_t i = 0; i < sizeof records / sizeof records[0]; i++) {
        struct doc *doc = fake_doc(records[i]);
        struct limits limits = limits_of_record(doc_root(doc));
        assert_memory_equal(&limits, &none, sizeof limits);
        doc_free(doc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_defaults),
        cmocka_unit_test(test_less_may_be_asked_for),
        cmocka_unit_test(test_more_is_refused_with_the_flag),
        cmocka_unit_test(test_what_is_no_limit),
        cmocka_unit_test(test_a_record_reads_as_it_was_written),
        cmocka_unit_test(test_a_record_that_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
