#include "io/http.h"

#include <assert.h>

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
