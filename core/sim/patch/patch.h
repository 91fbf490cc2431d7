/* The four kinds of PATCH as pure functions from an object and a patch to a new object. Errors carry the text an API
 * server answers with; err->http_status is 400, 409 or 422. */
#pragma once

#include "base/doc.h"
#include "base/err.h"

struct kind;

/* Who writes, where and when, as metadata.managedFields has it. */
struct patch_writer {
    const char *manager;     /* NULL or "": "unknown" */
    const char *subresource; /* NULL: the object itself; "status", … */
    const char *time;        /* RFC 3339 */
    bool force;              /* of an apply: it takes over the fields that other managers own */
};

/* RFC 7386, for a patch that is an object; what is new in it comes without its nulls. */
struct doc *patch_merge(const struct node *object, const struct node *patch, struct err *err);
/* RFC 6902: add, remove, replace, move, copy, test; with what servers add to it: negative indices, and a replacement of
 * what is not there adds it. A patch that does not fit is told about in one sentence that says nothing else, as servers
 * do. */
struct doc *patch_json(const struct node *object, const struct node *patch, struct err *err);
/* Strategic merge: lists with a merge key (containers by name, ports by containerPort, …), $patch: delete and replace,
 * $deleteFromPrimitiveList, $setElementOrder, $retainKeys. */
struct doc *patch_strategic(const struct kind *kind, const struct node *object, const struct node *patch,
                            struct err *err);
/* Server-side apply: what the writer owned and does not send any more goes, what another manager owns and differs is a
 * conflict unless it is forced. `object` NULL: created. Ownership is kept in metadata.managedFields.
 *
 * The fields of built-in kinds are not checked against a schema here. Entries of another version of the kind are taken
 * for entries of this one. The annotation of kubectl's client-side apply means nothing. */
struct doc *patch_apply(const struct kind *kind, const struct node *object, const struct node *patch,
                        const struct patch_writer *writer, struct err *err);
/* What every other write does to ownership: the writer owns what is different from `before` (NULL: created). Both
 * objects are as they would be stored, with defaults; metadata.managedFields of `object` is set. */
void patch_own(const struct kind *kind, const struct node *before, struct doc *object,
               const struct patch_writer *writer);
