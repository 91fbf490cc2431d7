/* Hours of the week in a time zone: over both changes of clocks, a year's end, and midnight. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/calendar.h"
#include "base/duration.h"

/* A file without transitions: the rule alone counts. */
static struct zone *zone_of(const char *rule)
{
    enum { HEADER = 44, TYPE = 6 };
    char bytes[2 * (HEADER + TYPE) + 128] = {0};
    size_t at = 0;
    for (int i = 0; i < 2; i++) {
        memcpy(bytes + at, "TZif2", 5);
        bytes[at + 39] = 1; /* one type */
        at += HEADER + TYPE;
    }
    bytes[at++] = '\n';
    memcpy(bytes + at, rule, strlen(rule));
    at += strlen(rule);
    bytes[at++] = '\n';
    struct err err = {0};
    struct zone *zone = zone_parse(bytes, at, &err);
    if (zone == NULL) {
        fail_msg("%s: %s", rule, err.text);
    }
    return zone;
}

static int64_t seconds(const char *time)
{
    int64_t ms;
    struct err err;
    assert_true(time_parse(time, &ms, &err));
    return ms / 1000;
}

static const char BERLIN[] = "CET-1CEST,M3.5.0,M10.5.0/3";

static void test_rules_say_what_local_clocks_show(void **state)
{
    static const struct {
        const char *rule, *time;
        int32_t offset_s;
    } cases[] = {
        {BERLIN, "2026-03-29T00:59:59Z", 3600},
        {BERLIN, "2026-03-29T01:00:00Z", 7200},
        {BERLIN, "2026-10-25T00:59:59Z", 7200},
        {BERLIN, "2026-10-25T01:00:00Z", 3600},
        {"UTC0", "2026-07-01T00:00:00Z", 0},
        {"<+0545>-5:45", "2026-07-01T00:00:00Z", 20700},
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-12-31T23:00:00Z", 39600}, /* summer over a year's end */
        {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2026-07-01T00:00:00Z", 36000},
        {"EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00Z", -14400},
        {"EST5EDT,M3.2.0,M11.1.0", "2026-03-08T06:59:59Z", -18000},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -3600},
        {"AAA0BBB,J60/0,J300/0", "2028-03-01T00:00:00Z", 3600},
        {"AAA0BBB,J60/0,J300/0", "2028-02-29T23:59:59Z", 0},
        {"AAA0BBB,59/0,300/0", "2028-02-29T00:00:00Z", 3600},
        {"EST5EDT,0/0,J365/25", "2026-12-31T23:59:59Z", -14400}, /* all the year round */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct zone *zone = zone_of(cases[i].rule);
        int32_t offset_s = zone_offset_s(zone, seconds(cases[i].time));
        if (offset_s != cases[i].offset_s) {
            fail_msg("%s at %s: %d", cases[i].rule, cases[i].time, offset_s);
        }
        zone_free(zone);
    }
}

static const struct calendar_days CHRISTMAS[] = {{20261224, 20270106}};

