/* Which requests a server without a password answers. A page in a browser on this machine could reach it under a name
 * of the page's own that leads here (DNS rebinding). Only the Host header shows that. */
#pragma once

#include <stdbool.h>

/* `header`: the request's Host, NULL without one; `own`: the host that we listen on, "" for all addresses. True
 * for an address, "localhost" and `own` in any case, with or without a port: no name that somebody else gives to this
 * machine is among them. */
bool host_is_ours(const char *header, const char *own);
/* By which this machine itself reaches what listens there. */
const char *host_reachable(const char *own);
/* True when only this machine can reach that host (a name, or an address with or without brackets; no port). */
bool host_is_loopback(const char *own);
