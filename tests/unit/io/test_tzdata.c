/* Time zones of the system: what is read of them against what the C library shows, and names that lead nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "io/tzdata.h"

/* Every seven hours of many years, so that changes of clocks lie between two looks at any hour. */
static void test_zones_show_what_the_c_library_shows(void **state)
{
    static const char *const names[] = {"Europe/Berlin",     "America/New_York",  "Australia/Lord_Howe",
                                        "Africa/Casablanca", "Asia/Kathmandu",    "America/Nuuk",
                                        "Pacific/Apia",      "America/Sao_Paulo", "UTC"};
    enum { STEP_S = 7 * 3600 };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct err err = {0};
        struct zone *zone = tzdata_zone(names[i], &err);
        if (zone == NULL) {
            fail_msg("%s", err.text);
        }
        setenv("TZ", names[i], 1);
        tzset();
        for (time_t at = 0; at < 2500000000; at += STEP_S) { /* from 1970 to 2049 */
            struct tm local;
            localtime_r(&at, &local);
            if (zone_offset_s(zone, at) != local.tm_gmtoff) {
                fail_msg("%s at %lld: %d, the C library shows %ld", names[i], (long long)at, zone_offset_s(zone, at),
                         local.tm_gmtoff);
            }
        }
        zone_free(zone);
    }
    unsetenv("TZ");
}

static void test_names_lead_into_the_database_alone(void **state)
{
    static const char *const cases[][2] = {
        {"Europe/Berln", "there is no time zone \"Europe/Berln\" in /usr/share/zoneinfo"},
        {"Europe", "there is no time zone \"Europe\" in /usr/share/zoneinfo"},
        {"../../../etc/passwd", "\"../../../etc/passwd\" is not the name of a time zone, such as Europe/Berlin"},
        {"/etc/localtime", "\"/etc/localtime\" is not the name of a time zone, such as Europe/Berlin"},
        {"", "\"\" is not the name of a time zone, such as Europe/Berlin"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = {0};
        assert_null(tzdata_zone(cases[i][0], &err));
        assert_string_equal(err.text, cases[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zones_show_what_the_c_library_shows),
        cmocka_unit_test(test_names_lead_into_the_database_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
