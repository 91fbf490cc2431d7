/* The kinds an embedded API server serves: the built-in ones that a rollout touches, and those of
 * CustomResourceDefinitions. */
#pragma once

#include "base/doc.h"
#include "base/str.h"

struct schema;

struct kind {
    char *group, *version, *plural, *singular, *name, *list_name; /* name: "Deployment"; group "" for core */
    char *storage_version; /* in which a real server would keep the objects; discovery tells a hash of it */
    struct str_list short_names, categories;
    bool is_namespaced, has_status, has_scale;
    bool is_custom;
    bool is_review; /* it can be created, is answered, and is not kept */
    struct schema
        *schema; /* sim/kinds/schema.h: of a CRD's version, or what is known of a built-in kind; NULL: anything goes */
    struct doc *columns; /* a CRD's additionalPrinterColumns; NULL: the built-in ones of sim/api/table.c, or none */
    struct doc *scale;   /* a CRD's subresources.scale; NULL: the built-in paths */
    char *storage;       /* "group/plural": objects of all versions of a kind are the same objects */
};

struct kinds;

struct kinds *kinds_new(void); /* with the built-in ones */
void kinds_free(struct kinds *kinds);
/* Adds or replaces the versions that a CustomResourceDefinition serves. False: err is what an API server says about
 * it. */
bool kinds_define(struct kinds *kinds, const struct node *crd, struct err *err);
void kinds_forget(struct kinds *kinds, const char *group, const char *plural);

const struct kind *kinds_find(const struct kinds *kinds, const char *group, const char *version, const char *plural);
const struct kind *kinds_by_name(const struct kinds *kinds, const char *group, const char *version, const char *name);
/* The kind an object says it is of. */
const struct kind *kinds_of(const struct kinds *kinds, const struct node *object);
/* All of them, ordered by group, version, plural. */
size_t kinds_count(const struct kinds *kinds);
const struct kind *kinds_at(const struct kinds *kinds, size_t index);
