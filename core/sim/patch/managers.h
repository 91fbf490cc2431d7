/* Who owns which fields: metadata.managedFields as structs. */
#pragma once

#include "sim/patch/field_walk.h"

struct manager {
    char *name, *api_version, *subresource, *time; /* subresource, time: may be NULL */
    bool applies;                                  /* operation Apply; Update otherwise */
    const struct node *written; /* the fields as they were read, while nobody has asked for them; NULL: `fields` */
    struct field_set fields;    /* manager_fields: a set is dear, and most entries stay as they are */
};

struct managers {
    struct manager *items;
    size_t count;
};

/* The set, to be read or changed. */
struct field_set *manager_fields(struct manager *manager);

/* False, and none: there are entries that cannot be read. `entries` must outlive the managers. */
bool managers_read(struct managers *managers, const struct node *entries);
void managers_fini(struct managers *managers);
/* The entries in the order of a server; NULL without any. */
struct node *managers_write(struct managers *managers, struct doc *doc);

/* The entry of a writer; NULL: none. Borrowed until the next change. */
struct manager *managers_find(struct managers *managers, const char *name, bool applies, const char *api_version,
                              const char *subresource);
/* The same, added when there is none. Those who apply have one for all versions. */
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
