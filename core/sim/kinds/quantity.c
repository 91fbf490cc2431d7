#include "sim/kinds/quantity.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

#define REGEXP "^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"

enum { NANO = -9, MILLI = -3, INT64_DIGITS = 18, EXA = 18 };

enum format { DECIMAL_SI, DECIMAL_EXPONENT, BINARY_SI };

/* A text, cut. The pieces lie in the text. */
struct parts {
    bool is_negative, has_value; /* of a value: a digit or more */
    const char *num, *denom, *suffix;
    size_t num_len, denom_len; /* num without leading zeros, "0" when nothing is left */
};

/* digits × 10^exponent; the digits have no leading zeros, but for "0" itself. */
struct amount {
    char *digits; /* mem_free */
    size_t len;
    int64_t exponent;
    bool is_negative;
    enum format format;
};

/* --- reading --- */

static size_t digits_at(const char *text)
{
    return strspn(text, "0123456789");
}

static bool cut(const char *text, struct parts *parts)
{
    *parts = (struct parts){.is_negative = text[0] == '-', .num = "0", .num_len = 1, .denom = ""};
    const char *begin = text + (text[0] == '-' || text[0] == '+' ? 1 : 0), *at = begin + strspn(begin, "0");
    size_t len = digits_at(at);
    if (len > 0) {
        parts->num = at;
        parts->num_len = len;
    }
    at += len;
    parts->has_value = at > begin;
    if (*at == '.') {
        parts->denom = at + 1;
        parts->denom_len = digits_at(at + 1);
        parts->has_value = parts->has_value || parts->denom_len > 0;
        at += 1 + parts->denom_len;
    }
    parts->suffix = at;
    at += strspn(at, "eEinumkKMGTP");
    at += *at == '-' || *at == '+' ? 1 : 0;
    return at[digits_at(at)] == '\0';
}

struct suffix {
    const char *text;
    int64_t exponent; /* of ten, or of two */
    enum format format;
};

static const struct suffix suffixes[] = {
    {"", 0, DECIMAL_SI},   {"n", -9, DECIMAL_SI},  {"u", -6, DECIMAL_SI}, {"m", -3, DECIMAL_SI},
    {"k", 3, DECIMAL_SI},  {"M", 6, DECIMAL_SI},   {"G", 9, DECIMAL_SI},  {"T", 12, DECIMAL_SI},
    {"P", 15, DECIMAL_SI}, {"E", EXA, DECIMAL_SI}, {"Ki", 10, BINARY_SI}, {"Mi", 20, BINARY_SI},
    {"Gi", 30, BINARY_SI}, {"Ti", 40, BINARY_SI},  {"Pi", 50, BINARY_SI}, {"Ei", 60, BINARY_SI},
};

static bool read_suffix(const char *text, struct suffix *suffix)
{
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        if (str_equal(suffixes[i].text, text)) {
            *suffix = suffixes[i];
            return true;
        }
    }
    if (text[0] != 'e' && text[0] != 'E') {
        return false;
    }
    char *end;
    errno = 0;
    long long exponent = strtoll(text + 1, &end, 10);
    bool is_number = end != text + 1 && *end == '\0' && errno == 0 && !isspace((unsigned char)text[1]);
    *suffix = (struct suffix){text, (int32_t)exponent, DECIMAL_EXPONENT}; /* cut to 32 bits, as there */
    return is_number;
}

/* How many digits more an int64 would take: Go has a short way for those, which keeps texts. */
static int room_left(const struct parts *parts, const struct suffix *suffix)
{
    if (suffix->format != BINARY_SI) {
        return INT64_DIGITS - (int)(parts->num_len + parts->denom_len);
    }
    return parts->denom_len > 0 ? -1 : 14 - (int)parts->num_len - (int)(suffix->exponent * 3 / 10);
}

/* Does Go take the text for canonical? Not each that it does is. */
static bool is_kept(const struct parts *parts, const struct suffix *suffix)
{
    int64_t scale = suffix->exponent - (int64_t)parts->denom_len;
    if (suffix->format == BINARY_SI) {
        int last_three = 0; /* digits of the number say whether eight divides it */
        for (size_t i = parts->num_len > 3 ? parts->num_len - 3 : 0; i < parts->num_len; i++) {
            last_three = last_three * 10 + (parts->num[i] - '0');
        }
        return last_three % 8 != 0;
    }
    size_t len = parts->num_len + parts->denom_len;
    bool ends_in_zeros = len >= 3;
    for (size_t i = len; ends_in_zeros && i > len - 3; i--) {
        ends_in_zeros = (i > parts->num_len ? parts->denom[i - 1 - parts->num_len] : parts->num[i - 1]) == '0';
    }
    return scale % 3 == 0 && !ends_in_zeros && parts->num[0] != '0';
}

