/* One document type for JSON and YAML.
 *
 * A `doc` owns a tree of `node`s; a node lives as long as its doc. The same tree is read, changed and written. Integers
 * are exact (int64 and uint64), an empty list stays apart from an empty object, the order of keys is kept, a number too
 * large for its type is kept as written. Reading functions take NULL for a node and answer "absent", so paths need no
 * checks on the way.
 *
 * (yyjson underneath, its mutable half only: one kind of node for everything. Stores keep documents packed, so the
 * larger nodes of the mutable half cost nothing at rest.) */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"

struct doc;
struct node;

enum node_type { NODE_ABSENT, NODE_NULL, NODE_BOOL, NODE_INT, NODE_REAL, NODE_STRING, NODE_ARRAY, NODE_OBJECT };

/* --- documents --- */

/* An empty document without a root. */
struct doc *doc_new(void);
/* Strict JSON (RFC 8259), at most 256 levels deep; of equal keys in an object the last wins. NULL and err on failure
 * (line and column in the text). */
struct doc *doc_parse(const char *text, size_t len, struct err *err);
/* Some object in the parsed text had a key twice. */
bool doc_had_duplicates(const struct doc *doc);
/* A deep copy of `n` as a document of its own. */
struct doc *doc_copy(const struct node *n);
void doc_free(struct doc *doc);
/* One more owner of the same document: each frees it. From now on nobody changes it. */
struct doc *doc_share(struct doc *doc);
/* One's own again, to be changed: a copy takes the place of a shared document, which is left to the others. */
void doc_own(struct doc **doc);
bool doc_is_shared(const struct doc *doc);
struct node *doc_root(const struct doc *doc); /* NULL without a root or without a doc */
void doc_set_root(struct doc *doc, struct node *n);

/* --- reading --- */

enum node_type node_type(const struct node *n);
/* The value of a key of so many bytes in an object; NULL when absent. */
struct node *node_get_n(const struct node *n, const char *key, size_t len);
/* The same for a text; NULL for NULL. Inline, as the length of a constant is known when it is compiled. */
static inline struct node *node_get(const struct node *n, const char *key)
{
    return key != NULL ? node_get_n(n, key, strlen(key)) : NULL;
}
/* Down a path of keys: node_at(root, "spec", "template", "metadata"). */
#define node_at(n, ...) node_at_path((n), (const char *const[]){__VA_ARGS__, NULL})
struct node *node_at_path(const struct node *n, const char *const *path);
struct node *node_item(const struct node *array, size_t index);
/* Elements of an array, members of an object, else 0. */
size_t node_count(const struct node *n);

/* Borrowed text of a string node; NULL for anything else. */
const char *node_str(const struct node *n);
/* The same with its length: a text may have NULs in it. */
const char *node_str_n(const struct node *n, size_t *len);
const char *node_str_or(const struct node *n, const char *fallback);
/* Exact: true only for an integer that fits; a real such as 1.0 is an integer too, 1.5 is not. */
bool node_int(const struct node *n, int64_t *out);
int64_t node_int_or(const struct node *n, int64_t fallback);
bool node_real(const struct node *n, double *out); /* any number */
bool node_bool_or(const struct node *n, bool fallback);
bool node_is(const struct node *n, const char *s); /* a string equal to s */

struct node_iter {
    const char *key; /* NULL in an array */
    size_t key_len;  /* bytes, NULs in it counted */
    struct node *value;
    size_t index; /* of this value, from 0 */
    const struct node *container;
    void *state[2];
};
/* `n` must not change meanwhile:
 *
 *     struct node_iter it = node_iterate(n);
 *     while (node_next(&it)) { … it.key, it.value … }
 */
struct node_iter node_iterate(const struct node *n);
bool node_next(struct node_iter *it);

/* Same JSON value: keys in any order, 1 equals 1.0. Absent equals absent only. */
bool node_equal(const struct node *a, const struct node *b);
/* The same of two objects, whatever is under `key` in either. */
bool node_equal_but(const struct node *a, const struct node *b, const char *key);

/* --- building ---
 *
 * Nodes belong to `doc`; strings are copied, bytes in them that are no UTF-8 become U+FFFD. A node stands in one place
 * only: to put one that has a place already somewhere else, node_copy it (asserted). */

struct node *node_new_object(struct doc *doc);
struct node *node_new_array(struct doc *doc);
struct node *node_new_str(struct doc *doc, const char *s);
struct node *node_new_str_n(struct doc *doc, const char *s, size_t len);
struct node *node_new_int(struct doc *doc, int64_t value);
struct node *node_new_real(struct doc *doc, double value); /* null for NaN and infinities: JSON has none */
struct node *node_new_bool(struct doc *doc, bool value);
struct node *node_new_null(struct doc *doc);
/* Deep copy of `n` (of any document) into `doc`; NULL for absent. */
struct node *node_copy(struct doc *doc, const struct node *n);

/* Adds or replaces; a NULL value is ignored (so that optional copies read well). */
void node_set(struct doc *doc, struct node *object, const char *key, struct node *value);
/* Adds a key that is not there yet, and that outlives the document, as constants do; a NULL value is ignored. For
 * objects that are made by the thousand. */
void node_add(struct doc *doc, struct node *object, const char *key, struct node *value);
void node_set_str(struct doc *doc, struct node *object, const char *key, const char *s); /* NULL is ignored */
void node_set_int(struct doc *doc, struct node *object, const char *key, int64_t value);
void node_set_bool(struct doc *doc, struct node *object, const char *key, bool value);
/* The object under `key`, made when it is absent. */
struct node *node_ensure_object(struct doc *doc, struct node *object, const char *key);
void node_remove(struct node *object, const char *key);
void node_push(struct node *array, struct node *value);
void node_push_str(struct doc *doc, struct node *array, const char *s);
/* Before the element `index`, or at the end; `index` beyond it is asserted. */
void node_insert(struct node *array, size_t index, struct node *value);
void node_remove_item(struct node *array, size_t index);

/* --- writing --- */

/* Compact JSON; false when the buffer's ceiling was hit. */
bool node_write(const struct node *n, struct buf *b);
/* The same with the keys of every object sorted bytewise: equal values give equal bytes. */
bool node_write_sorted(const struct node *n, struct buf *b);
/* Compact JSON, terminated; borrowed until anything is written as JSON. */
const char *node_text(const struct node *n, size_t *len);
/* Compact JSON as a new string (mem_free). */
char *node_to_text(const struct node *n);
