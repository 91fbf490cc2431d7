/* For whom an embedded cluster answers. It knows no password; a page in a browser on this machine could reach it
 * under a name of the page's own that leads here (DNS rebinding), and only the Host header tells. */
#pragma once

#include <stdbool.h>

/* `header`: the request's Host, NULL without one; `own`: the host that we listen on, "" for all addresses. True
 * for an address, "localhost" and `own`, with any port: no name that somebody else gives to this machine is among
 * them. */
bool host_is_ours(const char *header, const char *own);
/* Nobody beyond this machine reaches it. */
bool host_is_loopback(const char *own);
