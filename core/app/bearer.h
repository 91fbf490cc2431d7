/* Who a command is to a server that asks for a bearer token, as Thanos, Mimir and the Prometheus of a cloud do. */
#pragma once

#include "base/err.h"

/* The value of the header Authorization, "Bearer …", of the token in a file; without a file (NULL) of the one that this
 * variable of the environment holds. NULL: there is none, or err says why it cannot be had (mem_free). */
char *bearer_read(const char *file, const char *variable, struct err *err);
