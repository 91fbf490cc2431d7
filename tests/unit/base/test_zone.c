/* Files of time zone data that cannot be right: each is refused as a whole. (tests/fuzz/fuzz_zone.c has any bytes,
 * test_calendar.c what rules say, tests/unit/io/test_tzdata.c real files.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/zone.h"

enum { HEADER = 44, TYPE = 6, VERSION_AT = 4, COUNTS_AT = 20, ROOM = 512 };

/* Two transitions, to the second type and back. */
struct file {
    char version;
    int64_t times[2];
    uint8_t indexes[2];
    int32_t offsets[2]; /* of the types */
    const char *footer;
};

static const struct file sound = {.version = '2',

                                  .times = {1000, 2000},
                                  .indexes = {1, 0},
                                  .offsets = {3600, 7200},
                                  .footer = "\nCET-1\n"};

static size_t put_number(unsigned char *at, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        at[i] = (unsigned char)(value >> 8 * (size - 1 - i));
    }
    return size;
}

static size_t put_header(unsigned char *at, const struct file *file, bool has_data)
{
    memcpy(at, "TZif", 4);
    at[VERSION_AT] = (unsigned char)file->version;
    put_number(at + COUNTS_AT + 12, has_data ? 2 : 0, 4);
    put_number(at + COUNTS_AT + 16, has_data ? 2 : 1, 4);
    return HEADER;
}

static size_t write_file(const struct file *file, unsigned char bytes[static ROOM])
{
    memset(bytes, 0, ROOM);
    size_t at = put_header(bytes, file, false) + TYPE; /* the old half, which nobody reads */
    at += put_header(bytes + at, file, true);
    for (size_t i = 0; i < 2; i++) {
        at += put_number(bytes + at, (uint64_t)file->times[i], 8);
    }
    for (size_t i = 0; i < 2; i++) {
        at += put_number(bytes + at, file->indexes[i], 1);
    }
    for (size_t i = 0; i < 2; i++) {
        put_number(bytes + at, (uint32_t)file->offsets[i], 4);
        at += TYPE;
    }
    memcpy(bytes + at, file->footer, strlen(file->footer));
    return at + strlen(file->footer);
}

static struct zone *parse(const unsigned char *bytes, size_t len)
{
    struct err err = {0};
    struct zone *zone = zone_parse(bytes, len, &err);
    assert_string_equal(err.text, zone != NULL ? "" : "it is no file of time zone data (TZif of version 2 or newer)");
    return zone;
}

static void test_a_sound_file_is_read(void **state)
{
    unsigned char bytes[ROOM];
    struct zone *zone = parse(bytes, write_file(&sound, bytes));
    assert_non_null(zone);
    assert_int_equal(zone_offset_s(zone, 999), 3600);
    assert_int_equal(zone_offset_s(zone, 1000), 7200);
    assert_int_equal(zone_offset_s(zone, 2000), 3600);
    zone_free(zone);
}

static void test_a_file_that_ends_early_is_refused(void **state)
{
    unsigned char bytes[ROOM];
    size_t len = write_file(&sound, bytes);
    for (size_t shorter = 0; shorter < len; shorter++) {
        assert_null(parse(bytes, shorter));
    }
}

static void test_what_cannot_be_right_is_refused(void **state)
{
    static const struct file files[] = {
        {'\0', {1000, 2000}, {1, 0}, {3600, 7200}, "\nCET-1\n"},    /* version 1 */
        {'2', {1000, 1000}, {1, 0}, {3600, 7200}, "\nCET-1\n"},     /* times that do not rise */
        {'2', {1000, 2000}, {1, 2}, {3600, 7200}, "\nCET-1\n"},     /* an index of no type */
        {'2', {1000, 2000}, {1, 0}, {3600, 93601}, "\nCET-1\n"},    /* more than 26 hours */
        {'2', {1000, 2000}, {1, 0}, {3600, -93601}, "\nCET-1\n"},   /* less than -26 hours */
        {'2', {1000, 2000}, {1, 0}, {3600, 7200}, "CET-1\n"},       /* no line of its own */
        {'2', {1000, 2000}, {1, 0}, {3600, 7200}, "\nCE-1\n"},      /* a name of two letters */
        {'2', {1000, 2000}, {1, 0}, {3600, 7200}, "\nCET\n"},       /* no offset */
        {'2', {1000, 2000}, {1, 0}, {3600, 7200}, "\nCET-25\n"},    /* too many hours */
        {'2', {1000, 2000}, {1, 0}, {3600, 7200}, "\nCET-1CEST\n"}, /* a summer that never begins */
        {'2', {1000, 2000}, {1, 0}, {3600, 7200}, "\nCET-1CEST,M3.5.0\n"},
        {'2', {1000, 2000}, {1, 0}, {3600, 7200}, "\nCET-1CEST,M13.5.0,M10.5.0\n"},
        {'2', {1000, 2000}, {1, 0}, {3600, 7200}, "\nCET-1CEST,M3.0.0,M10.5.0\n"},
        {'2', {1000, 2000}, {1, 0}, {3600, 7200}, "\nCET-1CEST,M3.5.7,M10.5.0\n"},
        {'2', {1000, 2000}, {1, 0}, {3600, 7200}, "\nCET-1CEST,J0,J300\n"},
        {'2', {1000, 2000}, {1, 0}, {3600, 7200}, "\nCET-1CEST,M3.5.0,M10.5.0/168\n"},
        {'2', {1000, 2000}, {1, 0}, {3600, 7200}, "\nCET-1CEST,M3.5.0,M10.5.0,\n"}, /* more than a rule */
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        unsigned char bytes[ROOM];
        struct zone *zone = parse(bytes, write_file(&files[i], bytes));
        if (zone != NULL) {
            fail_msg("%zu is taken: %s", i, files[i].footer);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_sound_file_is_read),
        cmocka_unit_test(test_a_file_that_ends_early_is_refused),
        cmocka_unit_test(test_what_cannot_be_right_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
