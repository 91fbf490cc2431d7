/* One version of an object in the database: its compact text, and its tree while the object is in use.
 *
 * A text is a tenth of the memory of a tree, and what watches and the history want. A tree is what everybody else
 * wants, so those that were used last are kept. Versions are counted: the object has one, the history the others. */
#pragma once

#include "base/doc.h"

struct version;
struct trees; /* the trees that are kept, of all versions */

struct trees *trees_new(void);
/* Asserts that no version is left. */
void trees_free(struct trees *trees);

/* Keeps the document, which nobody changes from now on (doc_share). The tree of an object's first version is the next
 * to be forgotten until somebody reads it: most first versions, as those of Events, are never read. */
struct version *version_new(struct trees *trees, struct doc *object, bool is_first);
struct version *version_ref(struct version *version); /* NULL for NULL */
void version_unref(struct version *version);          /* NULL is fine */

const char *version_text(const struct version *version, size_t *len);
/* Shared with the caller (doc_free); NULL for NULL. */
struct doc *version_tree(struct version *version);
/* The same for those who are told of a version: its tree becomes no more likely to be kept. */
struct doc *version_peek(struct version *version);
/* The tree that is kept has this root. */
bool version_is(const struct version *version, const struct node *root);
/* It belongs to the past: who reads it again pays for it. */
void version_forget_tree(struct version *version);
