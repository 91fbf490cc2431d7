/* The connections that a server keeps. Above `kept` of them, each new one closes the one that was silent longest, but
 * for those that are being sent an answer in pieces. So a client with many connections, from however many addresses,
 * cannot keep the kubelet's probe out. */
#pragma once

#include <stdbool.h>

struct connection;

struct connections {
    struct connection *first; /* the one that was silent longest */
    unsigned count;           /* without those that are about to be closed */
    unsigned kept;            /* 0: all */
};

/* A new connection, whose socket stays the caller's; owned by the caller until connections_remove. May shut another one
 * down, which is removed once its end was read. */
struct connection *connections_add(struct connections *connections, int fd);
/* Frees it. */
void connections_remove(struct connections *connections, struct connection *connection);
/* It has said something, or was answered. */
void connections_touch(struct connections *connections, struct connection *connection);
/* Whether it is being sent an answer in pieces. */
void connection_set_streaming(struct connection *connection, bool is_streaming);
