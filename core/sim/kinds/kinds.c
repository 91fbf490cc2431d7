#include "sim/kinds/kinds.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/kinds/schema.h"

struct kinds {
    struct kind **items; /* ordered by group, version, plural */
    size_t count;
};

/* --- the built-in ones --- */

enum { NAMESPACED = 1, STATUS = 2, SCALE = 4, ALL = 8, REVIEW = 16 };

struct builtin {
    const char *group, *version, *plural, *singular, *name, *short_names;
    int flags;
};

static const struct builtin builtins[] = {
    {"", "v1", "configmaps", "configmap", "ConfigMap", "cm", NAMESPACED},
    {"", "v1", "endpoints", "endpoints", "Endpoints", "ep", NAMESPACED},
    {"", "v1", "events", "event", "Event", "ev", NAMESPACED},
    {"", "v1", "namespaces", "namespace", "Namespace", "ns", STATUS},
    {"", "v1", "nodes", "node", "Node", "no", STATUS},
    {"", "v1", "pods", "pod", "Pod", "po", NAMESPACED | STATUS | ALL},
    {"", "v1", "secrets", "secret", "Secret", "", NAMESPACED},
    {"", "v1", "serviceaccounts", "serviceaccount", "ServiceAccount", "sa", NAMESPACED},
    {"", "v1", "services", "service", "Service", "svc", NAMESPACED | STATUS | ALL},
    {"apiextensions.k8s.io", "v1", "customresourcedefinitions", "customresourcedefinition", "CustomResourceDefinition",
     "crd,crds", STATUS},
    {"apps", "v1", "daemonsets", "daemonset", "DaemonSet", "ds", NAMESPACED | STATUS | ALL},
    {"apps", "v1", "deployments", "deployment", "Deployment", "deploy", NAMESPACED | STATUS | SCALE | ALL},
    {"apps", "v1", "replicasets", "replicaset", "ReplicaSet", "rs", NAMESPACED | STATUS | SCALE | ALL},
    {"apps", "v1", "statefulsets", "statefulset", "StatefulSet", "sts", NAMESPACED | STATUS | SCALE | ALL},
    {"authentication.k8s.io", "v1", "selfsubjectreviews", "selfsubjectreview", "SelfSubjectReview", "", REVIEW},
    {"authorization.k8s.io", "v1", "selfsubjectaccessreviews", "selfsubjectaccessreview", "SelfSubjectAccessReview", "",
     REVIEW},
    {"autoscaling", "v2", "horizontalpodautoscalers", "horizontalpodautoscaler", "HorizontalPodAutoscaler", "hpa",
     NAMESPACED | STATUS | ALL},
    {"coordination.k8s.io", "v1", "leases", "lease", "Lease", "", NAMESPACED},
    {"discovery.k8s.io", "v1", "endpointslices", "endpointslice", "EndpointSlice", "", NAMESPACED},
    {"networking.k8s.io", "v1", "ingresses", "ingress", "Ingress", "ing", NAMESPACED | STATUS},
    {"rbac.authorization.k8s.io", "v1", "clusterrolebindings", "clusterrolebinding", "ClusterRoleBinding", "", 0},
    {"rbac.authorization.k8s.io", "v1", "clusterroles", "clusterrole", "ClusterRole", "", 0},
    {"rbac.authorization.k8s.io", "v1", "rolebindings", "rolebinding", "RoleBinding", "", NAMESPACED},
    {"rbac.authorization.k8s.io", "v1", "roles", "role", "Role", "", NAMESPACED},
};

static char *storage_of(const char *group, const char *plural)
{
    return str_format("%s/%s", group, plural);
}

