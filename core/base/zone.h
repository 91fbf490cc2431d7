/* A time zone: how far its clocks are ahead of UTC at any moment, from a file of the zoneinfo database (TZif of version
 * 2 or newer, RFC 9636). Transitions that the file lists count first; after the last one, its rule in the form of POSIX
 * (CET-1CEST,M3.5.0,M10.5.0/3), so that it needs no new file every year. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct zone;

enum { ZONE_FILE_MAX = 256 * 1024 };

/* NULL: err says what is wrong with the bytes. */
struct zone *zone_parse(const void *bytes, size_t len, struct err *err);
void zone_free(struct zone *zone);
/* Seconds that local clocks are ahead of UTC. */
int32_t zone_offset_s(const struct zone *zone, int64_t unix_s);

/* Days since 1970-01-01 of a date of the Gregorian calendar, and the other way round. */
int64_t zone_days(int64_t year, int month, int day);
void zone_date(int64_t days, int64_t *year, int *month, int *day);
/* The day in which a second lies, both counted from 1970-01-01 on, and which weekday it is (0: Monday). */
int64_t zone_day(int64_t seconds);
int zone_weekday(int64_t days);
