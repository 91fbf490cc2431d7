#include "base/number.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/doc_inner.h"
#include "base/mem.h"

enum { DIGITS_MAX = 17 };

/* 0.d1d2d3… × 10^point, without zeros at either end. */
struct decimal {
    char digits[DIGITS_MAX + 1];
    int count;
    int point;
};

/* From any of "123", "0.00012", "1.5e-7"; leading and trailing zeros go. */
static struct decimal read_decimal(const char *text)
{
    struct decimal d = {0};
    bool after_point = false;
    int zeros = 0; /* seen, and not yet known to be inside the digits */
    for (; *text && *text != 'e' && *text != 'E'; text++) {
        if (*text == '.') {
            after_point = true;
            continue;
        }
        d.point += after_point ? 0 : 1;
        if (*text == '0') {
            if (d.count == 0) {
                d.point -= 1;
            } else {
                zeros++;
            }
            continue;
        }
        for (; zeros > 0 && d.count < DIGITS_MAX; zeros--) {
            d.digits[d.count++] = '0';
        }
        if (d.count < DIGITS_MAX) {
            d.digits[d.count++] = *text;
        }
    }
    if (*text) {
        d.point += (int)strtol(text + 1, NULL, 10);
    }
    return d;
}

/* yyjson finds the shortest digits that read back the same. */
static struct decimal shortest(double magnitude)
{
    yyjson_mut_val v = {0};
    yyjson_mut_set_real(&v, magnitude);
    char *text = yyjson_mut_val_write_opts(&v, YYJSON_WRITE_NOFLAG, &doc_memory, NULL, NULL);
    assert(text);
    struct decimal d = read_decimal(text);
    mem_free(text);
    return d;
}

static void write_exponent(const struct decimal *d, char *out, size_t size)
{
    int exponent = d->point - 1;
    snprintf(out, size, "%c%s%se%c%02d", d->digits[0], d->count > 1 ? "." : "", d->digits + 1, exponent < 0 ? '-' : '+',
             abs(exponent));
}

/* Between 0.0001 and 999999.…, so it always fits. */
static void write_plain(const struct decimal *d, char *out, size_t size)
{
    if (d->point <= 0) {
        snprintf(out, size, "0.%.*s%s", -d->point, "0000", d->digits);
    } else if (d->count <= d->point) {
        snprintf(out, size, "%s%.*s", d->digits, d->point - d->count, "000000");
    } else {
        snprintf(out, size, "%.*s.%s", d->point, d->digits, d->digits + d->point);
    }
}

void number_write(double value, char out[static 32])
{
    if (isnan(value) || isinf(value)) {
        snprintf(out, 32, "%s", isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
        return;
    }
    size_t at = 0;
    if (signbit(value)) {
        out[at++] = '-';
    }
    if (value == 0) {
        snprintf(out + at, 32 - at, "0");
        return;
    }
    struct decimal d = shortest(fabs(value));
    int exponent = d.point - 1;
    if (exponent < -4 || exponent >= 6) {
        write_exponent(&d, out + at, 32 - at);
    } else {
        write_plain(&d, out + at, 32 - at);
    }
}

/* --- reading --- */

static bool is_digit(char c, bool is_hex)
{
    return is_hex ? isxdigit((unsigned char)c) != 0 : c >= '0' && c <= '9';
}

/* Past digits and underscores, which stand between digits alone or, in a hexadecimal number, behind its prefix. NULL
 * for an underscore elsewhere; `*count` grows by the digits. */
static const char *skip_digits(const char *at, bool is_hex, bool after_digit, size_t *count)
{
    for (; is_digit(*at, is_hex) || *at == '_'; at++) {
        if (*at == '_' && (!after_digit || !is_digit(at[1], is_hex))) {
            return NULL;
        }
        after_digit = *at != '_';
        *count += after_digit ? 1 : 0;
    }
    return at;
}

static bool is_exponent(const char *at)
{
    size_t count = 0;
    at += *at == '+' || *at == '-' ? 1 : 0;
    at = skip_digits(at, false, false, &count);
    return at != NULL && count > 0 && *at == '\0';
}

/* A number without its sign. */
static bool is_go_literal(const char *at)
{
    bool is_hex = at[0] == '0' && (at[1] == 'x' || at[1] == 'X');
    size_t count = 0;
    at = skip_digits(is_hex ? at + 2 : at, is_hex, is_hex, &count);
    if (at != NULL && *at == '.') {
        at = skip_digits(at + 1, is_hex, false, &count);
    }
    if (at == NULL || count == 0) {
        return false;
    }
    if (*at == '\0') {
        return !is_hex;
    }
    bool has_exponent = tolower((unsigned char)*at) == (is_hex ? 'p' : 'e');
    return has_exponent && is_exponent(at + 1);
}

static double read_literal(const char *text)
{
    char *plain = mem_alloc(strlen(text) + 1), *to = plain;
    for (; *text != '\0'; text++) {
        if (*text != '_') {
            *to++ = *text;
        }
    }
    *to = '\0';
    double value = strtod(plain, NULL);
    mem_free(plain);
    return value;
}

bool number_read(const char *text, double *value, const char **problem)
{
    bool is_negative = *text == '-', has_sign = is_negative || *text == '+';
    const char *rest = has_sign ? text + 1 : text;
    *problem = "invalid syntax";
    if (strcasecmp(rest, "inf") == 0 || strcasecmp(rest, "infinity") == 0) {
        *value = is_negative ? -INFINITY : INFINITY;
        return true;
    }
    if (strcasecmp(text, "nan") == 0) {
        *value = NAN;
        return true;
    }
    if (!is_go_literal(rest)) {
        return false;
    }
    *value = is_negative ? -read_literal(rest) : read_literal(rest);
    *problem = "value out of range";
    return isfinite(*value);
}
