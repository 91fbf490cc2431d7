/* What there is: /api, /apis, groups, resources, /version. */
#pragma once

#include <stdbool.h>

struct request;

/* False: the path belongs to another file. */
bool discovery_serve(const struct request *request);
