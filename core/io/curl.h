/* The HTTP door on libcurl's multi interface: one multi handle for ordinary requests and one for watches, on the
 * loop. */
#pragma once

#include "io/http.h"
#include "io/loop.h"

struct http *curl_http_new(struct loop *loop);
/* The same for whoever makes load: any number of connections to a host; so many are kept when they are idle. (By itself
 * libcurl keeps four per call under way: after a burst too few for the next one.) */
struct http *curl_http_new_for_load(struct loop *loop, long idle_max);
/* Asserts that no call is under way. */
void curl_http_free(struct http *http);
