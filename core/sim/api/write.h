/* Create and update, whoever asks. */
#pragma once

#include "base/doc.h"
#include "base/str.h"
#include "sim/kinds/kinds.h"

struct api;
struct failure;

struct write {
    const struct kind *kind;
    const char *namespace;   /* NULL: the kind has none */
    const char *subresource; /* NULL, "status" or "scale" */
    const char *manager;     /* who owns what is written; NULL: nobody is noted */
    bool is_scale;           /* by way of the scale subresource, which is an owner of its own */
    bool dry_run, is_patch, is_apply;
    struct str_list unknown; /* warnings */
};
void write_fini(struct write *write);

/* What a body or a patch made, as the kind has it: unknown fields go and are noted. NULL: f. */
struct doc *write_decode(struct write *write, const struct node *body, struct failure *f);
/* The same; takes the body. */
struct doc *write_decode_own(struct write *write, struct doc *body, struct failure *f);
/* `object` was decoded; it is taken, the result is what was stored. NULL: f. */
struct doc *write_create(struct api *api, struct write *write, struct doc *object, struct failure *f);
struct doc *write_update(struct api *api, struct write *write, const struct node *existing, struct doc *object,
                         struct failure *f);
/* `object` was made of the version that is there. False: f. */
bool write_check_version(const struct write *write, const struct node *existing, const struct node *object,
                         struct failure *f);
/* The status of a built-in kind alone, as write_update writes it of an object that is otherwise as `existing` is. */
struct doc *write_status(struct api *api, struct write *write, const struct node *existing, const struct node *status,
                         struct failure *f);

/* Built-in kinds are stored as Go would write them: in the order of their types, with zero values, without what is
 * empty. Takes the object. */
struct doc *write_normalise(const struct kind *kind, struct doc *object);
