/* A server on loopback that says byte for byte what a test wants, in the loop of the test: HTTP/1.1 that is cut, late,
 * wrong or redirected. A handler gets each whole request as text and answers with fake_net_send and fake_net_close, at
 * once or later. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "io/loop.h"

struct fake_net;
struct fake_net_conn;

typedef void fake_net_handler_fn(void *ctx, struct fake_net_conn *conn, const char *request);

struct fake_net *fake_net_new(struct loop *loop, fake_net_handler_fn *handler, void *ctx);
/* Closes what is still open. */
void fake_net_free(struct fake_net *net);
/* "http://127.0.0.1:<port><path>"; good until the next call. */
const char *fake_net_url(struct fake_net *net, const char *path);
int fake_net_port(const struct fake_net *net);

/* What was seen so far. */
size_t fake_net_accepted(const struct fake_net *net);
size_t fake_net_open(const struct fake_net *net); /* connections not closed by either side */
size_t fake_net_request_count(const struct fake_net *net);
const char *fake_net_request(const struct fake_net *net, size_t index);

void fake_net_send(struct fake_net_conn *conn, const char *bytes);
/* After what was sent before. */
void fake_net_close(struct fake_net_conn *conn);

/* A listener nobody can reach: its backlog is full, so a connect neither succeeds nor fails. */
struct fake_full_listener {
    int listener, fillers[8];
    int port;
};
void fake_full_listener_open(struct fake_full_listener *full);
void fake_full_listener_close(struct fake_full_listener *full);

/* A free port of loopback with a listening socket on it; the caller closes it. */
int fake_listen(int *port, int backlog);
