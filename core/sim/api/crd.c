#include "sim/api/crd.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/api/failure.h"
#include "sim/api/ids.h"
#include "sim/api/inner.h"
#include "sim/api/object.h"
#include "sim/api/watch.h"
#include "sim/kinds/schema.h"
#include "sim/patch/patch.h"

/* --- definitions --- */

static void default_names(struct doc *crd, struct node *names)
{
    const char *kind = node_str_or(node_get(names, "kind"), "");
    char *singular = str_dup(kind), *list = str_format("%sList", kind);
    for (char *c = singular; *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z') {
            *c += 'a' - 'A';
        }
    }
    set_default_str(crd, names, "singular", singular);
    set_default_str(crd, names, "listKind", list);
    mem_free(singular);
    mem_free(list);
}

void crd_default(struct doc *crd)
{
    struct node *spec = node_ensure_object(crd, doc_root(crd), "spec");
    default_names(crd, node_ensure_object(crd, spec, "names"));
    set_default_str(crd, node_ensure_object(crd, spec, "conversion"), "strategy", "None");
    node_remove(doc_root(crd), "status");
    struct node *status = node_ensure_object(crd, doc_root(crd), "status"), *stored = NULL;
    struct node_iter it = node_iterate(node_get(spec, "versions"));
    while (node_next(&it)) {
        if (!node_bool_or(node_get(it.value, "storage"), false)) {
            continue;
        }
        stored = stored != NULL ? stored : node_new_array(crd);
        node_push_str(crd, stored, node_str_or(node_get(it.value, "name"), ""));
    }
    node_set(crd, status, "storedVersions", stored);
}

/* "properties[spec].type: Required value: why" as a cause. */
static void add_schema_cause(struct doc *causes, const char *under, const char *text)
{
    static const char *const reasons[][2] = {{"Required value", "FieldValueRequired"},
                                             {"Invalid value", "FieldValueInvalid"},
                                             {"Unsupported value", "FieldValueNotSupported"},
                                             {"Forbidden", "FieldValueForbidden"}};
    const char *colon = strstr(text, ": "), *message = colon != NULL ? colon + 2 : text, *reason = "FieldValueInvalid";
    char *path = colon != NULL ? str_dup_n(text, (size_t)(colon - text)) : str_dup("");
    char *field = str_format("%s%s%s", under, path[0] == '\0' ? "" : ".", path);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (str_has_prefix(message, reasons[i][0])) {
            reason = reasons[i][1];
        }
    }
    struct node *cause = node_new_object(causes);
    node_set_str(causes, cause, "reason", reason);
    node_set_str(causes, cause, "message", message);
    node_set_str(causes, cause, "field", field);
    node_push(doc_root(causes), cause);
    mem_free(path);
    mem_free(field);
}

static void check_schemas(const struct node *versions, struct doc *causes)
{
    struct node_iter it = node_iterate(versions);
    while (node_next(&it)) {
        const struct node *openapi = node_at(it.value, "schema", "openAPIV3Schema");
        char *under = node_count(versions) == 1 ? str_dup("spec.validation.openAPIV3Schema")
                                                : str_format("spec.versions[%zu].schema.openAPIV3Schema", it.index);
        struct err err;
        struct schema *schema = openapi != NULL ? schema_parse(openapi, &err) : NULL;
        if (openapi == NULL) {
            cause_required(causes, under, "schemas are required");
        } else if (schema == NULL) {
            add_schema_cause(causes, under, err.text);
        }
        schema_free(schema);
        mem_free(under);
    }
}

