/* How stored objects are shown to clients. */
#pragma once

#include "base/doc.h"
#include "sim/kinds/kinds.h"

/* False: api_present would show it just as it is stored, but for lists. */
bool api_present_changes(const struct kind *kind, const struct node *stored);
/* A copy of a stored object in the kind's version. In lists, built-in kinds say neither kind nor apiVersion. */
struct node *api_present(struct doc *doc, const struct kind *kind, const struct node *stored, bool in_list);
/* metadata as a PartialObjectMetadata. */
struct node *api_present_partial(struct doc *doc, const struct node *object);
