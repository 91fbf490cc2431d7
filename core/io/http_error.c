#include "io/http_error.h"

#include <string.h>

#include "base/str.h"

char *http_printable_url(const char *url)
{
    const char *scheme_end = strstr(url, "://");
    const char *host = scheme_end != NULL ? scheme_end + 3 : url;
    size_t authority = strcspn(host, "/?#");
    const char *at = memrchr(host, '@', authority);
    const char *colon = at != NULL ? memchr(host, ':', (size_t)(at - host)) : NULL;
    if (colon == NULL) {
        return str_dup(url);
    }
    return str_format("%.*s:xxxxx%s", (int)(colon - url), url, at);
}

/* "127.0.0.1:9" of "http://user@127.0.0.1:9/x"; the default port when the URL names none. */
static char *address_of(const char *url)
{
    const char *end = strstr(url, "://");
    const char *host = end != NULL ? end + 3 : url;
    size_t len = strcspn(host, "/?#");
    for (const char *at = memchr(host, '@', len); at != NULL; at = memchr(host, '@', len)) {
        len -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    const char *bracket = memchr(host, ']', len);
    const char *search = bracket != NULL ? bracket : host;
    bool has_port = memchr(search, ':', len - (size_t)(search - host)) != NULL;
    const char *port = has_port ? "" : strncmp(url, "https:", 6) == 0 ? ":443" : ":80";
    return str_format("%.*s%s", (int)len, host, port);
}

/* What stands behind the title "POST http://…: " that every transport puts before its reason. */
static const char *reason_of(const struct err *err)
{
    const char *scheme = strstr(err->text, "://");
    const char *colon = scheme != NULL ? strstr(scheme + 3, ": ") : NULL;
    return colon != NULL ? colon + 2 : err->text;
}

static char *failure_of(const char *url, const char *timeout, const struct err *err)
{
    const char *reason = reason_of(err);
    if (err->code == ERR_TIMEOUT) {
        return str_dup(timeout);
    }
    if (err->code == ERR_UNREACHABLE && str_has_prefix(reason, "Failed to connect to ")) {
        char *address = address_of(url);
        char *text = str_format("dial tcp %s: connect: connection refused", address);
        str_free(&address);
        return text;
    }
    return str_dup(reason);
}

char *http_error_text(const char *verb, const char *url, const char *timeout, const struct err *err)
{
    char *shown = http_printable_url(url), *failure = failure_of(url, timeout, err);
    char *text = str_format("%s \"%s\": %s", verb, shown, failure);
    str_free(&shown);
    str_free(&failure);
    return text;
}