static struct kind *builtin_new(const struct builtin *b)
{
    struct kind *kind = mem_new(struct kind);
    *kind = (struct kind){
        .group = str_dup(b->group),
        .version = str_dup(b->version),
        .storage_version = str_dup(b->version),
        .plural = str_dup(b->plural),
        .singular = str_dup(b->singular),
        .name = str_dup(b->name),
        .list_name = str_format("%sList", b->name),
        .is_namespaced = (b->flags & NAMESPACED) != 0,
        .has_status = (b->flags & STATUS) != 0,
        .has_scale = (b->flags & SCALE) != 0,
        .is_review = (b->flags & REVIEW) != 0,
        .storage = storage_of(b->group, b->plural),
    };
    if (b->short_names[0] != '\0') {
        str_list_split(&kind->short_names, b->short_names, ',');
    }
    if (b->flags & ALL) {
        str_list_push(&kind->categories, "all");
    }
    return kind;
}

/* --- life --- */

static void kind_fini(struct kind *kind)
{
    str_free(&kind->group);
    str_free(&kind->version);
    str_free(&kind->storage_version);
    str_free(&kind->plural);
    str_free(&kind->singular);
    str_free(&kind->name);
    str_free(&kind->list_name);
    str_free(&kind->storage);
    str_list_fini(&kind->short_names);
    str_list_fini(&kind->categories);
    schema_free(kind->schema);
    doc_free(kind->columns);
    doc_free(kind->scale);
}

static int compare(const struct kind *kind, const char *group, const char *version, const char *plural)
{
    int order = strcmp(kind->group, group);
    if (order == 0) {
        order = strcmp(kind->version, version);
    }
    return order != 0 ? order : strcmp(kind->plural, plural);
}

/* Whoever holds a kind keeps it when its definition changes. */
static void put(struct kinds *kinds, struct kind *kind)
{
    size_t index = 0;
    while (index < kinds->count && compare(kinds->items[index], kind->group, kind->version, kind->plural) < 0) {
        index++;
    }
    if (index < kinds->count && compare(kinds->items[index], kind->group, kind->version, kind->plural) == 0) {
        kind_fini(kinds->items[index]);
        *kinds->items[index] = *kind;
        mem_free(kind);
        return;
    }
    kinds->items = mem_resize(kinds->items, (kinds->count + 1) * sizeof(kinds->items[0]));
    memmove(&kinds->items[index + 1], &kinds->items[index], (kinds->count - index) * sizeof(kinds->items[0]));
    kinds->items[index] = kind;
    kinds->count++;
}

struct kinds *kinds_new(void)
{
    struct kinds *kinds = mem_new(struct kinds);
    for (size_t i = 0; i < sizeof builtins / sizeof builtins[0]; i++) {
        put(kinds, builtin_new(&builtins[i]));
    }
    return kinds;
}

void kinds_free(struct kinds *kinds)
{
    if (kinds == NULL) {
        return;
    }
    for (size_t i = 0; i < kinds->count; i++) {
        kind_fini(kinds->items[i]);
        mem_free(kinds->items[i]);
    }
    mem_free(kinds->items);
    mem_free(kinds);
}

/* --- custom ones --- */

static void copy_list(struct str_list *list, const struct node *names)
{
    struct node_iter it = node_iterate(names);
    while (node_next(&it)) {
        str_list_push(list, node_str_or(it.value, ""));
    }
}

static char *lower(const char *s)
{
    char *copy = str_dup(s);
    for (char *c = copy; *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z') {
            *c += 'a' - 'A';
        }
    }
    return copy;
}

static const char *storage_version(const struct node *spec)
{
    struct node_iter it = node_iterate(node_get(spec, "versions"));
    while (node_next(&it)) {
        if (node_bool_or(node_get(it.value, "storage"), false)) {
            return node_str_or(node_get(it.value, "name"), "");
        }
    }
    return "";
}

