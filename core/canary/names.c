#include "canary/names.h"

#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "kube/object.h"

struct built_names {
    size_t others; /* owners besides the first */
    char text[];
};

/* Writes the text a + between + b at `*end`, which moves behind it. */
static const char *build(char **end, const char *a, const char *between, const char *b)
{
    const char *start = *end;
    *end = stpcpy(stpcpy(stpcpy(*end, a), between), b) + 1;
    return start;
}

static void build_names(struct canary_names *names, const struct node *canary)
{
    static const char primary[] = "-primary", of_canary[] = "-canary";
    const char *namespace = names->namespace != NULL ? names->namespace : "";
    const char *name = names->name != NULL ? names->name : "";
    const struct node *reference = node_at(canary, "spec", "strategy");
    bool names_one = !str_empty(node_str(node_get(reference, "name")));
    char *strategy = names_one ? canary_reference_key(reference, names->namespace) : NULL;
    size_t size = 2 * strlen(names->apex) + strlen(names->target) + 2 * sizeof primary + sizeof of_canary +
                  strlen(name) + strlen(namespace) + 2 + (strategy != NULL ? strlen(strategy) + 1 : 0);
    names->built = mem_alloc(sizeof *names->built + size);
    char *end = names->built->text;
    names->apex_primary = build(&end, names->apex, primary, "");
    names->apex_canary = build(&end, names->apex, of_canary, "");
    names->target_primary = build(&end, names->target, primary, "");
    names->id = build(&end, name, ".", namespace);
    names->strategy = strategy != NULL ? build(&end, strategy, "", "") : NULL;
    str_free(&strategy);
}

void canary_names_init(struct canary_names *names, const struct node *canary)
{
    const struct node *spec = node_get(canary, "spec");
    *names = (struct canary_names){0};
    names->name = object_name(canary);
    names->namespace = object_namespace(canary);
    names->uid = object_uid(canary);
    names->target = node_str_or(node_at(spec, "targetRef", "name"), "");
    names->target_kind = node_str_or(node_at(spec, "targetRef", "kind"), "");
    const char *service = node_str(node_at(spec, "service", "name"));
    names->apex = str_empty(service) ? names->target : service;
    build_names(names, canary);
}

void canary_names_copy(struct canary_names *copy, const struct canary_names *names)
{
    *copy = *names;
    copy->selector_label = NULL;
    copy->built->others++;
}

char *canary_reference_key(const struct node *reference, const char *own_namespace)
{
    if (reference == NULL || node_type(reference) == NODE_NULL) {
        return NULL;
    }
    const char *namespace = node_str(node_get(reference, "namespace"));
    namespace = str_empty(namespace) ? own_namespace : namespace;
    return str_format("%s/%s", namespace != NULL ? namespace : "", node_str_or(node_get(reference, "name"), ""));
}

const char *canary_reference_name(const char *key)
{
    const char *slash = strchr(key, '/');
    return slash != NULL ? slash + 1 : key;
}

char *canary_reference_namespace(const char *key)
{
    const char *slash = strchr(key, '/');
    return str_dup_n(key, slash != NULL ? (size_t)(slash - key) : 0);
}

void canary_names_fini(struct canary_names *names)
{
    if (names->built != NULL && names->built->others > 0) {
        names->built->others--;
    } else {
        mem_free(names->built);
    }
    *names = (struct canary_names){0};
}

bool canary_is_tcp(const struct node *canary)
{
    const char *protocol = node_str(node_at(canary, "spec", "service", "appProtocol"));
    return protocol != NULL && strcasecmp(protocol, "tcp") == 0;
}

char *name_shorten(const char *name, size_t max)
{
    enum { HASH_LEN = 10 };
    char hash[65];
    size_t len = strlen(name);
    if (len <= max) {
        return str_dup(name);
    }
    hash_sha256(name, len, hash);
    /* No part between two dots may end with a hyphen, nor be empty. */
    for (len = max - HASH_LEN - 1; len > 0 && strchr(".-_", name[len - 1]) != NULL;) {
        len--;
    }
    return str_format("%.*s-%.*s", (int)len, name, HASH_LEN, hash);
}

struct node *canary_owner_reference(struct doc *doc, const struct canary_names *names)
{
    struct node *owner = node_new_object(doc);
    node_set_str(doc, owner, "apiVersion", "flagger.app/v1beta1");
    node_set_str(doc, owner, "kind", "Canary");
    node_set_str(doc, owner, "name", names->name);
    node_set_str(doc, owner, "uid", names->uid);
    node_set_bool(doc, owner, "controller", true);
    node_set_bool(doc, owner, "blockOwnerDeletion", true);
    return owner;
}
