#include "io/http.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

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

bool http_is_url(const char *url)
{
    size_t scheme = strncasecmp(url, "http://", 7) == 0 ? 7 : strncasecmp(url, "https://", 8) == 0 ? 8 : 0;
    size_t host = scheme > 0 ? strcspn(url + scheme, "/?#") : 0;
    for (size_t i = 0; url[i] != '\0'; i++) {
        if (iscntrl((unsigned char)url[i]) || (url[i] == ' ' && i < scheme + host)) {
            return false;
        }
    }
    return host > 0;
}
