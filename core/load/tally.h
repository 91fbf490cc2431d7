/* What came of the requests of a load: how many answers of each status, which failures, and how long they took.
 *
 * Durations are counted in classes that are 1/32 of their value wide, from a microsecond to an hour, so a quantile is
 * off by three percent at most, whatever the load, and the size is fixed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum {
    TALLY_STATUS_MAX = 1000,
    TALLY_SUB = 32, /* classes between a power of two and the next */
    TALLY_CLASSES = 28 * TALLY_SUB,
    TALLY_FAILURES = 8, /* that are told apart, but not by numbers in their texts */
};

struct tally {
    uint64_t answers, failures;
    uint64_t status[TALLY_STATUS_MAX];
    uint64_t classes[TALLY_CLASSES]; /* of the answers */
    uint64_t sum_us, least_us, most_us;
    struct {
        char *text; /* NULL: none yet */
        uint64_t count;
    } failed[TALLY_FAILURES]; /* the last one: all others */
};

void tally_fini(struct tally *tally);
void tally_answer(struct tally *tally, int status, int64_t took_us);
void tally_failure(struct tally *tally, const struct err *err);

/* So long took so many of the answers at most, 0 < share <= 1; 0 without an answer. */
int64_t tally_quantile_us(const struct tally *tally, double share);

/* "1200 requests in 1m0s, 20.0/s; 200: 1198, 503: 2; no answer: 3 (...); p50 1.2ms, p90 …, p99 …, slowest …". */
void tally_write(const struct tally *tally, int64_t elapsed_ms, struct buf *out);
