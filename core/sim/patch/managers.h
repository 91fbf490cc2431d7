/* Who owns which fields: metadata.managedFields as structs. */
#pragma once

#include "sim/patch/field_walk.h"

struct manager {
    char *name, *api_version, *subresource, *time; /* subresource, time: may be NULL */
    bool applies;                                  /* operation Apply; Update otherwise */
    struct field_set fields;
};

struct managers {
    struct manager *items;
    size_t count;
};

/* False, and none: there are entries that cannot be read. */
bool managers_read(struct managers *managers, const struct node *entries);
void managers_fini(struct managers *managers);
/* The entries in the order of a server; NULL without any. */
struct node *managers_write(struct managers *managers, struct doc *doc);

/* The entry of a writer, added when there is none. Those who apply have one for all versions. Borrowed until the next
 * change. */
struct manager *managers_ensure(struct managers *managers, const char *name, bool applies, const char *api_version,
                                const char *subresource);
/* Entries without fields go; `kept` is none of them, whatever it has. */
void managers_drop_empty(struct managers *managers, const struct manager *kept);
/* A server keeps ten of those who update: the oldest become one. */
void managers_cap(struct managers *managers);

/* Other managers lose the fields that changed and those that are gone. When a manager would lose a changed field and
 * `force` is false, nothing is done and err is the server's text. */
bool managers_settle(struct managers *managers, const struct manager *self, const struct field_difference *difference,
                     bool force, struct err *err);
