/* The body of a PATCH. */
#pragma once

#include "base/doc.h"

struct failure;
struct request;

/* What it makes of `object`. NULL: there is none yet, which only an apply can do something about. Returns NULL: f. */
struct doc *patch_of_body(const struct request *request, const struct node *object, struct failure *f);
bool patch_is_apply(const struct request *request);
