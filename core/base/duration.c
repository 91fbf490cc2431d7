#include "base/duration.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const uint64_t SECOND_NS = 1000000000u;
static const uint64_t NS_MAX = (uint64_t)1 << 63; /* the magnitude of INT64_MIN */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static uint64_t unit_ns(const char *unit, size_t len)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {
        {"ns", 1},           {"us", 1000},      {"\xC2\xB5s", 1000}, /* U+00B5, the micro sign */
        {"\xCE\xBCs", 1000},                                         /* U+03BC, the Greek letter */
        {"ms", 1000000},     {"s", 1000000000}, {"m", 60000000000},  {"h", 3600000000000},
    };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strlen(units[i].name) == len && memcmp(units[i].name, unit, len) == 0) {
            return units[i].ns;
        }
    }
    return 0;
}

struct amount {
    uint64_t whole;
    uint64_t fraction; /* its digits as a number, */
    double scale;      /* and what they stand over */
    bool digits;       /* at least one was there */
};

static bool read_whole(const char **s, struct amount *a)
{
    for (; is_digit(**s); (*s)++) {
        a->digits = true;
        if (a->whole > NS_MAX / 10) {
            return false;
        }
        a->whole = a->whole * 10 + (uint64_t)(**s - '0');
        if (a->whole > NS_MAX) {
            return false;
        }
    }
    return true;
}

/* Digits that no longer fit are skipped: they are below a nanosecond. */
static void read_fraction(const char **s, struct amount *a)
{
    bool full = false;
    for (; is_digit(**s); (*s)++) {
        a->digits = true;
        full = full || a->fraction > (NS_MAX - 10) / 10;
        if (full) {
            continue;
        }
        a->fraction = a->fraction * 10 + (uint64_t)(**s - '0');
        a->scale *= 10;
    }
}

enum part { PART_OK, PART_INVALID, PART_NO_UNIT, PART_UNKNOWN_UNIT };

static enum part read_part(const char **s, uint64_t *sum, const char **unit, size_t *unit_len)
{
    struct amount a = {.scale = 1};
    if (!read_whole(s, &a)) {
        return PART_INVALID;
    }
    if (**s == '.') {
        (*s)++;
        read_fraction(s, &a);
    }
    if (!a.digits) {
        return PART_INVALID;
    }
    *unit = *s;
    while (**s && **s != '.' && !is_digit(**s)) {
        (*s)++;
    }
    *unit_len = (size_t)(*s - *unit);
    if (*unit_len == 0) {
        return PART_NO_UNIT;
    }
    uint64_t ns = unit_ns(*unit, *unit_len);
    if (ns == 0) {
        return PART_UNKNOWN_UNIT;
    }
    if (a.whole > NS_MAX / ns) {
        return PART_INVALID;
    }
    *sum += a.whole * ns + (uint64_t)((double)a.fraction * ((double)ns / a.scale));
    return *sum > NS_MAX ? PART_INVALID : PART_OK;
}

static bool refuse(enum part part, const char *whole, const char *unit, size_t unit_len, struct err *err)
{
    /* The wording is Go's: Flagger passes it on to the person. */
    if (part == PART_NO_UNIT) {
        return err_set(err, ERR_INVALID, "time: missing unit in duration \"%.200s\"", whole);
    }
    if (part == PART_UNKNOWN_UNIT) {
        return err_set(err, ERR_INVALID, "time: unknown unit \"%.*s\" in duration \"%.200s\"",
                       (int)(unit_len < 100 ? unit_len : 100), unit, whole);
    }
    return err_set(err, ERR_INVALID, "time: invalid duration \"%.200s\"", whole);
}

bool duration_parse(const char *s, int64_t *ns, struct err *err)
{
    const char *whole = s != NULL ? s : "";
    const char *at = whole;
    bool negative = *at == '-';
    if (*at == '-' || *at == '+') {
        at++;
    }
    *ns = 0;
    if (strcmp(at, "0") == 0) {
        return true;
    }
    if (*at == '\0') {
        return refuse(PART_INVALID, whole, NULL, 0, err);
    }
    uint64_t sum = 0;
    while (*at) {
        const char *unit = NULL;
        size_t unit_len = 0;
        enum part part = read_part(&at, &sum, &unit, &unit_len);
        if (part != PART_OK) {
            return refuse(part, whole, unit, unit_len, err);
        }
    }
    if (!negative && sum > INT64_MAX) {
        return refuse(PART_INVALID, whole, NULL, 0, err);
    }
    *ns = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}

/* value/unit with the fraction's trailing zeros dropped; `digits` is how many the fraction has. */
static int write_fraction(char *out, size_t size, uint64_t value, uint64_t unit, int digits, const char *name)
{
    uint64_t fraction = value % unit;
    while (digits > 0 && fraction % 10 == 0) {
        fraction /= 10;
        digits--;
    }
    unsigned long long whole = value / unit;
    if (digits == 0) {
        return snprintf(out, size, "%llu%s", whole, name);
    }
    return snprintf(out, size, "%llu.%0*llu%s", whole, digits, (unsigned long long)fraction, name);
}

