#include "workload/config_reference.h"

struct walk {
    config_reference_fn *fn;
    void *ctx;
};

static void visit(const struct walk *walk, const char *kind, struct node *holder, const char *key)
{
    const char *name = node_str(node_get(holder, key));
    if (name == NULL || name[0] == '\0') {
        return;
    }
    struct config_reference reference = {
        .kind = kind,
        .holder = holder,
        .key = key,
        .name = name,
        .optional = node_bool_or(node_get(holder, "optional"), false),
    };
    walk->fn(walk->ctx, &reference);
}

static void visit_volume(const struct walk *walk, const struct node *volume)
{
    visit(walk, "configmap", node_get(volume, "configMap"), "name");
    visit(walk, "secret", node_get(volume, "secret"), "secretName");
    struct node_iter it = node_iterate(node_at(volume, "projected", "sources"));
    while (node_next(&it)) {
        visit(walk, "configmap", node_get(it.value, "configMap"), "name");
        visit(walk, "secret", node_get(it.value, "secret"), "name");
    }
}

static void visit_container(const struct walk *walk, const struct node *container)
{
    struct node_iter it = node_iterate(node_get(container, "env"));
    while (node_next(&it)) {
        visit(walk, "configmap", node_at(it.value, "valueFrom", "configMapKeyRef"), "name");
        visit(walk, "secret", node_at(it.value, "valueFrom", "secretKeyRef"), "name");
    }
    it = node_iterate(node_get(container, "envFrom"));
    while (node_next(&it)) {
        visit(walk, "configmap", node_get(it.value, "configMapRef"), "name");
        visit(walk, "secret", node_get(it.value, "secretRef"), "name");
    }
}

void config_reference_each(const struct node *pod_spec, config_reference_fn *fn, void *ctx)
{
    struct walk walk = {.fn = fn, .ctx = ctx};
    struct node_iter it = node_iterate(node_get(pod_spec, "volumes"));
    while (node_next(&it)) {
        visit_volume(&walk, it.value);
    }
    it = node_iterate(node_get(pod_spec, "containers"));
    while (node_next(&it)) {
        visit_container(&walk, it.value);
    }
    it = node_iterate(node_get(pod_spec, "initContainers"));
    while (node_next(&it)) {
        visit_container(&walk, it.value);
    }
}