/* --- reckoning --- */

static bool is_zero(const struct amount *amount)
{
    return amount->digits[0] == '0';
}

static void drop_leading_zeros(struct amount *amount)
{
    size_t zeros = strspn(amount->digits, "0");
    zeros -= zeros == amount->len ? 1 : 0;
    amount->len -= zeros;
    memmove(amount->digits, amount->digits + zeros, amount->len + 1);
}

static struct amount amount_of(const struct parts *parts, const struct suffix *suffix)
{
    char *digits = str_format("%.*s%.*s", (int)parts->num_len, parts->num, (int)parts->denom_len, parts->denom);
    struct amount amount = {.digits = digits,
                            .len = strlen(digits),
                            .exponent = -(int64_t)parts->denom_len,
                            .is_negative = parts->is_negative,
                            .format = suffix->format};
    amount.exponent += suffix->format == BINARY_SI ? 0 : suffix->exponent;
    drop_leading_zeros(&amount);
    return amount;
}

static void multiply(struct amount *amount, unsigned by)
{
    enum { MORE = 10 }; /* digits of an unsigned */
    char *digits = mem_alloc(amount->len + MORE + 1);
    uint64_t carry = 0;
    for (size_t i = amount->len + MORE; i > 0; i--) {
        uint64_t digit = i > MORE ? (uint64_t)(amount->digits[i - 1 - MORE] - '0') : 0;
        carry += digit * by;
        digits[i - 1] = (char)('0' + carry % 10);
        carry /= 10;
    }
    mem_free(amount->digits);
    amount->digits = digits;
    amount->len += MORE;
    drop_leading_zeros(amount);
}

/* True and divided, when nothing remains. */
static bool divide_by_1024(struct amount *amount)
{
    char *digits = str_dup(amount->digits);
    unsigned rest = 0;
    for (size_t i = 0; i < amount->len; i++) {
        rest = rest * 10 + (unsigned)(digits[i] - '0');
        digits[i] = (char)('0' + rest / 1024);
        rest %= 1024;
    }
    if (rest != 0) {
        mem_free(digits);
        return false;
    }
    mem_free(amount->digits);
    amount->digits = digits;
    drop_leading_zeros(amount);
    return true;
}

static void add_one(struct amount *amount)
{
    size_t i = amount->len;
    for (; i > 0 && amount->digits[i - 1] == '9'; i--) {
        amount->digits[i - 1] = '0';
    }
    if (i > 0) {
        amount->digits[i - 1]++;
        return;
    }
    char *digits = str_format("1%s", amount->digits);
    mem_free(amount->digits);
    amount->digits = digits;
    amount->len++;
}

/* Away from zero. False: something was lost. */
static bool round_up(struct amount *amount, int64_t exponent)
{
    if (is_zero(amount) || amount->exponent >= exponent) {
        return true;
    }
    size_t cut_len =
        (uint64_t)(exponent - amount->exponent) < amount->len ? (size_t)(exponent - amount->exponent) : amount->len;
    size_t left = amount->len - cut_len;
    bool was_exact = strspn(amount->digits + left, "0") == cut_len;
    amount->len = left;
    amount->digits[left] = '\0';
    if (left == 0) {
        mem_free(amount->digits);
        amount->digits = str_dup("0");
        amount->len = 1;
    }
    amount->exponent = exponent;
    if (!was_exact) {
        add_one(amount);
    }
    return was_exact;
}

static void drop_trailing_zeros(struct amount *amount)
{
    while (amount->len > 1 && amount->digits[amount->len - 1] == '0') {
        amount->digits[--amount->len] = '\0';
        amount->exponent++;
    }
}

static void shift_to(struct amount *amount, int64_t exponent)
{
    if (is_zero(amount)) {
        amount->exponent = exponent;
    }
    for (; amount->exponent > exponent; amount->exponent--) {
        multiply(amount, 10);
    }
}

/* Compares a whole number, with no zeros before it, to one. */
static bool is_above(const struct amount *amount, const char *limit)
{
    size_t len = strlen(limit);
    return amount->len != len ? amount->len > len : strcmp(amount->digits, limit) > 0;
}

/* What Go does beyond its short way: nothing is finer than a billionth, and binary amounts end at an int64. */
static void bound(struct amount *amount)
{
    static const char most[] = "9223372036854775807";
    round_up(amount, NANO);
    if (amount->format != BINARY_SI) {
        return;
    }
    struct amount whole = {str_dup(amount->digits), amount->len, amount->exponent, false, BINARY_SI};
    bool is_exact = round_up(&whole, 0);
    shift_to(&whole, 0);
    if (is_above(&whole, most) || (!is_exact && str_equal(whole.digits, most))) {
        mem_free(amount->digits);
        amount->digits = str_dup(most);
        amount->len = strlen(most);
        amount->exponent = 0;
    }
    mem_free(whole.digits);
}

