/* Hours of the week in a time zone, with days that are left out: when do they begin next?
 *
 * A window over midnight (from 22:00 to 04:00) belongs to the day on which it begins. Where clocks are put forward over
 * the beginning, it begins as they go on; where they are put back over it, the first time counts. */
#pragma once

#include <stdbool.h>

#include "base/zone.h"

enum { CALENDAR_DAYS_MAX = 400 }; /* what comes later is as good as never */

struct calendar_days {
    int first, last; /* as 20261224, both included */
};

struct calendar {
    const struct zone *zone;
    unsigned weekdays;    /* bit 0: Monday */
    int from_min, to_min; /* of the local day: 0 to 1439, 1 to 1440; not the same */
    const struct calendar_days *except;
    size_t except_count;
};

bool calendar_is_open(const struct calendar *calendar, int64_t unix_s);
/* The moment at which it is open next: now, when it is. False: not within CALENDAR_DAYS_MAX. */
bool calendar_next(const struct calendar *calendar, int64_t now_s, int64_t *at_s);
