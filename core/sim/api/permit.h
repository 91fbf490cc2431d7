/* Whether a request may be: 401 for a token that nobody has, 403 for what its user may not. Both answer. */
#pragma once

#include <stdbool.h>

struct request;

bool permit_caller(const struct request *request);
bool permit_request(const struct request *request);
