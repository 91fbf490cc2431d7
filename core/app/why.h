/* What the commands share that tell of records: sluice why, replay. They read Releases of a cluster, or of a file, and
 * lua/tool/record tells of them. */
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

/* {objects, place, json} for lua/tool/record. */
struct doc *why_order(const struct doc *objects, const char *place, bool json);
/* What `run` of a module makes of an order. NULL: it raised. */
struct doc *why_ask(const char *module, const struct doc *order, struct err *err);
/* Prints what is told, or its problem, and gives the exit status. `command`: "why". */
int why_tell(const char *command, const struct doc *told);
