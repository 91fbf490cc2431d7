// room: base
/* Any bytes as a file of time zone data. What must hold: an offset of a day at most at any moment, hours that begin are
 * open at their beginning, and an error's text exactly where there is no zone. */
#include <assert.h>
#include <stdlib.h>

#include "base/calendar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct zone *zone, int64_t unix_s)
{
    enum { OFFSET_MAX_S = 26 * 3600 };
    struct calendar calendar = {.zone = zone, .weekdays = 0x15, .from_min = 22 * 60, .to_min = 4 * 60};
    int64_t at_s;
    assert(abs(zone_offset_s(zone, unix_s)) <= OFFSET_MAX_S);
    assert(!calendar_next(&calendar, unix_s, &at_s) || (at_s >= unix_s - 60 && calendar_is_open(&calendar, at_s)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t moments[] = {-(1LL << 40), 0, 1774746000, 1792890000, 1798761600, 4102444800, 1LL << 40};
    struct err err = {0};
    struct zone *zone = zone_parse(data, size, &err);
    assert((zone == NULL) == (err.text[0] != '\0'));
    for (size_t i = 0; zone != NULL && i < sizeof moments / sizeof moments[0]; i++) {
        look(zone, moments[i]);
    }
    zone_free(zone);
    return 0;
}
