/* Releases for commands that read their records (why.c): of a cluster, or of a file. */
#pragma once

#include "base/doc.h"
#include "base/err.h"

struct why_source {
    const char *file;                             /* - for the standard input; NULL: a cluster */
    const char *kubeconfig, *context, *namespace; /* NULL: as kubectl has them */
    const char *canary;                           /* NULL: not told, which a file allows */
    int64_t number;                               /* of the Release; 0: the last one */
};

/* An array of the objects that are there; `place` becomes where, as in "in the namespace test" (str_free). NULL: they
 * could not be read, or the cluster has no such Canary. */
struct doc *why_read(const struct why_source *source, char **place, struct err *err);
