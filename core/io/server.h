/* The HTTP server (libmicrohttpd in the loop). It serves exchanges, whose bodies and answers may be long in coming;
 * and, simpler, small answers to GET made at once, for /healthz and /metrics. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "io/exchange.h"
#include "io/loop.h"

struct server;

/* Request bodies may have 4 MiB; more is answered with 413 and not served. Listens on host:port ("" or NULL: all
 * addresses; port 0: any). NULL and err when it cannot. */
struct server *server_serve(struct loop *loop, const char *host, int port, exchange_serve_fn *serve, void *ctx,
                            struct err *err);

/* The same for people's browsers: bodies of 64 KiB, and of many connections those that are silent are closed first.
 * At most SERVER_STREAMS_MAX answers may come in pieces at a time; the caller sees to it. */
enum { SERVER_STREAMS_MAX = 256 };
struct server *server_serve_public(struct loop *loop, const char *host, int port, exchange_serve_fn *serve, void *ctx,
                                   struct err *err);

/* Fills `body` (ceiling 16 MiB) and `*content_type` (static text; default "text/plain; charset=utf-8"); returns the
 * status. */
typedef int server_handle_fn(void *ctx, const char *path, struct buf *body, const char **content_type);
/* The same for a handler that answers at once. HEAD is answered too; other methods get 405. */
struct server *server_start(struct loop *loop, const char *host, int port, server_handle_fn *handle, void *ctx,
                            struct err *err);

int server_port(const struct server *server);
/* Every exchange is over, and its answer is sent. */
bool server_is_idle(const struct server *server);
/* Open exchanges are gone. */
void server_stop(struct server *server);
