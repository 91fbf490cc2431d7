/* Objects as controllers read and write them. */
#pragma once

#include "base/doc.h"
#include "sim/controllers/graph.h"
#include "sim/kinds/kinds.h"

struct controllers;

/* A copy, to be changed; NULL when it has gone. */
struct doc *item_read(struct controllers *c, const struct item *item);
/* The same to be looked at, as most looks change nothing: doc_own comes before a change. */
struct doc *item_view(struct controllers *c, const struct item *item);
/* Writes and takes over what is stored now, to be looked at as after item_view. False: it was refused
 * (api_write_back). */
bool item_save(struct controllers *c, struct doc **doc, const char *subresource);
/* A copy of the status, to be changed: the root of a document, an object. */
struct doc *item_status(const struct node *object);
/* The status, if it is another one: most looks change nothing, and a write that changes nothing costs as much as any.
 * What else of `doc` was changed is saved along with it. */
void item_save_status(struct controllers *c, struct doc **doc, const struct node *status);
/* Go leaves out a zero. */
void item_set_count(struct doc *doc, struct node *status, const char *key, int64_t value);
/* The kind an object says it is of; NULL when it is not served. */
const struct kind *item_kind_of(struct controllers *c, const struct node *object);
/* The uid of who controls it; NULL when nobody does. */
const char *item_controller(const struct node *object);
/* `owner` becomes the one that controls it; nobody does yet. */
void item_own(struct doc *doc, const struct node *owner);
/* Forgets the owner. */
void item_disown(struct doc *doc, const char *uid);
bool item_is_ending(const struct node *object);
const char *item_name(const struct node *object);
const char *item_uid(const struct node *object);
const char *item_annotation(const struct node *object, const char *key);
void item_annotate(struct doc *doc, const char *key, const char *value);
bool item_has_finalizer(const struct node *object, const char *finalizer);
void item_remove_finalizer(struct doc *doc, const char *finalizer);