static void test_hours_begin_when_local_clocks_show_them(void **state)
{
    enum { WORKDAYS = 0x1f, ALL = 0x7f, SUNDAY = 0x40, FRIDAY = 0x10 };
    static const struct {
        struct calendar calendar;
        const char *now, *at;
    } cases[] = {
        /* within them, before them, and over a weekend */
        {{.weekdays = WORKDAYS, .from_min = 480, .to_min = 960}, "2026-03-11T08:15:07Z", "2026-03-11T08:15:07Z"},
        {{.weekdays = WORKDAYS, .from_min = 480, .to_min = 960}, "2026-03-11T06:59:59Z", "2026-03-11T07:00:00Z"},
        {{.weekdays = WORKDAYS, .from_min = 480, .to_min = 960}, "2026-03-13T15:00:00Z", "2026-03-16T07:00:00Z"},
        /* clocks are put forward on Sunday 29 March: Monday's eight o'clock is an hour earlier by UTC */
        {{.weekdays = WORKDAYS, .from_min = 480, .to_min = 960}, "2026-03-27T15:00:00Z", "2026-03-30T06:00:00Z"},
        /* half past two does not come on that day: it begins as clocks go on */
        {{.weekdays = SUNDAY, .from_min = 150, .to_min = 240}, "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"},
        /* and back on Sunday 25 October: half past two comes twice, the first one counts */
        {{.weekdays = SUNDAY, .from_min = 150, .to_min = 240}, "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z"},
        {{.weekdays = WORKDAYS, .from_min = 480, .to_min = 960}, "2026-10-23T14:00:00Z", "2026-10-26T07:00:00Z"},
        /* over a year's end, and days that are left out over it */
        {{.weekdays = WORKDAYS, .from_min = 480, .to_min = 960}, "2026-12-31T15:00:00Z", "2027-01-01T07:00:00Z"},
        {{.weekdays = WORKDAYS, .from_min = 480, .to_min = 960, .except = CHRISTMAS, .except_count = 1},
         "2026-12-23T15:00:00Z",
         "2027-01-07T07:00:00Z"},
        /* over midnight: the night belongs to the day on which it begins */
        {{.weekdays = FRIDAY, .from_min = 1320, .to_min = 240}, "2026-03-14T02:59:59Z", "2026-03-14T02:59:59Z"},
        {{.weekdays = FRIDAY, .from_min = 1320, .to_min = 240}, "2026-03-14T03:00:00Z", "2026-03-20T21:00:00Z"},
        {{.weekdays = FRIDAY, .from_min = 1320, .to_min = 240}, "2026-03-13T02:00:00Z", "2026-03-13T21:00:00Z"},
        {{.weekdays = FRIDAY, .from_min = 1320, .to_min = 240}, "2026-12-31T22:00:00Z", "2027-01-01T21:00:00Z"},
        {{.weekdays = ALL, .from_min = 0, .to_min = 1440}, "2026-03-29T01:30:00Z", "2026-03-29T01:30:00Z"},
    };
    struct zone *zone = zone_of(BERLIN);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct calendar calendar = cases[i].calendar;
        int64_t at_s;
        calendar.zone = zone;
        assert_true(calendar_next(&calendar, seconds(cases[i].now), &at_s));
        char text[32];
        time_write(at_s * 1000, text);
        if (strcmp(text, cases[i].at) != 0) {
            fail_msg("%zu: from %s on: %s, wanted %s", i, cases[i].now, text, cases[i].at);
        }
    }
    zone_free(zone);
}

static void test_hours_that_never_come_are_told(void **state)
{
    static const struct calendar_days always[] = {{20200101, 20991231}};
    struct zone *zone = zone_of(BERLIN);
    struct calendar calendar = {
        .zone = zone, .weekdays = 1, .from_min = 0, .to_min = 60, .except = always, .except_count = 1};
    int64_t at_s;
    assert_false(calendar_next(&calendar, seconds("2026-03-11T08:15:07Z"), &at_s));
    zone_free(zone);
}

static void test_dates_are_counted(void **state)
{
    for (int64_t days = -200000; days < 200000; days += 13) {
        int64_t year;
        int month, day;
        zone_date(days, &year, &month, &day);
        assert_int_equal(zone_days(year, month, day), days);
    }
    static const int64_t moments[] = {-86401, -86400, -1, 0, 86399, 86400};
    static const int days[] = {-2, -1, -1, 0, 0, 1}, weekdays[] = {1, 2, 2, 3, 3, 4};
    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        assert_int_equal(zone_day(moments[i]), days[i]);
        assert_int_equal(zone_weekday(days[i]), weekdays[i]);
    }
    assert_int_equal(zone_weekday(zone_days(2026, 3, 11)), 2);
    assert_int_equal(zone_days(1970, 1, 1), 0);
    assert_int_equal(zone_days(2026, 3, 11), 20523);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules_say_what_local_clocks_show),
        cmocka_unit_test(test_hours_begin_when_local_clocks_show_them),
        cmocka_unit_test(test_hours_that_never_come_are_told),
        cmocka_unit_test(test_dates_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
