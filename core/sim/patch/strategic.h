/* Between the two files of the strategic merge: objects, and lists. */
#pragma once

#include "base/doc.h"
#include "sim/kinds/shape.h"

/* The object with the patch merged into it, new in `doc`; NULL: err. `object` NULL: empty. */
struct node *patch_strategic_object(struct doc *doc, const struct shape *shape, const struct node *object,
                                    const struct node *patch, struct err *err);
/* A copy without directives, and without members that are null; NULL when it is a directive itself. */
struct node *patch_strategic_plain(struct doc *doc, const struct node *patch);

/* A list that is merged by its strategy or replaced. `order`: NULL, or $setElementOrder. */
struct node *patch_strategic_list(struct doc *doc, const struct shape *shape, const struct node *list,
                                  const struct node *patch, const struct node *order, struct err *err);
/* $deleteFromPrimitiveList. */
struct node *patch_strategic_without(struct doc *doc, const struct node *list, const struct node *gone);
