/* Time zones by their names, from the zoneinfo database of the system (Debian's package tzdata). */
#pragma once

#include "base/zone.h"

/* "Europe/Berlin". NULL: err names the zone, and says whether there is no such one. zone_free. */
struct zone *tzdata_zone(const char *name, struct err *err);
