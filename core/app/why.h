/* What the commands share that tell of records: sluice why, replay. They read Releases of a cluster, or of a file, and
 * lua/tool/record tells of them. */
#pragma once

#include "app/session.h"
#include "base/doc.h"
#include "base/err.h"

/* An array of the objects that are there; `place` becomes where, as in "in the namespace test" (str_free). NULL: they
 * could not be read, or the cluster has no such Canary. */
struct doc *why_read_file(const char *path, char **place, struct err *err); /* "-": the standard input */
struct doc *why_read_cluster(struct session *session, const char *canary, char **place, struct err *err);

/* The Release of this name, and its Canary beside it, where that can be read. */
struct doc *why_read_release(struct session *session, const char *name, char **place, struct err *err);

/* {objects, place, json} for lua/tool/record. */
struct doc *why_order(const struct doc *objects, const char *place, bool json);
/* Prints what is told, or its problem, and gives the exit status. `command`: "why". */
int why_tell(const char *command, const struct doc *told);
