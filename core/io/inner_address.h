/* Addresses that a server's name must not lead to, where whoever chose the name is not trusted with them: this
 * machine's own, and those at which clouds tell a machine its secrets. */
#pragma once

#include <stdbool.h>

/* `ip` as inet_ntop writes it. Loopback, unspecified, link-local, and the metadata servers that are at others. */
bool inner_address_is(const char *ip);
/* True for a host of a URL that is a name: neither an address, which everybody can read, nor localhost. */
bool inner_address_may_hide(const char *host);
