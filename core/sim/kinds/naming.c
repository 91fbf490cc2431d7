#include "sim/kinds/naming.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

#define LABEL_RULE                                                                                                     \
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end "    \
    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "                     \
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
#define SUBDOMAIN_RULE                                                                                                 \
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "   \
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "                        \
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
#define QUALIFIED_CHARS                                                                                                \
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " \
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "                                      \
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
#define VALUE_RULE                                                                                                     \
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "    \
    "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation "  \
    "is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
#define CONFIG_KEY_RULE                                                                                                \
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  "  \
    "or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"

enum { LABEL_MAX = 63, SUBDOMAIN_MAX = 253, PORT_NAME_MAX = 15 };

/* --- shapes --- */

static bool is_lower_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_label(const char *s, size_t len)
{
    if (len == 0 || !is_lower_alnum(s[0]) || !is_lower_alnum(s[len - 1])) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!is_lower_alnum(s[i]) && s[i] != '-') {
            return false;
        }
    }
    return true;
}

static bool is_subdomain(const char *s)
{
    for (;; s++) {
        size_t len = strcspn(s, ".");
        if (!is_label(s, len)) {
            return false;
        }
        s += len;
        if (*s == '\0') {
            return true;
        }
    }
}

static bool is_alnum(char c)
{
    return isalnum((unsigned char)c) && (unsigned char)c < 0x80;
}

static bool has_qualified_chars(const char *s)
{
    size_t len = strlen(s);
    if (len == 0 || !is_alnum(s[0]) || !is_alnum(s[len - 1])) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!is_alnum(s[i]) && strchr("-_.", s[i]) == NULL) {
            return false;
        }
    }
    return true;
}

/* --- rules --- */

static char *too_long(size_t max, const char *unit)
{
    return str_format("must be no more than %zu %s", max, unit);
}

char *naming_subdomain(const char *s)
{
    if (strlen(s) > SUBDOMAIN_MAX) {
        return too_long(SUBDOMAIN_MAX, "characters");
    }
    return is_subdomain(s) ? NULL : str_dup(SUBDOMAIN_RULE);
}

char *naming_label(const char *s)
{
    if (strlen(s) > LABEL_MAX) {
        return too_long(LABEL_MAX, "characters");
    }
    if (is_label(s, strlen(s))) {
        return NULL;
    }
    return str_dup(is_subdomain(s) ? "must not contain dots" : LABEL_RULE);
}

char *naming_service(const char *s)
{
    return naming_label(s);
}

char *naming_path_segment(const char *s)
{
    if (str_equal(s, ".") || str_equal(s, "..")) {
        return str_format("may not be '%s'", s);
    }
    if (strchr(s, '/') != NULL) {
        return str_dup("may not contain '/'");
    }
    return strchr(s, '%') != NULL ? str_dup("may not contain '%'") : NULL;
}

static char *prefixed(const char *part, char *rule)
{
    char *text = rule != NULL ? str_format("%s %s", part, rule) : NULL;
    mem_free(rule);
    return text;
}

char *naming_qualified(const char *s)
{
    const char *slash = strchr(s, '/'), *name = slash != NULL ? slash + 1 : s;
    if (slash != NULL && strchr(name, '/') != NULL) {
        return str_dup("a valid label key " QUALIFIED_CHARS
                       " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')");
    }
    if (slash != NULL) {
        char *prefix = str_dup_n(s, (size_t)(slash - s));
        char *why = *prefix == '\0' ? str_dup("must be non-empty") : naming_subdomain(prefix);
        mem_free(prefix);
        if (why != NULL) {
            return prefixed("prefix part", why);
        }
    }
    if (*name == '\0') {
        return str_dup("name part must be non-empty");
    }
    if (strlen(name) > LABEL_MAX) {
        return prefixed("name part", too_long(LABEL_MAX, "bytes"));
    }
    return has_qualified_chars(name) ? NULL : str_dup("name part " QUALIFIED_CHARS);
}

char *naming_label_value(const char *s)
{
    if (strlen(s) > LABEL_MAX) {
        return too_long(LABEL_MAX, "bytes");
    }
    return *s == '\0' || has_qualified_chars(s) ? NULL : str_dup(VALUE_RULE);
}

static bool has_port_chars_only(const char *s)
{
    while (islower((unsigned char)*s) || isdigit((unsigned char)*s) || *s == '-') {
        s++;
    }
    return *s == '\0';
}

static bool has_letter(const char *s)
{
    while (*s != '\0' && !islower((unsigned char)*s)) {
        s++;
    }
    return *s != '\0';
}

char *naming_port(const char *s, size_t nth)
{
    const char *faults[] = {
        has_port_chars_only(s) ? NULL : "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
        has_letter(s) ? NULL : "must contain at least one letter (a-z)",
        strstr(s, "--") != NULL ? "must not contain consecutive hyphens" : NULL,
        s[0] == '-' || str_has_suffix(s, "-") ? "must not begin or end with a hyphen" : NULL,
    };
    if (strlen(s) > PORT_NAME_MAX && nth-- == 0) {
        return too_long(PORT_NAME_MAX, "characters");
    }
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        if (faults[i] != NULL && nth-- == 0) {
            return str_dup(faults[i]);
        }
    }
    return NULL;
}

char *naming_config_key(const char *s)
{
    if (strlen(s) > SUBDOMAIN_MAX) {
        return too_long(SUBDOMAIN_MAX, "characters");
    }
    for (const char *c = s; *c != '\0'; c++) {
        if (!is_alnum(*c) && strchr("-._", *c) == NULL) {
            return str_dup(CONFIG_KEY_RULE);
        }
    }
    if (str_equal(s, ".") || str_equal(s, "..")) {
        return str_format("must not be '%s'", s);
    }
    return *s == '\0' ? str_dup(CONFIG_KEY_RULE) : NULL;
}
