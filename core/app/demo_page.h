/* The dashboard of a served embedded cluster, beside its API server: below /dashboard of the same port. It reads the
 * cluster as everybody does, over the socket. */
#pragma once

#include "io/exchange.h"
#include "io/loop.h"

struct demo_page;

/* `cluster_clock`: by which the objects have their times. `host` and `port`: where the API server listens. */
struct demo_page *demo_page_open(struct loop *loop, const struct clock *cluster_clock, const char *host, int port);
/* NULL is fine. */
void demo_page_close(struct demo_page *page);
bool demo_page_has(const char *path);
void demo_page_serve(struct demo_page *page, struct exchange *exchange);
/* "http://127.0.0.1:8001/dashboard/" (str_free) */
char *demo_page_address(const char *host, int port);
