#include "io/url_scope.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"

enum { AUTHORITY_MAX = 255 };

/* The parts of a URL, borrowed from it. */
struct parts {
    bool is_tls;
    const char *authority;
    size_t authority_len;
    const char *path; /* "" or begins with a slash; what follows it belongs to it here */
    size_t path_len;
};

/* Only what has one meaning: letters, digits, '-', '.', a port, and the brackets of an IPv6 address. */
static bool split(const char *url, struct parts *parts)
{
    size_t scheme = strncasecmp(url, "http://", 7) == 0 ? 7 : strncasecmp(url, "https://", 8) == 0 ? 8 : 0;
    parts->is_tls = scheme == 8;
    parts->authority = url + scheme;
    parts->authority_len = strcspn(parts->authority, "/?#");
    parts->path = parts->authority + parts->authority_len;
    parts->path_len = strcspn(parts->path, "?#");
    for (size_t i = 0; i < parts->authority_len; i++) {
        if (!isalnum((unsigned char)parts->authority[i]) && strchr("-.:[]", parts->authority[i]) == NULL) {
            return false;
        }
    }
    return scheme > 0 && parts->authority_len > 0 && parts->authority_len <= AUTHORITY_MAX;
}

/* Without the port that the scheme has anyway. */
static size_t host_len(const struct parts *parts)
{
    const char *port = parts->is_tls ? ":443" : ":80";
    size_t len = parts->authority_len, ending = strlen(port);
    bool is_usual = len > ending && strncmp(parts->authority + len - ending, port, ending) == 0;
    return is_usual ? len - ending : len;
}

/* The byte at *at, decoded, and *at behind it. */
static char decoded(const char **at)
{
    const char *c = *at;
    if (c[0] == '%' && isxdigit((unsigned char)c[1]) && isxdigit((unsigned char)c[2])) {
        const char hex[] = {c[1], c[2], '\0'};
        *at += 3;
        return (char)strtol(hex, NULL, 16);
    }
    *at += 1;
    return *c;
}

/* True when a part of the path is "." or "..", however it is written. Servers cut parts at a semicolon, and some take a
 * backslash for a slash. */
static bool climbs(const char *path, size_t len)
{
    const char *at = path;
    size_t dots = 0, others = 0;
    bool is_cut = false;
    while (at < path + len) {
        char c = decoded(&at);
        if (c == '/' || c == '\\') {
            if (others == 0 && dots > 0 && dots <= 2) {
                return true;
            }
            dots = others = 0;
            is_cut = false;
        } else if (c == ';') {
            is_cut = true;
        } else if (!is_cut) {
            dots += c == '.';
            others += c != '.';
        }
    }
    return others == 0 && dots > 0 && dots <= 2;
}

bool url_scope_is_sound(const char *declared, struct err *err)
{
    struct parts parts;
    for (const char *c = declared; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f) {
            return err_set(err, ERR_INVALID, "a URL has neither blanks nor what is no ASCII");
        }
    }
    if (!split(declared, &parts)) {
        return err_set(err, ERR_INVALID, "a URL of http or https with a host, and without a user, is wanted");
    }
    if (parts.path[parts.path_len] != '\0') {
        return err_set(err, ERR_INVALID, "a URL without a query and a fragment is wanted");
    }
    return !climbs(parts.path, parts.path_len) ||
           err_set(err, ERR_INVALID, "a path without the parts . and .. is wanted");
}

bool url_scope_has(const char *declared, const char *url)
{
    struct parts below, above;
    if (!split(declared, &above) || !split(url, &below) || above.is_tls != below.is_tls) {
        return false;
    }
    size_t len = host_len(&above), path = above.path_len;
    if (len != host_len(&below) || strncasecmp(above.authority, below.authority, len) != 0) {
        return false;
    }
    while (path > 0 && above.path[path - 1] == '/') {
        path--;
    }
    bool is_below = path <= below.path_len && strncmp(above.path, below.path, path) == 0 &&
                    (path == below.path_len || below.path[path] == '/');
    return is_below && !climbs(below.path, below.path_len);
}