void duration_write(int64_t ns, char out[static 32])
{
    uint64_t u = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    size_t at = 0;
    if (ns < 0) {
        out[at++] = '-';
    }
    if (u == 0) {
        snprintf(out, 32, "0s");
    } else if (u < 1000) {
        snprintf(out + at, 32 - at, "%uns", (unsigned)u);
    } else if (u < 1000000) {
        write_fraction(out + at, 32 - at, u, 1000, 3, "\xC2\xB5s");
    } else if (u < SECOND_NS) {
        write_fraction(out + at, 32 - at, u, 1000000, 6, "ms");
    } else {
        uint64_t hours = u / (3600 * SECOND_NS);
        uint64_t minutes = u / (60 * SECOND_NS) % 60;
        if (hours) {
            at += (size_t)snprintf(out + at, 32 - at, "%lluh", (unsigned long long)hours);
        }
        if (hours || minutes) {
            at += (size_t)snprintf(out + at, 32 - at, "%um", (unsigned)minutes);
        }
        write_fraction(out + at, 32 - at, u % (60 * SECOND_NS), SECOND_NS, 9, "s");
    }
}

/* Seconds rounded down, so that times before the epoch keep a fraction in 0..999. */
static struct tm split_time(int64_t wall_ms, int *fraction_ms)
{
    int64_t seconds = wall_ms / 1000;
    *fraction_ms = (int)(wall_ms % 1000);
    if (*fraction_ms < 0) {
        *fraction_ms += 1000;
        seconds--;
    }
    time_t t = (time_t)seconds;
    struct tm tm = {0};
    gmtime_r(&t, &tm);
    return tm;
}

static char *put_number(char *at, int value, int digits)
{
    for (int i = digits; i-- > 0; value /= 10) {
        at[i] = (char)('0' + value % 10);
    }
    return at + digits;
}

static char *put_char(char *at, char c)
{
    *at = c;
    return at + 1;
}

/* Written some thousand times a second in an embedded cluster, and so without printf. */
static char *write_seconds(const struct tm *tm, char *at)
{
    at = put_char(put_number(at, ((tm->tm_year + 1900) % 10000 + 10000) % 10000, 4), '-');
    at = put_char(put_number(at, tm->tm_mon + 1, 2), '-');
    at = put_char(put_number(at, tm->tm_mday, 2), 'T');
    at = put_char(put_number(at, tm->tm_hour, 2), ':');
    at = put_char(put_number(at, tm->tm_min, 2), ':');
    return put_number(at, tm->tm_sec, 2);
}

static void write_time(int64_t wall_ms, bool has_milli, const char *after, char out[static 32])
{
    int ms;
    struct tm tm = split_time(wall_ms, &ms);
    char *at = write_seconds(&tm, out);
    if (has_milli) {
        at = put_number(put_char(at, '.'), ms, 3);
    }
    memcpy(at, after, strlen(after) + 1);
}

void time_write(int64_t wall_ms, char out[static 32])
{
    write_time(wall_ms, false, "Z", out);
}

void time_write_milli(int64_t wall_ms, char out[static 32])
{
    write_time(wall_ms, true, "Z", out);
}

void time_write_micro(int64_t wall_ms, char out[static 32])
{
    write_time(wall_ms, true, "000Z", out);
}

/* Exactly `count` digits, then `after` (0: anything). */
static bool read_number(const char **s, int count, char after, int *out)
{
    *out = 0;
    for (int i = 0; i < count; i++, (*s)++) {
        if (!is_digit(**s)) {
            return false;
        }
        *out = *out * 10 + (**s - '0');
    }
    if (after == '\0') {
        return true;
    }
    return *(*s)++ == after;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

static int read_milliseconds(const char **s)
{
    int ms = 0;
    int scale = 100;
    for (; is_digit(**s); (*s)++, scale /= 10) {
        ms += (**s - '0') * scale;
    }
    return ms;
}

static bool read_offset(const char **s, int *offset_s)
{
    *offset_s = 0;
    char sign = **s;
    if (sign == 'Z') {
        (*s)++;
        return true;
    }
    int hours, minutes;
    if (sign != '+' && sign != '-') {
        return false;
    }
    (*s)++;
    if (!read_number(s, 2, ':', &hours) || !read_number(s, 2, 0, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    *offset_s = (hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
    return true;
}

static bool read_time(const char *s, int64_t *wall_ms)
{
    int year, month, day, hour, minute, second, offset_s, ms = 0;
    if (!read_number(&s, 4, '-', &year) || !read_number(&s, 2, '-', &month) || !read_number(&s, 2, 'T', &day) ||
        !read_number(&s, 2, ':', &hour) || !read_number(&s, 2, ':', &minute) || !read_number(&s, 2, 0, &second)) {
        return false;
    }
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) || hour > 23 || minute > 59 ||
        second > 59) {
        return false;
    }
    if (*s == '.') {
        s++;
        if (!is_digit(*s)) {
            return false;
        }
        ms = read_milliseconds(&s);
    }
    if (!read_offset(&s, &offset_s) || *s) {
        return false;
    }
    struct tm tm = {.tm_year = year - 1900,
                    .tm_mon = month - 1,
                    .tm_mday = day,
                    .tm_hour = hour,
                    .tm_min = minute,
                    .tm_sec = second};
    *wall_ms = ((int64_t)timegm(&tm) - offset_s) * 1000 + ms;
    return true;
}

bool time_parse(const char *s, int64_t *wall_ms, struct err *err)
{
    *wall_ms = 0;
    if (s != NULL && read_time(s, wall_ms)) {
        return true;
    }
    return err_set(err, ERR_INVALID, "time \"%.100s\": want RFC 3339, as in 2026-03-11T08:15:07Z", s != NULL ? s : "");
}
