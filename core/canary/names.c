#include "canary/names.h"

#include <string.h>
#include <strings.h>

#include "base/hash.h"
#include "base/str.h"
#include "kube/object.h"

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
    names->apex_primary = str_format("%s-primary", names->apex);
    names->apex_canary = str_format("%s-canary", names->apex);
    names->target_primary = str_format("%s-primary", names->target);
    names->strategy = canary_reference_key(node_get(spec, "strategy"), names->namespace);
    names->id =
        str_format("%s.%s", names->name != NULL ? names->name : "", names->namespace != NULL ? names->namespace : "");
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

void canary_names_fini(struct canary_names *names)
{
    str_free(&names->apex_primary);
    str_free(&names->apex_canary);
    str_free(&names->target_primary);
    str_free(&names->id);
    str_free(&names->strategy);
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
