#include "canary/ownership.h"

#include "base/str.h"
#include "kube/object.h"

static bool is_signed(const struct node *object, const struct canary_names *names)
{
    const char *sign = object_annotation(object, OWNERSHIP_SIGN);
    return sign != NULL && str_equal(sign, names->name);
}

static const struct node *controller_of(const struct node *object)
{
    struct node_iter it = node_iterate(node_at(object, "metadata", "ownerReferences"));
    while (node_next(&it)) {
        if (node_bool_or(node_get(it.value, "controller"), false)) {
            return it.value;
        }
    }
    return NULL;
}

bool ownership_is_ours(const struct node *object, const struct canary_names *names)
{
    return object_is_controlled_by(object, "Canary", names->name) || is_signed(object, names);
}

bool ownership_is_rivals(const struct node *object, const struct canary_names *names)
{
    const struct node *controller = controller_of(object);
    return node_is(node_get(controller, "kind"), "Canary") && !ownership_is_ours(object, names);
}

bool ownership_is_a_canarys(const struct node *object)
{
    struct node_iter it = node_iterate(node_at(object, "metadata", "ownerReferences"));
    while (node_next(&it)) {
        if (node_is(node_get(it.value, "kind"), "Canary")) {
            return true;
        }
    }
    return false;
}

enum plan ownership_refuse(const struct kube_resource *resource, const struct node *object,
                           const struct canary_names *names, const char *why, struct err *err)
{
    char *whose = ownership_is_rivals(object, names)
                      ? str_format("it belongs to Canary %s", node_str_or(node_get(controller_of(object), "name"), ""))
                      : str_dup(why);
    err_set(err, ERR_INVALID,
            "%s %s.%s is left alone: %s; for Canary %s to take it, annotate it with " OWNERSHIP_SIGN ": %s",
            resource->kind, object_name(object), object_namespace(object), whose, names->name, names->name);
    str_free(&whose);
    return PLAN_FOREIGN;
}
