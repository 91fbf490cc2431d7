#include "workload/facts.h"

#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "kube/client.h"
#include "kube/object.h"
#include "workload/revision.h"
#include "workload/tracked_config.h"

enum { IMAGES_SIZE_MAX = 512, AUTHOR_SIZE_MAX = 128 /* as the API server has it */ };

/* --- pruning --- */

static void push_ports(struct doc *doc, struct node *ports, const struct node *container)
{
    struct node_iter it = node_iterate(node_get(container, "ports"));
    while (node_next(&it)) {
        struct node *port = node_new_object(doc);
        node_set(doc, port, "container", node_copy(doc, node_get(container, "name")));
        node_set(doc, port, "name", node_copy(doc, node_get(it.value, "name")));
        node_set(doc, port, "port", node_copy(doc, node_get(it.value, "containerPort")));
        node_set_int(doc, port, "index", (int64_t)it.index);
        node_push(ports, port);
    }
}

static struct node *container_ports(struct doc *doc, const struct node *pod_spec)
{
    struct node *ports = node_new_array(doc);
    struct node_iter it = node_iterate(node_get(pod_spec, "containers"));
    while (node_next(&it)) {
        push_ports(doc, ports, it.value);
    }
    return ports;
}

/* "podinfo:3.1.0", or "app=podinfo:3.1.0,proxy=envoy:1" for several containers: for people only, so it is cut. */
static void note_images(struct doc *object, struct node *sluice, const struct node *pod_spec)
{
    const struct node *containers = node_get(pod_spec, "containers");
    struct buf text;
    buf_init(&text, 4 * IMAGES_SIZE_MAX);
    struct node_iter it = node_iterate(containers);
    while (node_next(&it)) {
        const char *name = node_str_or(node_get(it.value, "name"), "");
        const char *image = node_str_or(node_get(it.value, "image"), "");
        char *one =
            node_count(containers) == 1 ? str_dup(image) : str_format("%s%s=%s", it.index > 0 ? "," : "", name, image);
        if (text.len < IMAGES_SIZE_MAX) {
            utf8_append_line(&text, one, strlen(one), IMAGES_SIZE_MAX - text.len);
        }
        str_free(&one);
    }
    node_set_str(object, sluice, "images", buf_str(&text));
    buf_fini(&text);
}

/* Every primary's template carries flagger-id; a target may be called "x-primary" too. */
static bool is_primary(const char *name, const struct node *template)
{
    return name != NULL && str_has_suffix(name, "-primary") &&
           node_at(template, "metadata", "annotations", "flagger-id") != NULL;
}

static bool owns_template(const struct node *entry)
{
    return node_get(entry, "subresource") == NULL && node_at(entry, "fieldsV1", "f:spec", "f:template") != NULL;
}

/* The latest of several, by their times; of equal ones the last. */
static const struct node *find_author(const struct node *managers)
{
    const struct node *latest = NULL;
    struct node_iter it = node_iterate(managers);
    while (node_next(&it)) {
        const char *at = node_str_or(node_get(it.value, "time"), "");
        bool other = !node_is(node_get(it.value, "manager"), KUBE_MANAGER);
        if (other && owns_template(it.value) &&
            (latest == NULL || strcmp(at, node_str_or(node_get(latest, "time"), "")) >= 0)) {
            latest = it.value;
        }
    }
    return latest;
}

static void note_author(struct doc *object, struct node *sluice, const struct node *managers)
{
    const struct node *latest = find_author(managers);
    const char *manager = node_str(node_get(latest, "manager"));
    if (manager != NULL && strlen(manager) <= AUTHOR_SIZE_MAX) {
        struct node *author = node_ensure_object(object, sluice, "author");
        node_set_str(object, author, "manager", manager);
        node_set_str(object, author, "at", node_str(node_get(latest, "time")));
    }
}

static void note_revision(struct doc *object, struct node *sluice, const struct node *template)
{
    const struct node *root = doc_root(object);
    const char *name = object_name(root);
    char revision[REVISION_SIZE];
    if (is_primary(name, template)) {
        char *target = str_dup_n(name, strlen(name) - strlen("-primary")), own[REVISION_SIZE];
        const struct node *labels = node_at(root, "spec", "selector", "matchLabels");
        revision_of_template(template, own);
        node_set_str(object, sluice, "own", own);
        if (!revision_of_primary_template(template, target, labels, revision)) {
            node_set_bool(object, sluice, "guessed", true);
        }
        str_free(&target);
    } else {
        revision_of_template(template, revision);
    }
    node_set_str(object, sluice, "revision", revision);
}

/* The annotation with which kubectl remembers what was applied repeats the whole object. */
static void drop_bulky_annotations(struct node *root)
{
    node_remove(node_at(root, "metadata", "annotations"), "kubectl.kubernetes.io/last-applied-configuration");
}

static void keep_fields(struct doc *object, struct node *root, const char *const *kept)
{
    struct node *spec = node_new_object(object);
    for (size_t i = 0; kept[i] != NULL; i++) {
        node_set(object, spec, kept[i], node_copy(object, node_at(root, "spec", kept[i])));
    }
    node_set(object, root, "spec", spec);
}

static void drop_messages(struct node *root)
{
    struct node_iter it = node_iterate(node_at(root, "status", "conditions"));
    while (node_next(&it)) {
        node_remove(it.value, "message");
    }
}

/* What was read from a store and goes back there. */
static bool is_pruned(const struct node *root)
{
    return node_get(root, "sluice") != NULL && node_at(root, "spec", "template") == NULL;
}

void facts_keep(struct doc *object, const struct node *managers, const char *const *kept)
{
    struct node *root = doc_root(object);
    const struct node *template = node_at(root, "spec", "template");
    if (is_pruned(root)) {
        return;
    }
    struct node *sluice = node_new_object(object);
    note_revision(object, sluice, template);
    node_set(object, sluice, "configs", tracked_config_references(object, node_get(template, "spec")));
    node_set(object, sluice, "ports", container_ports(object, node_get(template, "spec")));
    note_images(object, sluice, node_get(template, "spec"));
    note_author(object, sluice, managers);
    node_set(object, sluice, "labels", node_copy(object, node_at(template, "metadata", "labels")));
    node_set(object, sluice, "flaggerId",
             node_copy(object, node_at(template, "metadata", "annotations", "flagger-id")));
    node_set(object, root, "sluice", sluice);
    keep_fields(object, root, kept);
    drop_messages(root);
    drop_bulky_annotations(root);
}

/* --- reading --- */

const char *facts_revision(const struct node *workload)
{
    return node_str(node_at(workload, "sluice", "revision"));
}

const char *facts_images(const struct node *workload)
{
    return node_str(node_at(workload, "sluice", "images"));
}

const struct node *facts_author(const struct node *workload)
{
    return node_at(workload, "sluice", "author");
}

bool facts_revision_is_guessed(const struct node *workload)
{
    return node_bool_or(node_at(workload, "sluice", "guessed"), false);
}

const char *facts_own_revision(const struct node *primary)
{
    return node_str(node_at(primary, "sluice", "own"));
}

const char *facts_promotion_id(const struct node *workload)
{
    return node_str(node_at(workload, "sluice", "flaggerId"));
}

bool facts_is_chosen_by(const struct node *workload, const struct node *selector)
{
    struct node_iter it = node_iterate(selector);
    while (node_next(&it)) {
        if (!node_equal(node_at(workload, "sluice", "labels", it.key), it.value)) {
            return false;
        }
    }
    return node_count(selector) > 0;
}
