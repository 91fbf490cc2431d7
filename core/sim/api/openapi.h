/* OpenAPI: enough for kubectl to leave validation to the server and to explain kinds. */
#pragma once

#include <stdbool.h>

struct request;

/* False: the path belongs to another file. */
bool openapi_serve(const struct request *request);
