/* POST, PUT and PATCH: from a body to a struct write. */
#pragma once

#include "base/doc.h"

struct failure;
struct request;
struct write;

void verb_post(struct request *request);
void verb_put(struct request *request);
void verb_patch(struct request *request);

/* The body of a POST or PUT, as the kind has it; NULL: f. */
struct doc *verb_body(struct request *request, struct write *write, struct failure *f);
