/* Which requests the dashboard answers. It is read by browsers, which also run the pages of others: these must neither
 * read it under a name of their own that leads here (DNS rebinding), nor ask anything of it.
 *
 * The Host must be an address, "localhost" or a name that we were told. Where a browser says for whose page it asks
 * (Origin, Sec-Fetch-Site), that must be ours; a link on somebody else's page may open the page itself, as links do. */
#pragma once

#include "base/str.h"
#include "io/exchange.h"

/* `hosts`: the names by which the dashboard is reached, "" among them is none. `is_page`: what is asked for is the page
 * itself. False: refused, and `why` says it (static text). */
bool guard_admits(const struct exchange *exchange, const struct str_list *hosts, bool is_page, const char **why);
/* The headers of every answer: no script, style or frame but our own, and nobody else's page has a use for ours. */
void guard_add_headers(struct exchange *exchange);
