/* DELETE of an object and of a collection. */
#pragma once

#include "base/doc.h"
#include "sim/kinds/kinds.h"

struct api;
struct failure;
struct request;

struct delete_options {
    const char *uid, *version; /* preconditions; NULL: none */
    const char *propagation;   /* NULL: the kind's own */
    int64_t grace_s;           /* -1: the kind's own */
    bool dry_run;
};
/* `left`: what goes on existing with a deletionTimestamp, or what an answer tells of the deleted; else NULL. */
bool api_delete_object(struct api *api, const struct kind *kind, const char *namespace, const char *name,
                       const struct delete_options *options, struct doc **left, struct failure *f);

void verb_delete(struct request *request);
void verb_delete_collection(struct request *request);
