/* The HTTP door on libcurl's multi interface: one multi handle for ordinary requests and one for watches, on the
 * loop. */
#pragma once

#include "io/http.h"
#include "io/loop.h"

struct http *curl_http_new(struct loop *loop);
/* Asserts that no call is under way. */
void curl_http_free(struct http *http);
