#include "base/zone.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

enum {
    HEADER_SIZE = 44,
    COUNT_MAX = 20000,
    TYPES_MAX = 256,
    TYPE_SIZE = 6,
    DAY_S = 86400,
    OFFSET_MAX_S = 26 * 3600 /* RFC 9636 */
};

/* When one half of the year begins: "M3.5.0/2", "J60", "59". */
struct moment {
    char form;            /* 'M', 'J' or 'n' */
    int month, week, day; /* J and n: the day alone */
    int32_t time_s;       /* of the day, by the clocks before it */
};

struct zone {
    size_t count;
    int64_t *times;
    int32_t *offsets;
    int32_t first_s; /* before the first transition */
    bool has_rule, has_summer;
    int32_t winter_s, summer_s;
    struct moment begins, ends; /* of summer */
};

/* --- dates --- */

/* Years that begin in March have the leap day at their end. */
int64_t zone_days(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void zone_date(int64_t days, int64_t *year, int *month, int *day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097, of_era = z - era * 146097;
    int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
    int64_t from_march = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * from_march + 2) / 5 + 1);
    *month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
    *year = years + era * 400 + (*month <= 2);
}

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int64_t zone_day(int64_t seconds)
{
    return seconds / DAY_S - (seconds % DAY_S < 0);
}

int zone_weekday(int64_t days)
{
    enum { THURSDAY = 3 }; /* 1970-01-01 */
    return (int)(((days + THURSDAY) % 7 + 7) % 7);
}

/* --- the rule --- */

static bool read_int(const char **s, int max, int *out)
{
    *out = 0;
    const char *begin = *s;
    for (; **s >= '0' && **s <= '9'; (*s)++) {
        *out = *out * 10 + (**s - '0');
        if (*out > max) {
            return false;
        }
    }
    return *s != begin;
}

/* [+-]hh[:mm[:ss]] */
static bool read_time(const char **s, int hours_max, int32_t *out)
{
    bool negative = **s == '-';
    if (**s == '-' || **s == '+') {
        (*s)++;
    }
    int parts[3] = {0, 0, 0};
    if (!read_int(s, hours_max, &parts[0])) {
        return false;
    }
    for (int i = 1; i < 3 && **s == ':'; i++) {
        (*s)++;
        if (!read_int(s, 59, &parts[i])) {
            return false;
        }
    }
    int32_t seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
    *out = negative ? -seconds : seconds;
    return true;
}

/* "CET", "<+03>" */
static bool skip_name(const char **s)
{
    const char *begin = *s;
    if (**s == '<') {
        const char *end = strchr(*s, '>');
        *s = end != NULL ? end + 1 : *s;
        return end != NULL && end - begin > 3;
    }
    while ((**s >= 'A' && **s <= 'Z') || (**s >= 'a' && **s <= 'z')) {
        (*s)++;
    }
    return *s - begin >= 3;
}

static bool read_point(const char **s, char c)
{
    return *(*s)++ == c;
}

static bool read_moment(const char **s, struct moment *m)
{
    *m = (struct moment){.form = **s == 'M' || **s == 'J' ? **s : 'n', .time_s = 2 * 3600};
    *s += m->form != 'n';
    bool ok = m->form == 'M'
                  ? read_int(s, 12, &m->month) && m->month > 0 && read_point(s, '.') && read_int(s, 5, &m->week) &&
                        m->week > 0 && read_point(s, '.') && read_int(s, 6, &m->day)
                  : read_int(s, 365, &m->day) && (m->form == 'n' || m->day > 0);
    if (ok && **s == '/') {
        (*s)++;
        ok = read_time(s, 167, &m->time_s);
    }
    return ok;
}

/* A rule has the time to add to local clocks, so its sign is the other one. */
static bool read_offset(const char **s, int32_t *offset_s)
{
    int32_t west_s;
    if (!read_time(s, 24, &west_s)) {
        return false;
    }
    *offset_s = -west_s;
    return true;
}

static bool read_rule(struct zone *zone, const char *s)
{
    if (*s == '\0') {
        return true; /* nothing is known of later times but the last transition */
    }
    if (!skip_name(&s) || !read_offset(&s, &zone->winter_s)) {
        return false;
    }
    zone->has_rule = true;
    if (*s == '\0') {
        return true;
    }
    zone->has_summer = true;
    zone->summer_s = zone->winter_s + 3600;
    if (!skip_name(&s) || (*s != ',' && !read_offset(&s, &zone->summer_s))) {
        return false;
    }
    return read_point(&s, ',') && read_moment(&s, &zone->begins) && read_point(&s, ',') &&
           read_moment(&s, &zone->ends) && *s == '\0';
}

static int64_t day_of(const struct moment *m, int64_t year)
{
    if (m->form == 'n') {
        return zone_days(year, 1, 1) + m->day;
    } else if (m->form == 'J') { /* 29 February is not counted */
        return zone_days(year, 1, 1) + m->day - 1 + (is_leap(year) && m->day >= 60);
    }
    int64_t first = zone_days(year, m->month, 1);
    int since_sunday = (zone_weekday(first) + 1) % 7;
    int64_t day = first + (m->day - since_sunday + 7) % 7 + (int64_t)(m->week - 1) * 7;
    int64_t next = m->month == 12 ? zone_days(year + 1, 1, 1) : zone_days(year, m->month + 1, 1);
    return day < next ? day : day - 7;
}

