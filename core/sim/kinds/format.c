#include "sim/kinds/format.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/pattern.h"
#include "base/str.h"

/* Both spellings of date-time are one format. */
static bool is_named(const char *format, const char *name)
{
    for (;; format++, name++) {
        while (*format == '-') {
            format++;
        }
        while (*name == '-') {
            name++;
        }
        if (*format != *name) {
            return false;
        }
        if (*format == '\0') {
            return true;
        }
    }
}

static bool all_digits(const char *s, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!isdigit((unsigned char)s[i])) {
            return false;
        }
    }
    return true;
}

static int number_at(const char *s)
{
    return (s[0] - '0') * 10 + (s[1] - '0');
}

static bool is_date_n(const char *s, size_t len)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (len != 10 || !all_digits(s, 4) || s[4] != '-' || !all_digits(s + 5, 2) || s[7] != '-' ||
        !all_digits(s + 8, 2)) {
        return false;
    }
    int year = number_at(s) * 100 + number_at(s + 2), month = number_at(s + 5), day = number_at(s + 8);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + (leap && month == 2);
}

static bool is_date(const char *s)
{
    return is_date_n(s, strlen(s));
}

/* Behind the minutes: seconds, a fraction of them, Z or an offset. */
static bool is_date_time(const char *s)
{
    const char *t = strpbrk(s, "tT");
    if (t == NULL || !is_date_n(s, (size_t)(t - s))) {
        return false;
    }
    const char *c = t + 1;
    if (strlen(c) < 9 || !all_digits(c, 2) || c[2] != ':' || !all_digits(c + 3, 2) || c[5] != ':' ||
        !all_digits(c + 6, 2) || number_at(c) > 23 || number_at(c + 3) > 59 || number_at(c + 6) > 59) {
        return false;
    }
    c += 8;
    if (strchr("zZ+-", *c) == NULL) {
        const char *digits = ++c;
        while (isdigit((unsigned char)*c)) {
            c++;
        }
        if (c == digits) {
            return false;
        }
    }
    if (*c == 'z' || *c == 'Z') {
        return c[1] == '\0';
    }
    return (*c == '+' || *c == '-') && strlen(c) == 6 && all_digits(c + 1, 2) && c[3] == ':' && all_digits(c + 4, 2);
}

static bool is_ipv4(const char *s)
{
    struct in_addr address;
    return inet_pton(AF_INET, s, &address) == 1;
}

static bool is_ipv6(const char *s)
{
    struct in6_addr address;
    return inet_pton(AF_INET6, s, &address) == 1;
}

static bool is_cidr(const char *s)
{
    char address[64];
    const char *slash = strchr(s, '/');
    if (slash == NULL || (size_t)(slash - s) >= sizeof address) {
        return false;
    }
    memcpy(address, s, (size_t)(slash - s));
    address[slash - s] = '\0';
    size_t digits = strlen(slash + 1);
    if (digits < 1 || digits > 3 || !all_digits(slash + 1, digits)) {
        return false;
    }
    int bits = 0;
    for (const char *c = slash + 1; *c != '\0'; c++) {
        bits = bits * 10 + (*c - '0');
    }
    return is_ipv4(address) ? bits <= 32 : is_ipv6(address) && bits <= 128;
}

static bool is_uri(const char *s)
{
    const char *colon = strchr(s, ':');
    if (s[0] == '/') {
        return strpbrk(s, " \t\n") == NULL;
    }
    return colon != NULL && colon > s && isalpha((unsigned char)s[0]) && strpbrk(s, " \t\n") == NULL;
}

static bool is_any(const char *s)
{
    return true;
}

#define UUID(third, fourth) "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?" third "-?" fourth "-?[0-9a-f]{12}$"
#define OCTET "(0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])"
/* A duration of Go, or a whole number with a unit anywhere in the text: the API server looks for no more. */
#define DURATION                                                                                                       \
    "(?i)^[-+]?(0|((\\d+(\\.\\d*)?|\\.\\d+)(ns|us|µs|ms|s|m|h))+)$|"                                                  \
    "\\d\\s*((ns|us|µs|ms|s|m|h|hr|d|w|wk)([^a-zA-Z]|$)|nano|micro|milli|sec|min|hour|day|week)"

/* One of `is` and `pattern`. */
static const struct format {
    const char *name;
    bool (*is)(const char *);
    const char *pattern;
} formats[] = {
    {"bsonobjectid", is_any, NULL},
    {"uri", is_uri, NULL},
    {"email", NULL, "^[^@<>\\s]+@[^@<>\\s]+$"},
    {"hostname", NULL,
     "^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$"},
    {"ipv4", is_ipv4, NULL},
    {"ipv6", is_ipv6, NULL},
    {"cidr", is_cidr, NULL},
    {"mac", NULL, "^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}(([:-][0-9A-Fa-f]{2}){2})?$"},
    {"uuid", NULL, UUID("[0-9a-f]{4}", "[0-9a-f]{4}")},
    {"uuid3", NULL, UUID("3[0-9a-f]{3}", "[0-9a-f]{4}")},
    {"uuid4", NULL, UUID("4[0-9a-f]{3}", "[89ab][0-9a-f]{3}")},
    {"uuid5", NULL, UUID("5[0-9a-f]{3}", "[89ab][0-9a-f]{3}")},
    {"isbn", is_any, NULL},
    {"isbn10", is_any, NULL},
    {"isbn13", is_any, NULL},
    {"creditcard", is_any, NULL},
    {"ssn", NULL, "^\\d{3}[- ]?\\d{2}[- ]?\\d{4}$"},
    {"hexcolor", NULL, "^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"},
    {"rgbcolor", NULL, "^rgb\\(\\s*" OCTET "\\s*,\\s*" OCTET "\\s*,\\s*" OCTET "\\s*\\)$"},
    {"byte", NULL, "^(?:[A-Za-z0-9+\\/]{4})*(?:[A-Za-z0-9+\\/]{2}==|[A-Za-z0-9+\\/]{3}=|[A-Za-z0-9+\\/]{4})$"},
    {"password", is_any, NULL},
    {"date", is_date, NULL},
    {"duration", NULL, DURATION},
    {"datetime", is_date_time, NULL},
    {"k8s-short-name", NULL, "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"},
    {"k8s-long-name", NULL, "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"},
};

static const struct format *find(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (is_named(name, formats[i].name)) {
            return &formats[i];
        }
    }
    return NULL;
}

bool format_is_known(const char *format)
{
    return find(format) != NULL;
}

bool format_matches(const char *format, const char *s)
{
    const struct format *found = find(format);
    if (found == NULL) {
        return true;
    }
    if (found->is != NULL) {
        return found->is(s);
    }
    struct err err;
    struct pattern *pattern = pattern_new(found->pattern, &err);
    bool matches = pattern != NULL && pattern_matches(pattern, s);
    pattern_free(pattern);
    return matches;
}
