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
/* `object` was decoded; it is taken, the result is what was stored. NULL: f. */
struct doc *write_create(struct api *api, struct write *write, struct doc *object, struct failure *f);
struct doc *write_update(struct api *api, struct write *write, const struct node *existing, struct doc *object,
                         struct failure *f);
