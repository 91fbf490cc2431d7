/* The HTTP door: everything the engine does to the world besides waiting.
 *
 * A `struct http` is a transport: libcurl in production (io/curl.h), an in-process network in tests and simulations. A
 * call ends exactly one way: `done` comes once, on a later turn, unless http_cancel was called. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum {
    HTTP_RESPONSE_MAX = 8 * 1024 * 1024,
    HTTP_RETRY_AFTER_MAX_MS = 5 * 60 * 1000, /* so that no single answer silences a caller for longer */
};

/* Trust and identity of a client, PEM in memory. The owner keeps it alive while calls use it. */
struct http_tls {
    char *ca_pem;   /* NULL: the system's certificates */
    char *cert_pem; /* client certificate, NULL: none */
    char *key_pem;
    char *server_name; /* expected name instead of the URL's host, NULL: the URL's */
    bool insecure;     /* accept any certificate */
};
void http_tls_fini(struct http_tls *tls);

struct http_header {
    const char *name, *value;
};

/* All of it is copied by http_start, except `tls`. */
struct http_request {
    const char *method; /* "GET" */
    const char *url;
    const struct http_header *headers;
    size_t header_count;
    const char *body; /* NULL: none */
    size_t body_len;
    int64_t timeout_ms;      /* whole call; 0: none (watches) */
    int64_t idle_timeout_ms; /* no byte for so long ends the call with TIMEOUT; 0: none */
    size_t response_max;     /* 0: HTTP_RESPONSE_MAX; beyond it the call fails with TOO_LARGE */
    const struct http_tls *tls;
    bool follow_redirects; /* as Go's client does: at most 10; 301, 302, 303 turn a POST into a GET without body */
    bool same_host;        /* follows redirects to the URL's own host only; another one is REJECTED and not called */
    bool outward;      /* a name must not lead to this machine or a link-local address: REJECTED, and nothing is sent */
    bool no_proxy;     /* straight to the server, whatever proxy the environment names */
    const char *proxy; /* instead of the one that the environment names, for any server; NULL: the environment's */
    bool no_reuse;     /* a connection of its own, which is closed behind it */
    bool http1;        /* over TLS, too; without TLS it always is */
    bool long_lived;   /* a watch: kept apart from ordinary requests, so that many of them starve nobody */
};

struct http_response {
    int status;
    const char *body; /* NUL-terminated; empty for a streamed call */
    size_t body_len;
    int64_t retry_after_ms;   /* from Retry-After in seconds or as a date, HTTP_RETRY_AFTER_MAX_MS at most; 0: absent */
    const char *content_type; /* as the header has it; NULL: absent */
    int64_t date_ms; /* the server's time as its Date header tells it, so to the second; 0: absent, or no date */
    int64_t took_us; /* the whole call, as the transport has measured it; 0: it has not */
};

struct http;
struct http_call;

/* `response` is NULL when no answer came (err says why); with an answer of any status err->code is NONE. Both are
 * borrowed. */
typedef void http_done_fn(void *ctx, const struct http_response *response, const struct err *err);
/* Bytes of a 2xx body as they arrive; false ends the call with TOO_LARGE. It must not call http_cancel. With on_data
 * set, a body of another status is collected as usual and comes with done. */
typedef bool http_data_fn(void *ctx, const char *bytes, size_t len);

struct http_call *http_start(struct http *http, const struct http_request *request, http_data_fn *on_data,
                             http_done_fn *done, void *ctx);
/* No callback comes after this; the call is freed. Never from inside on_data. */
void http_cancel(struct http_call *call);

/* As Go's url.Parse takes one of http or https: it has a host, and can be read. (A blank behind the host is sent as
 * %20.) */
bool http_is_url(const char *url);
/* False where Go's url.Parse finds a control character, a blank in the host, a port that is no number, or half an
 * escape; err in Go's words. What else is no URL is none that could be asked. */
bool http_url_parses(const char *url, struct err *err);

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110), for a Date header. */
void http_date_write(int64_t wall_ms, char out[static 32]);

/* --- for transports --- */

/* What a server asked for, which may be any number, as http_response has it. */
int64_t http_retry_after_ms(int64_t seconds);

struct http_ops {
    struct http_call *(*start)(struct http *http, const struct http_request *request, http_data_fn *on_data,
                               http_done_fn *done, void *ctx);
    void (*cancel)(struct http_call *call);
};
/* First member of a transport. */
struct http {
    const struct http_ops *ops;
};
/* First member of a transport's call. */
struct http_call {
    struct http *http;
};
