/* Where one of the servers of `sluice run` listens. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

enum { PLACE_HOST_MAX = 256 }; /* a name of DNS has at most 253 */

struct place {
    char host[PLACE_HOST_MAX]; /* "": all addresses */
    int port;                  /* 0: any */
};

/* A port, which is one on all addresses. `flag`: "-port", for the message. */
bool place_read_port(struct place *place, const char *flag, const char *value, struct err *err);
/* HOST:PORT. */
bool place_read(struct place *place, const char *flag, const char *value, struct err *err);
/* Two servers could not both listen there. */
bool place_meets(const struct place *a, const struct place *b);