/* --- writing --- */

static const char *decimal_suffix(int64_t exponent)
{
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        if (suffixes[i].format == DECIMAL_SI && suffixes[i].exponent == exponent) {
            return suffixes[i].text;
        }
    }
    return ""; /* beyond exa: as there, the amount is lost */
}

static char *write_decimal(struct amount *amount)
{
    drop_trailing_zeros(amount);
    shift_to(amount, amount->exponent - (amount->exponent % 3 + 3) % 3);
    const char *sign = amount->is_negative ? "-" : "";
    if (amount->format == DECIMAL_EXPONENT && amount->exponent != 0) {
        return str_format("%s%se%lld", sign, amount->digits, (long long)amount->exponent);
    }
    return str_format("%s%s%s", sign, amount->digits,
                      amount->format == DECIMAL_EXPONENT ? "" : decimal_suffix(amount->exponent));
}

static char *write_binary(struct amount *amount)
{
    static const char *const words[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
    size_t word = 0;
    while (divide_by_1024(amount)) {
        word++;
    }
    return str_format("%s%s%s", amount->is_negative ? "-" : "", amount->digits, words[word]);
}

static bool is_whole(const struct amount *amount)
{
    size_t zeros = 0;
    while (zeros < amount->len && amount->digits[amount->len - 1 - zeros] == '0') {
        zeros++;
    }
    return amount->exponent + (int64_t)zeros >= 0;
}

static char *write_amount(struct amount *amount)
{
    if (is_zero(amount)) {
        return str_dup("0");
    }
    if (amount->format != BINARY_SI) {
        return write_decimal(amount);
    }
    if (is_whole(amount)) {
        round_up(amount, 0);
        shift_to(amount, 0);
        if (is_above(amount, "1023")) {
            return write_binary(amount);
        }
    }
    amount->format = DECIMAL_SI;
    return write_decimal(amount);
}

/* `*keeps`: Go takes the text for canonical, unless something of `finest` and below must be rounded. */
static bool read_amount(const char *text, int64_t finest, struct amount *amount, bool *keeps, struct err *err)
{
    struct parts parts;
    struct suffix suffix;
    if (text[0] == '\0' || !cut(text, &parts)) {
        return err_set(err, ERR_INVALID, "quantities must match the regular expression '%s'", REGEXP);
    }
    if (!read_suffix(parts.suffix, &suffix)) {
        return err_set(err, ERR_INVALID, "unable to parse quantity's suffix");
    }
    int64_t scale = suffix.format == BINARY_SI ? 0 : suffix.exponent - (int64_t)parts.denom_len;
    bool is_short = room_left(&parts, &suffix) >= 0 && scale >= NANO;
    if (!is_short && !parts.has_value) {
        return err_set(err, ERR_INVALID, "unable to parse numeric part of quantity");
    }
    *keeps = is_short && is_kept(&parts, &suffix) && scale >= finest;
    *amount = amount_of(&parts, &suffix);
    for (int64_t i = 0; suffix.format == BINARY_SI && i < suffix.exponent; i += 10) {
        multiply(amount, 1024);
    }
    if (!is_short) {
        bound(amount);
    }
    round_up(amount, finest);
    return true;
}

static char *canonical(const char *text, int64_t finest, struct err *err)
{
    struct amount amount;
    bool keeps;
    if (!read_amount(text, finest, &amount, &keeps, err)) {
        return NULL;
    }
    char *written = keeps ? str_dup(text) : write_amount(&amount);
    mem_free(amount.digits);
    return written;
}

char *quantity_canonical(const char *text, bool rounds_to_milli, struct err *err)
{
    while (isspace((unsigned char)*text)) {
        text++;
    }
    size_t len = strlen(text);
    while (len > 0 && isspace((unsigned char)text[len - 1])) {
        len--;
    }
    char *trimmed = str_dup_n(text, len), *written = canonical(trimmed, rounds_to_milli ? MILLI : NANO, err);
    mem_free(trimmed);
    return written;
}

bool quantity_equal(const char *a, const char *b)
{
    struct amount left, right;
    struct err ignored;
    bool keeps;
    if (!read_amount(a, NANO, &left, &keeps, &ignored)) {
        return str_equal(a, b);
    }
    if (!read_amount(b, NANO, &right, &keeps, &ignored)) {
        mem_free(left.digits);
        return false;
    }
    drop_trailing_zeros(&left);
    drop_trailing_zeros(&right);
    bool is_equal = is_zero(&left) ? is_zero(&right)
                                   : left.is_negative == right.is_negative && left.exponent == right.exponent &&
                                         str_equal(left.digits, right.digits);
    mem_free(left.digits);
    mem_free(right.digits);
    return is_equal;
}
