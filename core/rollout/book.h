/* One script that Canaries name: a Strategy, a Check, or a script that the engine brings. It is loaded in a VM of its
 * own, nothing of it runs, and it is sound, or has a fault with file and line. */
#pragma once

#include <uthash.h>

#include "canary/limits.h"
#include "context/context.h"

/* What tells Strategies from Checks. */
struct book_kind {
    const struct kube_resource *resource;
    const char *declares;             /* what its script must return: "strategy", "check" */
    char *(*module)(const char *key); /* the module of its script (mem_free) */
    bool modules_below;               /* the names of its own modules begin with that of its script */
};
extern const struct book_kind book_strategy, book_check;

struct book {
    UT_hash_handle hh;
    struct context *context;
    const struct book_kind *kind;
    struct doc *object;   /* what was looked at last, shared with the store */
    struct doc *sources;  /* {module: text}; what the engine itself brings has none */
    size_t size;          /* of these texts */
    struct doc *declared; /* its parameters, an object; NULL when it has a fault */
    struct limits limits; /* that it asks for */
    char *fault;          /* NULL: none */
    char *other_name;     /* that its script says, other than the object's; NULL: none */
    struct kube_call *write;
    struct timer retry;
    int64_t retry_ms;
    char key[]; /* "namespace/name"; "/name" when no object is behind it */
};

struct book *book_new(struct context *context, const struct book_kind *kind, const char *key);
/* Drops writes that are under way. */
void book_free(struct book *book);

/* Loads what an object's spec says. False: that is what was looked at last. */
bool book_look(struct book *book, struct doc *object);
/* Loads a module of the engine's. False: there is none. */
bool book_look_bundled(struct book *book);

/* Brings the status of its object in line with what was found: Ready, the parameters. */
void book_write_status(struct book *book);

/* Bytes of the texts of {module: text}. */
size_t book_sources_size(const struct node *sources);
