/* The in-process network: an HTTP transport (io/http.h) whose hosts are functions. What is sent arrives on a later turn
 * of the virtual clock; nothing else takes time unless a fault says so. */
#pragma once

#include "io/exchange.h"
#include "io/http.h"

struct clock;
struct network;

struct network *network_new(struct clock *clock);
/* Asserts that no call is open. */
void network_free(struct network *network);
struct http *network_door(struct network *network);

/* Requests to http(s)://`host` (with the port, if the URL has one) go to `serve` from now on. An unknown host is a
 * failure to resolve its name; with `serve` NULL it becomes one. */
void network_host(struct network *network, const char *host, exchange_serve_fn *serve, void *ctx);

/* What happens to a request instead of, or before, its being served. */
struct network_fate {
    int64_t delay_ms;   /* before it arrives */
    enum err_code code; /* it fails like this and is not served; ERR_NONE: served */
    int status;         /* it is answered with this and `body` and is not served (500, 429, 401); 0: served */
    const char *body;   /* copied; NULL: none */
    int64_t retry_after_ms;
    bool lose_answer; /* served, but the connection is cut before the answer is read */
};
/* Asked once per request, from inside of http_start: it only decides, and neither cancels calls nor kills who makes
 * them. */
typedef struct network_fate network_fate_fn(void *ctx, const struct http_request *request);
void network_fates(struct network *network, network_fate_fn *fate, void *ctx);

/* Told of each request before its fate is asked for; only to take note. */
typedef void network_listen_fn(void *ctx, const struct http_request *request);
void network_listen(struct network *network, network_listen_fn *listen, void *ctx);

/* Ends every open stream of `host` as if the connection had been cut; returns how many. */
size_t network_cut(struct network *network, const char *host);
