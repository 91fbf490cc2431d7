#include "workload/primary.h"

#include <string.h>

#include "base/str.h"
#include "kube/object.h"
#include "workload/affinity.h"
#include "workload/metadata.h"
#include "workload/tracked_config.h"

static struct node *primary_template(struct doc *doc, const struct canary_names *names, const struct node *target,
                                     const struct selector *selector, const struct primary_options *options)
{
    const struct node *source = node_at(target, "spec", "template");
    struct node *template = node_new_object(doc), *metadata = node_ensure_object(doc, template, "metadata");
    struct node *labels = metadata_copied(doc, node_at(source, "metadata", "labels"));
    char *value = str_format("%s-primary", selector->value);
    node_set_str(doc, labels, selector->key, value);
    str_free(&value);
    struct node *annotations = metadata_copied(doc, node_at(source, "metadata", "annotations"));
    node_set_str(doc, annotations, "flagger-id", options->promotion_id);
    node_set(doc, metadata, "labels", labels);
    node_set(doc, metadata, "annotations", annotations);
    struct node *pod_spec = node_copy(doc, node_get(source, "spec"));
    tracked_config_rename(doc, pod_spec, options->checksums);
    affinity_rename(doc, pod_spec, options->selector_labels, names->target, names->target_primary);
    node_set(doc, template, "spec", pod_spec);
    return template;
}

static struct node *primary_labels(struct doc *doc, const struct node *target, const struct selector *selector,
                                   const struct primary_options *options)
{
    struct node *labels = metadata_included(doc, node_at(target, "metadata", "labels"), options->label_prefixes);
    char *value = str_format("%s-primary", selector->value);
    node_set_str(doc, labels, selector->key, value);
    str_free(&value);
    return labels;
}

struct doc *primary_template_new(const struct canary_names *names, const struct node *target,
                                 const struct primary_options *options, struct err *err)
{
    const struct workload_kind *kind = workload_of(names);
    struct selector selector;
    if (!workload_selector(kind, target, options->selector_labels, &selector, err)) {
        return NULL;
    }
    struct doc *doc = doc_new();
    doc_set_root(doc, primary_template(doc, names, target, &selector, options));
    return doc;
}

struct doc *primary_new(const struct canary_names *names, const struct node *target,
                        const struct primary_options *options, struct err *err)
{
    const struct workload_kind *kind = workload_of(names);
    struct selector selector;
    if (!workload_selector(kind, target, options->selector_labels, &selector, err)) {
        return NULL;
    }
    struct doc *doc = object_new(kind->store.resource, names->namespace, names->target_primary);
    struct node *root = doc_root(doc), *metadata = node_get(root, "metadata");
    node_set(doc, metadata, "labels", primary_labels(doc, target, &selector, options));
    node_set(doc, metadata, "annotations", metadata_copied(doc, node_at(target, "metadata", "annotations")));
    struct node *owners = node_new_array(doc);
    node_push(owners, canary_owner_reference(doc, names));
    node_set(doc, metadata, "ownerReferences", owners);

    struct node *spec = node_ensure_object(doc, root, "spec");
    for (const char *const *field = kind->copied; *field != NULL; field++) {
        node_set(doc, spec, *field, node_copy(doc, node_at(target, "spec", *field)));
    }
    if (kind->has_replicas) {
        int64_t replicas = kind->replicas(target);
        node_set_int(doc, spec, "replicas", replicas > 0 ? replicas : 1);
    }
    struct node *template = primary_template(doc, names, target, &selector, options);
    struct node *match = node_ensure_object(doc, node_ensure_object(doc, spec, "selector"), "matchLabels");
    node_set(doc, match, selector.key, node_copy(doc, node_at(template, "metadata", "labels", selector.key)));
    node_set(doc, spec, "template", template);
    return doc;
}

/* "add" replaces what is there. */
static void push_add(struct doc *doc, struct node *operations, const char *path, struct node *value)
{
    struct node *operation = node_new_object(doc);
    node_set_str(doc, operation, "op", "add");
    node_set_str(doc, operation, "path", path);
    node_set(doc, operation, "value", value != NULL ? value : node_new_null(doc));
    node_push(operations, operation);
}

struct doc *primary_promotion(const struct canary_names *names, const struct node *target, const struct node *primary,
                              bool has_autoscaler, const struct primary_options *options, struct err *err)
{
    const struct workload_kind *kind = workload_of(names);
    struct selector selector;
    if (!workload_selector(kind, target, options->selector_labels, &selector, err)) {
        return NULL;
    }
    struct doc *doc = doc_new();
    struct node *operations = node_new_array(doc);
    doc_set_root(doc, operations);
    push_add(doc, operations, "/metadata/resourceVersion", node_new_str(doc, object_version(primary)));
    push_add(doc, operations, "/metadata/labels", primary_labels(doc, target, &selector, options));
    push_add(doc, operations, "/metadata/annotations",
             metadata_included(doc, node_at(target, "metadata", "annotations"), options->label_prefixes));
    for (const char *const *field = kind->copied; *field != NULL; field++) {
        char *path = str_format("/spec/%s", *field);
        push_add(doc, operations, path, node_copy(doc, node_at(target, "spec", *field)));
        str_free(&path);
    }
    if (kind->has_replicas && !has_autoscaler) {
        push_add(doc, operations, "/spec/replicas", node_copy(doc, node_at(target, "spec", "replicas")));
    }
    push_add(doc, operations, "/spec/template", primary_template(doc, names, target, &selector, options));
    return doc;
}
