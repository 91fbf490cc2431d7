#include "sim/api/object.h"

#include "base/str.h"

/* --- its fields --- */

const char *meta_str(const struct node *object, const char *key)
{
    return node_str_or(node_at(object, "metadata", key), "");
}

int64_t meta_int(const struct node *object, const char *key)
{
    return node_int_or(node_at(object, "metadata", key), 0);
}

void set_default_str(struct doc *doc, struct node *object, const char *key, const char *value)
{
    if (str_empty(node_str(node_get(object, key)))) {
        node_set_str(doc, object, key, value);
    }
}

void set_default_int(struct doc *doc, struct node *object, const char *key, int64_t value)
{
    if (node_type(node_get(object, key)) != NODE_INT) {
        node_set_int(doc, object, key, value);
    }
}

/* --- names of its kind --- */

char *qualified_resource(const struct kind *kind)
{
    return kind->group[0] == '\0' ? str_dup(kind->plural) : str_format("%s.%s", kind->plural, kind->group);
}

char *api_version_of(const struct kind *kind)
{
    return kind->group[0] == '\0' ? str_dup(kind->version) : str_format("%s/%s", kind->group, kind->version);
}
