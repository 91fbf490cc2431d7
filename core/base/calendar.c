#include "base/calendar.h"

enum { MINUTE_S = 60, DAY_S = 86400, STEP_S = 30 * MINUTE_S, EVENING_S = 22 * 3600 };

static bool is_included(const struct calendar *calendar, int64_t day)
{
    if ((calendar->weekdays >> zone_weekday(day) & 1U) == 0) {
        return false;
    }
    int64_t year;
    int month, of_month;
    zone_date(day, &year, &month, &of_month);
    int64_t date = year * 10000 + month * 100 + of_month;
    for (size_t i = 0; i < calendar->except_count; i++) {
        if (date >= calendar->except[i].first && date <= calendar->except[i].last) {
            return false;
        }
    }
    return true;
}

bool calendar_is_open(const struct calendar *calendar, int64_t unix_s)
{
    int64_t local_s = unix_s + zone_offset_s(calendar->zone, unix_s);
    int64_t day = zone_day(local_s), minute = (local_s - day * DAY_S) / MINUTE_S;
    if (calendar->from_min < calendar->to_min) {
        return minute >= calendar->from_min && minute < calendar->to_min && is_included(calendar, day);
    }
    return (minute >= calendar->from_min && is_included(calendar, day)) ||
           (minute < calendar->to_min && is_included(calendar, day - 1));
}

/* The next moment to look at: minute by minute on days that may open, else in larger steps up to the evening, so that
 * the beginning of no day is stepped over, wherever clocks are changed. */
static int64_t next_look(const struct calendar *calendar, int64_t unix_s)
{
    int64_t local_s = unix_s + zone_offset_s(calendar->zone, unix_s);
    int64_t day = zone_day(local_s), of_day = local_s - day * DAY_S;
    bool may_open = of_day >= EVENING_S || is_included(calendar, day) ||
                    (calendar->from_min > calendar->to_min && is_included(calendar, day - 1));
    return unix_s - of_day % MINUTE_S + (may_open ? MINUTE_S : STEP_S);
}

bool calendar_next(const struct calendar *calendar, int64_t now_s, int64_t *at_s)
{
    for (*at_s = now_s; *at_s < now_s + (int64_t)CALENDAR_DAYS_MAX * DAY_S; *at_s = next_look(calendar, *at_s)) {
        if (calendar_is_open(calendar, *at_s)) {
            return true;
        }
    }
    return false;
}
