#include "io/http.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/str.h"

void http_tls_fini(struct http_tls *tls)
{
    str_free(&tls->ca_pem);
    str_free(&tls->cert_pem);
    str_free(&tls->key_pem);
    str_free(&tls->server_name);
    *tls = (struct http_tls){0};
}

int64_t http_retry_after_ms(int64_t seconds)
{
    if (seconds <= 0) {
        return 0;
    }
    return seconds < HTTP_RETRY_AFTER_MAX_MS / 1000 ? seconds * 1000 : HTTP_RETRY_AFTER_MAX_MS;
}

void http_date_write(int64_t wall_ms, char out[static 32])
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc;
    strftime(out, 32, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&seconds, &utc)); /* no locale is set */
}

struct http_call *http_start(struct http *http, const struct http_request *request, http_data_fn *on_data,
                             http_done_fn *done, void *ctx)
{
    assert(request->method != NULL && request->url != NULL && done != NULL);
    assert(request->timeout_ms >= 0 && request->idle_timeout_ms >= 0);
    struct http_call *call = http->ops->start(http, request, on_data, done, ctx);
    assert(call != NULL && call->http == http);
    return call;
}

void http_cancel(struct http_call *call)
{
    call->http->ops->cancel(call);
}

/* --- what is a URL --- */

static size_t scheme_len(const char *url)
{
    return strncasecmp(url, "http://", 7) == 0 ? 7 : strncasecmp(url, "https://", 8) == 0 ? 8 : 0;
}

static bool has_no_control(const char *url, struct err *why)
{
    for (const char *c = url; *c != '\0'; c++) {
        if (iscntrl((unsigned char)*c)) {
            return err_set(why, ERR_INVALID, "net/url: invalid control character in URL");
        }
    }
    return true;
}

/* Every % has two digits behind it. */
static bool has_whole_escapes(const char *text, size_t len, struct err *why)
{
    for (const char *c = memchr(text, '%', len); c != NULL; c = memchr(c + 1, '%', len - (size_t)(c + 1 - text))) {
        if (!isxdigit((unsigned char)c[1]) || !isxdigit((unsigned char)c[2])) {
            size_t left = len - (size_t)(c - text);
            return err_set(why, ERR_INVALID, "invalid URL escape \"%.*s\"", (int)(left < 3 ? left : 3), c);
        }
    }
    return true;
}

/* `host` without a user before it, with the port. */
static bool host_parses(const char *host, size_t len, struct err *why)
{
    const char *bracket = memrchr(host, ']', len);
    const char *rest = bracket != NULL ? bracket : host;
    size_t rest_len = len - (size_t)(rest - host);
    const char *colon = bracket != NULL ? memchr(rest, ':', rest_len) : memrchr(rest, ':', rest_len);
    if (memchr(host, ' ', len) != NULL) {
        return err_set(why, ERR_INVALID, "invalid character \" \" in host name");
    }
    size_t port_len = colon != NULL ? len - (size_t)(colon - host) : 0;
    if (port_len > 1 && strspn(colon + 1, "0123456789") < port_len - 1) {
        return err_set(why, ERR_INVALID, "invalid port \"%.*s\" after host", (int)port_len, colon);
    }
    return true;
}

static bool is_read(const char *url, struct err *why)
{
    size_t scheme = scheme_len(url);
    const char *host = url + scheme;
    size_t host_len = scheme > 0 ? strcspn(host, "/?#") : 0, path_len = strcspn(host + host_len, "?#");
    const char *at = memrchr(host, '@', host_len), *fragment = strchr(url, '#');
    const char *name = at != NULL ? at + 1 : host;
    return has_no_control(url, why) && host_parses(name, host_len - (size_t)(name - host), why) &&
           has_whole_escapes(host, host_len + path_len, why) &&
           (fragment == NULL || has_whole_escapes(fragment, strlen(fragment), why));
}

bool http_url_parses(const char *url, struct err *err)
{
    struct err why = {0};
    return is_read(url, &why) || err_set(err, ERR_INVALID, "parse \"%s\": %s", url, why.text);
}

bool http_is_url(const char *url)
{
    struct err ignored = {0};
    size_t scheme = scheme_len(url);
    return scheme > 0 && strcspn(url + scheme, "/?#") > 0 && is_read(url, &ignored);
}
