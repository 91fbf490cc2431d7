/* A schema as it is used: what is made of the document, for those who prune, default, validate and merge. */
#pragma once

#include "base/doc.h"
#include "base/pattern.h"

enum {
    RULE_OBJECT = 1,
    RULE_ARRAY = 2,
    RULE_STRING = 4,
    RULE_INTEGER = 8,
    RULE_NUMBER = 16,
    RULE_BOOLEAN = 32,
};

enum rule_list_type { RULE_LIST_ATOMIC, RULE_LIST_SET, RULE_LIST_MAP };

struct rule_bound {
    bool is_set, exclusive;
    double value;
};

struct rule_list {
    struct rule **items;
    size_t count;
};

/* Nodes and texts are the document's. */
struct rule {
    unsigned types;        /* RULE_*; 0: any */
    const char *type_text; /* "integer,string" for x-kubernetes-int-or-string */
    const char *format;    /* NULL as well for one that the server ignores */
    bool nullable, preserve, embedded, map_atomic, unique_items;
    int64_t length_min, length_max, items_min, items_max, properties_min, properties_max; /* -1: none */
    struct rule_bound minimum, maximum, multiple_of;
    const char *pattern_text;
    struct pattern *pattern;
    const struct node *values;        /* enum */
    const struct node *required;      /* an array of strings */
    const struct node *fallback;      /* default */
    struct rule_property *properties; /* in the order of their names */
    size_t property_count;
    struct rule *items;
    struct rule *additional; /* additionalProperties as a schema */
    bool has_additional, allows_additional;
    struct rule_list all_of, any_of, one_of;
    struct rule * not ;
    enum rule_list_type list_type;
    const struct node *list_keys; /* x-kubernetes-list-map-keys */
};

struct rule_property {
    const char *name;
    struct rule *rule;
};

struct schema {
    size_t owners; /* schema_parse counts up, schema_free down */
    struct doc *doc;
    struct rule *root;
    bool has_validations; /* x-kubernetes-validations somewhere */
};

/* The rules keep pointing into `openapi`. NULL: err names the path that cannot be. */
struct rule *rule_parse(const struct node *openapi, struct err *err);
void rule_free(struct rule *rule);

/* NULL when `rule` is NULL or names no such property. */
struct rule *rule_property(const struct rule *rule, const char *name);
/* The rule for a member: its property, or that of all others; NULL without one. */
struct rule *rule_member(const struct rule *rule, const char *name);
/* The value is null, and neither may be so nor (for what is a NULL rule) is anything known about it. */
bool rule_forbids_null(const struct rule *rule, const struct node *value);
