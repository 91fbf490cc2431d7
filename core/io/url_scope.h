/* The URLs that somebody has declared, and those that stand below them.
 *
 *     https://queue.example.com/api    has  https://queue.example.com/api, …/api?q=1 and …/api/v1
 *                                  but not  …/apis, http://…, another port, another host, …/api/../admin
 *
 * Scheme, host and port are those of the declared URL, and its path is one or more whole parts of the path. What could
 * be read in another way than here stands below nothing: a user in front of the host, a path that climbs, also where
 * that is percent-encoded. */
#pragma once

#include "base/err.h"

/* False and err: no such URL can be declared, and what is wrong with it. */
bool url_scope_is_sound(const char *declared, struct err *err);
/* True when `url` stands below a sound one. */
bool url_scope_has(const char *declared, const char *url);
