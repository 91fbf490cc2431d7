/* How the parts of an object are put together when two of them meet: which lists have keys, which maps are one value,
 * what a strategic merge does where.
 *
 * Of built-in kinds the table tells only what is out of the ordinary, for the kinds around a rollout; everything else
 * is an object merged by its members, a list that is one value, or a leaf. Of custom kinds the schema tells. */
#pragma once

#include "base/doc.h"
#include "sim/kinds/rule.h"

struct kind;
struct shape_field;

enum shape_how { SHAPE_PLAIN, SHAPE_ATOMIC, SHAPE_LIST_MAP, SHAPE_LIST_SET };
/* What a strategic merge does with a list or an object. */
enum { SHAPE_MERGE = 1, SHAPE_RETAIN_KEYS = 2, SHAPE_REPLACE = 4 };

struct shape {
    const struct shape_field *fields; /* of the object, or of a list's elements; NULL: nothing of note */
    const struct rule *rule;          /* of a custom kind */
    enum shape_how how;
    const char *keys;      /* of a built-in list: "containerPort,protocol=TCP", with defaults */
    const char *merge_key; /* of a strategic merge; NULL: none */
    unsigned strategy;     /* SHAPE_MERGE, … */
    bool is_named;         /* a field by its schema, not a key of a map */
};

struct shape shape_of_kind(const struct kind *kind);
struct shape shape_member(const struct shape *of, const char *key);
struct shape shape_element(const struct shape *of);

/* The name of an element in a list with keys or of a set, as managedFields have it: k:{"name":"x"}, v:"x" (mem_free).
 * NULL: err says why it has none. */
char *shape_element_name(const struct shape *list, const struct node *element, struct err *err);

/* A list with keys, or a set. */
bool shape_is_keyed(const struct shape *shape);
/* The elements of such a list by their names. */
struct shape_named {
    char *name;
    const struct node *value;
};
struct shape_elements {
    struct shape_named *items;
    size_t count;
};
/* Elements without a name are left out. */
struct shape_elements shape_elements_of(const struct shape *list, const struct node *array);
void shape_elements_fini(struct shape_elements *nodes);
/* The index of the first one from `start` on; `count` without one. */
size_t shape_elements_find(const struct shape_elements *nodes, const char *name, size_t start);
/* How many have this name; a list should have one of each, but strategic merges can make two. */
size_t shape_elements_count(const struct shape_elements *nodes, const char *name);

/* The table, in shape_table.c; a row without a name ends a list. NULL for a kind that is not in it. */
struct shape_field {
    const char *name;
    const struct shape_field *fields;
    enum shape_how how;
    const char *keys, *merge_key;
    unsigned strategy;
};
const struct shape_field *shape_table(const char *group, const char *version, const char *kind);
const struct shape_field *shape_table_metadata(void);
const struct shape_field *shape_table_whole(void); /* of elements that are one value */
