#include "load/tally.h"

#include <math.h>
#include <string.h>

#include "base/duration.h"
#include "base/mem.h"
#include "base/str.h"

#define DIGITS "0123456789"

/* --- classes --- */

/* Below TALLY_SUB microseconds each has a class of its own; above, the leading bits choose it. */
static size_t class_of(uint64_t us)
{
    if (us < TALLY_SUB) {
        return (size_t)us;
    }
    unsigned power = 63 - (unsigned)__builtin_clzll(us), sub_bits = (unsigned)__builtin_ctz(TALLY_SUB);
    size_t class = (size_t)(power - sub_bits + 1) * TALLY_SUB + (size_t)(us >> (power - sub_bits)) - TALLY_SUB;
    return class < TALLY_CLASSES ? class : TALLY_CLASSES - 1;
}

/* The largest duration that it counts. */
static uint64_t end_of(size_t class)
{
    size_t doubling = class / TALLY_SUB;
    return doubling == 0 ? class : ((uint64_t)(class % TALLY_SUB + TALLY_SUB + 1) << (doubling - 1)) - 1;
}

/* --- counting --- */

void tally_fini(struct tally *tally)
{
    for (size_t i = 0; i < TALLY_FAILURES; i++) {
        str_free(&tally->failed[i].text);
    }
}

void tally_answer(struct tally *tally, int status, int64_t took_us)
{
    uint64_t us = took_us > 0 ? (uint64_t)took_us : 0;
    tally->least_us = tally->answers == 0 || us < tally->least_us ? us : tally->least_us;
    tally->most_us = us > tally->most_us ? us : tally->most_us;
    tally->sum_us += us;
    tally->answers++;
    tally->classes[class_of(us)]++;
    tally->status[status >= 0 && status < TALLY_STATUS_MAX ? status : 0]++;
}

/* The text begins with the request, which is the same for all, and libcurl's says " after 3 ms", or milliseconds, which
 * is not: both are left out. */
static char *reason_of(const struct err *err)
{
    const char *colon = strstr(err->text, ": ");
    char *reason = str_dup(colon != NULL ? colon + 2 : err->text), *after = strstr(reason, " after ");
    size_t digits = after != NULL ? strspn(after + 7, DIGITS) : 0;
    char *unit = digits > 0 ? after + 7 + digits : NULL;
    if (unit != NULL && (str_has_prefix(unit, " ms") || str_has_prefix(unit, " milliseconds"))) {
        char *rest = unit + 1 + strcspn(unit + 1, " :");
        memmove(after, rest, strlen(rest) + 1);
    }
    return reason;
}

/* "97 bytes remaining" is the same reason as "98 bytes remaining". */
static bool is_same_but_for_numbers(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        size_t digits_a = strspn(a, DIGITS), digits_b = strspn(b, DIGITS);
        if ((digits_a > 0) != (digits_b > 0) || (digits_a == 0 && *a != *b)) {
            return false;
        }
        a += digits_a > 0 ? digits_a : 1;
        b += digits_b > 0 ? digits_b : 1;
    }
    return *a == *b;
}

void tally_failure(struct tally *tally, const struct err *err)
{
    char *reason = reason_of(err);
    size_t i = 0;
    while (i < TALLY_FAILURES - 1 && tally->failed[i].text != NULL &&
           !is_same_but_for_numbers(tally->failed[i].text, reason)) {
        i++;
    }
    if (tally->failed[i].text == NULL) {
        tally->failed[i].text = str_dup(i == TALLY_FAILURES - 1 ? "other reasons" : reason);
    }
    str_free(&reason);
    tally->failed[i].count++;
    tally->failures++;
}

/* --- figures --- */

int64_t tally_quantile_us(const struct tally *tally, double share)
{
    uint64_t wanted = (uint64_t)ceil(share * (double)tally->answers), seen = 0;
    if (tally->answers == 0) {
        return 0;
    }
    for (size_t i = 0; i < TALLY_CLASSES; i++) {
        seen += tally->classes[i];
        if (seen >= wanted && seen > 0) {
            uint64_t end = end_of(i);
            return (int64_t)(end < tally->most_us ? end : tally->most_us);
        }
    }
    return (int64_t)tally->most_us;
}

static void write_us(struct buf *out, const char *before, int64_t us)
{
    char text[32];
    int64_t unit = us >= 100000 ? 1000 : us >= 1000 ? 10 : 1; /* three digits are known */
    duration_write(us / unit * unit * 1000, text);
    buf_printf(out, "%s %s", before, text);
}

static void write_failures(const struct tally *tally, struct buf *out)
{
    buf_printf(out, "; no answer: %llu", (unsigned long long)tally->failures);
    for (size_t i = 0; i < TALLY_FAILURES && tally->failed[i].text != NULL; i++) {
        buf_printf(out, "%s%s: %llu", i == 0 ? " (" : ", ", tally->failed[i].text,
                   (unsigned long long)tally->failed[i].count);
    }
    buf_append_str(out, ")");
}

void tally_write(const struct tally *tally, int64_t elapsed_ms, struct buf *out)
{
    char elapsed[32];
    uint64_t all = tally->answers + tally->failures;
    duration_write(elapsed_ms * 1000000, elapsed);
    buf_printf(out, "%llu requests in %s, %.1f/s", (unsigned long long)all, elapsed,
               elapsed_ms > 0 ? (double)all * 1000 / (double)elapsed_ms : 0);
    const char *gap = "; ";
    for (size_t i = 0; i < TALLY_STATUS_MAX; i++) {
        if (tally->status[i] > 0) {
            buf_printf(out, "%s%zu: %llu", gap, i, (unsigned long long)tally->status[i]);
            gap = ", ";
        }
    }
    if (tally->failures > 0) {
        write_failures(tally, out);
    }
    if (tally->answers > 0) {
        write_us(out, "; p50", tally_quantile_us(tally, 0.5));
        write_us(out, ", p90", tally_quantile_us(tally, 0.9));
        write_us(out, ", p99", tally_quantile_us(tally, 0.99));
        write_us(out, ", slowest", (int64_t)tally->most_us);
    }
}
