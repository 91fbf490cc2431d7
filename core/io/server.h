/* The HTTP server for /healthz and /metrics (libmicrohttpd in the loop): small answers to GET, made at once. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "io/loop.h"

struct server;

/* Fills `body` (ceiling 16 MiB) and `*content_type` (static text; default "text/plain; charset=utf-8"); returns the status. */
typedef int server_handle_fn(void *ctx, const char *path, struct buf *body, const char **content_type);

/* Listens on host:port ("" or NULL: all addresses; port 0: any). NULL and err when it cannot. HEAD is answered too; other methods get 405. */
struct server *server_start(struct loop *loop, const char *host, int port, server_handle_fn *handle, void *ctx,
                            struct err *err);
int server_port(const struct server *server);
void server_stop(struct server *server);
