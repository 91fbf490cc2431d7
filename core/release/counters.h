/* Counters that the Canary's status did not take, because its write was refused. They count instead of those in the
 * status, and are on record, so that a release whose status nobody can write is judged by its checks all the same. */
#pragma once

#include "base/doc.h"
#include "base/err.h"
#include "canary/canary.h"

#define COUNTER_NONE INT64_MIN

struct counters {
    int64_t weight, iterations, failed_checks; /* COUNTER_NONE: the status has it */
};

void counters_clear(struct counters *counters);
bool counters_are_none(const struct counters *counters);
/* From the status of a Release that was checked. */
void counters_read(struct counters *counters, const struct node *status);
/* Sets `counters` in the status of a Release, null when there are none. */
void counters_write(const struct counters *counters, struct doc *doc, struct node *status);
/* False: err names the field of the status of a Release that is none of these. */
bool counters_check(const struct node *status, struct err *err);
/* They count from now on; COUNTER_NONE changes nothing. */
void counters_take(struct counters *counters, const struct counters *ordered);
/* Reads the Canary as if its status had them. */
void counters_apply(const struct counters *counters, struct canary *canary);
/* Adds them to a patch of the Canary's status, where that does not say another value. */
void counters_complete(const struct counters *counters, struct doc *patch);