static struct kind *custom_new(const struct node *spec, const struct node *version)
{
    const struct node *names = node_get(spec, "names");
    const char *name = node_str_or(node_get(names, "kind"), "");
    const char *list_name = node_str(node_get(names, "listKind")), *singular = node_str(node_get(names, "singular"));
    struct kind *kind = mem_new(struct kind);
    *kind = (struct kind){
        .group = str_dup(node_str_or(node_get(spec, "group"), "")),
        .version = str_dup(node_str_or(node_get(version, "name"), "")),
        .storage_version = str_dup(storage_version(spec)),
        .plural = str_dup(node_str_or(node_get(names, "plural"), "")),
        .singular = str_empty(singular) ? lower(name) : str_dup(singular),
        .name = str_dup(name),
        .list_name = str_empty(list_name) ? str_format("%sList", name) : str_dup(list_name),
        .is_namespaced = node_is(node_get(spec, "scope"), "Namespaced"),
        .has_status = node_type(node_at(version, "subresources", "status")) == NODE_OBJECT,
        .has_scale = node_type(node_at(version, "subresources", "scale")) == NODE_OBJECT,
        .is_custom = true,
        .columns = node_get(version, "additionalPrinterColumns") != NULL
                       ? doc_copy(node_get(version, "additionalPrinterColumns"))
                       : NULL,
    };
    kind->scale = kind->has_scale ? doc_copy(node_at(version, "subresources", "scale")) : NULL;
    kind->storage = storage_of(kind->group, kind->plural);
    copy_list(&kind->short_names, node_get(names, "shortNames"));
    copy_list(&kind->categories, node_get(names, "categories"));
    return kind;
}

static bool define_version(struct kinds *kinds, const struct node *spec, const struct node *version, struct err *err)
{
    const struct node *openapi = node_at(version, "schema", "openAPIV3Schema");
    struct schema *schema = openapi != NULL ? schema_parse(openapi, err) : NULL;
    if (openapi != NULL && schema == NULL) {
        return err_wrap(err, "version %s", node_str_or(node_get(version, "name"), ""));
    }
    struct kind *kind = custom_new(spec, version);
    kind->schema = schema;
    put(kinds, kind);
    return true;
}

bool kinds_define(struct kinds *kinds, const struct node *crd, struct err *err)
{
    const struct node *spec = node_get(crd, "spec");
    struct node_iter it = node_iterate(node_get(spec, "versions"));
    while (node_next(&it)) {
        if (node_bool_or(node_get(it.value, "served"), false) && !define_version(kinds, spec, it.value, err)) {
            return false;
        }
    }
    return true;
}

void kinds_forget(struct kinds *kinds, const char *group, const char *plural)
{
    size_t kept = 0;
    for (size_t i = 0; i < kinds->count; i++) {
        struct kind *kind = kinds->items[i];
        if (!str_equal(kind->group, group) || !str_equal(kind->plural, plural)) {
            kinds->items[kept++] = kind;
            continue;
        }
        kind_fini(kind);
        mem_free(kind);
    }
    kinds->count = kept;
}

/* --- finding --- */

const struct kind *kinds_find(const struct kinds *kinds, const char *group, const char *version, const char *plural)
{
    for (size_t i = 0; i < kinds->count; i++) {
        if (compare(kinds->items[i], group, version, plural) == 0) {
            return kinds->items[i];
        }
    }
    return NULL;
}

const struct kind *kinds_by_name(const struct kinds *kinds, const char *group, const char *version, const char *name)
{
    for (size_t i = 0; i < kinds->count; i++) {
        const struct kind *kind = kinds->items[i];
        if (str_equal(kind->group, group) && str_equal(kind->version, version) && str_equal(kind->name, name)) {
            return kind;
        }
    }
    return NULL;
}

const struct kind *kinds_of(const struct kinds *kinds, const struct node *object)
{
    const char *version = node_str_or(node_get(object, "apiVersion"), "");
    const char *slash = strchr(version, '/');
    char *group = str_dup_n(version, slash != NULL ? (size_t)(slash - version) : 0);
    const struct kind *kind =
        kinds_by_name(kinds, group, slash != NULL ? slash + 1 : version, node_str_or(node_get(object, "kind"), ""));
    mem_free(group);
    return kind;
}

size_t kinds_count(const struct kinds *kinds)
{
    return kinds->count;
}

const struct kind *kinds_at(const struct kinds *kinds, size_t index)
{
    return kinds->items[index];
}
