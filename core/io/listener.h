/* A listening TCP socket: opened by us rather than by microhttpd, so that its errors name their cause and "all
 * addresses" means both families. */
#pragma once

#include "base/err.h"

/* host "" or NULL: all addresses; an IPv6 address may have the brackets of a URL; port 0: any. The descriptor, or -1
 * and err. */
int listener_open(const char *host, int port, struct err *err);
/* The port it has. */
int listener_port(int fd);