static int32_t offset_by_rule(const struct zone *zone, int64_t unix_s)
{
    if (!zone->has_summer) {
        return zone->winter_s;
    }
    int64_t year;
    int month, day;
    zone_date(zone_day(unix_s + zone->winter_s), &year, &month, &day);
    int64_t begins = day_of(&zone->begins, year) * DAY_S + zone->begins.time_s - zone->winter_s;
    int64_t ends = day_of(&zone->ends, year) * DAY_S + zone->ends.time_s - zone->summer_s;
    bool summer = begins < ends ? unix_s >= begins && unix_s < ends : !(unix_s >= ends && unix_s < begins);
    return summer ? zone->summer_s : zone->winter_s;
}

/* --- the file --- */

static uint32_t read_u32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t read_i64(const unsigned char *at)
{
    return (int64_t)((uint64_t)read_u32(at) << 32 | read_u32(at + 4));
}

struct header {
    size_t utc, standard, leap, times, types, chars;
};

static bool read_header(const unsigned char *at, size_t len, struct header *h)
{
    if (len < HEADER_SIZE || memcmp(at, "TZif", 4) != 0 || at[4] < '2') {
        return false;
    }
    size_t *const counts[] = {&h->utc, &h->standard, &h->leap, &h->times, &h->types, &h->chars};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        *counts[i] = read_u32(at + 20 + 4 * i);
        if (*counts[i] > COUNT_MAX) {
            return false;
        }
    }
    return h->types > 0 && h->types <= TYPES_MAX;
}

/* Of what follows a header. */
static size_t data_size(const struct header *h, size_t time_size)
{
    return h->times * (time_size + 1) + h->types * TYPE_SIZE + h->chars + h->leap * (time_size + 4) + h->standard +
           h->utc;
}

static bool read_transitions(struct zone *zone, const unsigned char *at, const struct header *h)
{
    const unsigned char *indexes = at + h->times * 8, *types = indexes + h->times;
    int32_t of_type[TYPES_MAX];
    for (size_t i = 0; i < h->types; i++) {
        of_type[i] = (int32_t)read_u32(types + i * TYPE_SIZE);
        if (of_type[i] > OFFSET_MAX_S || of_type[i] < -OFFSET_MAX_S) {
            return false;
        }
    }
    zone->first_s = of_type[0];
    zone->count = h->times;
    zone->times = mem_alloc_array(h->times, sizeof *zone->times);
    zone->offsets = mem_alloc_array(h->times, sizeof *zone->offsets);
    for (size_t i = 0; i < h->times; i++) {
        zone->times[i] = read_i64(at + i * 8);
        if (indexes[i] >= h->types || (i > 0 && zone->times[i] <= zone->times[i - 1])) {
            return false;
        }
        zone->offsets[i] = of_type[indexes[i]];
    }
    return true;
}

/* The rule stands in a line of its own at the end. */
static bool read_footer(struct zone *zone, const char *at, size_t len)
{
    char rule[128];
    const char *end = len > 1 && at[0] == '\n' ? memchr(at + 1, '\n', len - 1) : NULL;
    size_t size = end != NULL ? (size_t)(end - at - 1) : sizeof rule;
    if (size >= sizeof rule || memchr(at + 1, '\0', size) != NULL) {
        return false;
    }
    memcpy(rule, at + 1, size);
    rule[size] = '\0';
    return read_rule(zone, rule);
}

static bool read_file(struct zone *zone, const unsigned char *at, size_t len)
{
    struct header h;
    if (!read_header(at, len, &h) || data_size(&h, 4) > len - HEADER_SIZE) {
        return false;
    }
    size_t first = HEADER_SIZE + data_size(&h, 4); /* the same once more, with times of 64 bits */
    at += first;
    len -= first;
    if (!read_header(at, len, &h) || data_size(&h, 8) > len - HEADER_SIZE) {
        return false;
    }
    size_t size = HEADER_SIZE + data_size(&h, 8);
    return read_transitions(zone, at + HEADER_SIZE, &h) && read_footer(zone, (const char *)at + size, len - size);
}

struct zone *zone_parse(const void *bytes, size_t len, struct err *err)
{
    struct zone *zone = mem_new(struct zone);
    if (len <= ZONE_FILE_MAX && read_file(zone, bytes, len)) {
        return zone;
    }
    zone_free(zone);
    err_set(err, ERR_PARSE, "it is no file of time zone data (TZif of version 2 or newer)");
    return NULL;
}

void zone_free(struct zone *zone)
{
    if (zone == NULL) {
        return;
    }
    mem_free(zone->times);
    mem_free(zone->offsets);
    mem_free(zone);
}

int32_t zone_offset_s(const struct zone *zone, int64_t unix_s)
{
    size_t low = 0, high = zone->count;
    while (low < high) { /* the first transition after this moment */
        size_t middle = low + (high - low) / 2;
        if (zone->times[middle] <= unix_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == zone->count && zone->has_rule) {
        return offset_by_rule(zone, unix_s);
    }
    return low > 0 ? zone->offsets[low - 1] : zone->first_s;
}
