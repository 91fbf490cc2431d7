/* The contents of a store's objects, as each of them is used: packed (base/pack.h), as text, or parsed.
 *
 *   taken in, or read ──> text, and parsed ──put aside──> packed
 *
 * A content that is in use keeps its text, and those that were read last are kept parsed, too. Both are bounded; what
 * was used least recently is put aside first, and is packed only then. So an object that changes ten times in a
 * release is packed once. A shelf that is cooled has packed contents alone. */
#pragma once

#include "base/doc.h"
#include "base/pack.h"

enum {
    SHELF_PARSED_MAX = 32,
    SHELF_TEXTS_MAX = 512 * 1024, /* bytes; one that is longer is kept alone */
};

struct warm_content;

/* Embedded in an object, which does not move. Zero-initialised it is empty. */
struct content {
    char *packed; /* NULL: not yet, it is in use */
    uint32_t packed_len;
    struct warm_content *warm; /* NULL: it is not in use */
};

/* Embedded in a store. */
struct shelf {
    struct pack pack; /* the objects of one kind repeat each other */
    struct warm_content *newest, *oldest;
    size_t texts_size; /* of all that are in use */
    size_t packed_size;
    struct content *parsed[SHELF_PARSED_MAX];
    size_t next_parsed; /* the place to be taken */
};

void shelf_init(struct shelf *shelf);
/* All contents must be cleared. */
void shelf_fini(struct shelf *shelf);
/* Puts all of them aside. */
void shelf_cool(struct shelf *shelf);
/* Bytes of what is kept, in the form in which it is kept longest. */
size_t shelf_size(const struct shelf *shelf);

bool content_is_empty(const struct content *content);
void content_clear(struct shelf *shelf, struct content *content);
/* Takes the object in the place of what was there. */
void content_set(struct shelf *shelf, struct content *content, struct doc *object, bool is_read_soon);
/* The object, shared with other readers (doc_free). Must not be empty. */
struct doc *content_read(struct shelf *shelf, struct content *content);
/* The same for a reader of all contents, each of which is read once: nothing of it is kept. */
struct doc *content_read_once(const struct shelf *shelf, const struct content *content);