void crd_validate(const struct node *crd, struct doc *causes)
{
    const struct node *spec = node_get(crd, "spec"), *versions = node_get(spec, "versions");
    const char *plural = node_str_or(node_at(spec, "names", "plural"), ""), *name = meta_str(crd, "name");
    char *wanted = str_format("%s.%s", plural, node_str_or(node_get(spec, "group"), ""));
    size_t storages = 0;
    struct node_iter it = node_iterate(versions);
    while (node_next(&it)) {
        storages += node_bool_or(node_get(it.value, "storage"), false);
    }
    if (!str_equal(name, wanted)) {
        cause_invalid_str(causes, "metadata.name", name, "must be spec.names.plural+\".\"+spec.group");
    }
    if (storages != 1) {
        cause_invalid(causes, "spec.versions", versions, "must have exactly one version marked as storage version");
    }
    check_schemas(versions, causes);
    if (node_count(node_at(crd, "status", "storedVersions")) == 0) {
        cause_invalid(causes, "status.storedVersions", NULL, "must have at least one stored version");
    }
    mem_free(wanted);
}

/* --- being served --- */

static void add_condition(struct doc *crd, struct node *conditions, const char *type, const char *reason,
                          const char *message, const char *now)
{
    struct node *condition = node_new_object(crd);
    node_set_str(crd, condition, "type", type);
    node_set_str(crd, condition, "status", "True");
    node_set_str(crd, condition, "lastTransitionTime", now);
    node_set_str(crd, condition, "reason", reason);
    node_set_str(crd, condition, "message", message);
    node_push(conditions, condition);
}

/* The controller of a real server does this a moment later; clients wait for the condition either way. */
static void establish(struct api *api, const struct node *stored)
{
    struct doc *crd = doc_copy(stored);
    struct node *status = node_ensure_object(crd, doc_root(crd), "status"), *conditions = node_new_array(crd);
    char now[32];
    api_time_now(api, now);
    add_condition(crd, conditions, "NamesAccepted", "NoConflicts", "no conflicts found", now);
    add_condition(crd, conditions, "Established", "InitialNamesAccepted", "the initial names have been accepted", now);
    node_set(crd, status, "conditions", conditions);
    node_set(crd, status, "acceptedNames", node_copy(crd, node_at(stored, "spec", "names")));
    struct patch_writer writer = {.manager = "kube-apiserver", .subresource = "status", .time = now};
    patch_own(kinds_find(api->kinds, "apiextensions.k8s.io", "v1", "customresourcedefinitions"), stored, crd, &writer);
    objects_put(api->objects, "apiextensions.k8s.io/customresourcedefinitions", crd);
    doc_free(crd);
}

void crd_stored(struct api *api, const struct node *crd)
{
    struct err ignored; /* the schemas were checked */
    kinds_define(api->kinds, crd, &ignored);
    if (node_count(node_at(crd, "status", "conditions")) == 0) {
        establish(api, crd);
    }
}

struct sweep {
    struct str_list namespaces, names;
};

static bool on_each(void *ctx, const struct node *object)
{
    struct sweep *sweep = ctx;
    str_list_push(&sweep->namespaces, meta_str(object, "namespace"));
    str_list_push(&sweep->names, meta_str(object, "name"));
    return true;
}

void crd_removed(struct api *api, const struct node *crd)
{
    const char *group = node_str_or(node_at(crd, "spec", "group"), "");
    const char *plural = node_str_or(node_at(crd, "spec", "names", "plural"), "");
    char *storage = str_format("%s/%s", group, plural);
    struct sweep sweep = {0};
    objects_each(api->objects, storage, NULL, on_each, &sweep);
    for (size_t i = 0; i < sweep.names.count; i++) {
        objects_remove(api->objects, storage, sweep.namespaces.items[i], sweep.names.items[i]);
    }
    for (size_t i = 0; i < kinds_count(api->kinds); i++) {
        if (str_equal(kinds_at(api->kinds, i)->storage, storage)) {
            api_watches_end_of(api, kinds_at(api->kinds, i));
        }
    }
    kinds_forget(api->kinds, group, plural);
    str_list_fini(&sweep.namespaces);
    str_list_fini(&sweep.names);
    mem_free(storage);
}
