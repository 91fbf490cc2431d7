#include "sim/patch/managers.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/kinds/outcome.h"
#include "sim/patch/field_written.h"
#include "sim/patch/refuse.h"

enum { UPDATERS_MAX = 10, CONFLICT_BYTES_MAX = 64 * 1024 };

#define OLD_UPDATES "ancient-changes"

static void manager_fini(struct manager *manager)
{
    mem_free(manager->name);
    mem_free(manager->api_version);
    mem_free(manager->subresource);
    mem_free(manager->time);
    field_set_fini(&manager->fields);
}

void managers_fini(struct managers *managers)
{
    for (size_t i = 0; i < managers->count; i++) {
        manager_fini(&managers->items[i]);
    }
    mem_free(managers->items);
    *managers = (struct managers){0};
}

static struct manager *push(struct managers *managers, const char *name, bool applies, const char *api_version,
                            const char *subresource, const char *time)
{
    managers->items = mem_resize(managers->items, (managers->count + 1) * sizeof *managers->items);
    managers->items[managers->count] = (struct manager){.name = str_dup(name),
                                                        .applies = applies,
                                                        .api_version = str_dup(api_version),
                                                        .subresource = str_dup(subresource),
                                                        .time = str_dup(time)};
    return &managers->items[managers->count++];
}

bool managers_read(struct managers *managers, const struct node *entries)
{
    *managers = (struct managers){0};
    struct node_iter it = node_iterate(entries);
    while (node_next(&it)) {
        const struct node *entry = it.value;
        bool applies = node_is(node_get(entry, "operation"), "Apply");
        const char *version = node_str(node_get(entry, "apiVersion"));
        if ((!applies && !node_is(node_get(entry, "operation"), "Update")) || str_empty(version) ||
            !node_is(node_get(entry, "fieldsType"), "FieldsV1")) {
            managers_fini(managers);
            return false;
        }
        const char *subresource = node_str(node_get(entry, "subresource"));
        struct manager *one = push(managers, node_str_or(node_get(entry, "manager"), ""), applies, version,
                                   str_empty(subresource) ? NULL : subresource, node_str(node_get(entry, "time")));
        const struct node *fields = node_get(entry, "fieldsV1");
        if (field_written_is_canonical(fields)) {
            one->written = fields;
        } else {
            field_set_read(&one->fields, fields);
        }
    }
    return true;
}

struct field_set *manager_fields(struct manager *manager)
{
    if (manager->written != NULL) {
        field_set_read(&manager->fields, manager->written);
        manager->written = NULL;
    }
    return &manager->fields;
}

/* --- one and all --- */

struct manager *managers_find(struct managers *managers, const char *name, bool applies, const char *api_version,
                              const char *subresource)
{
    for (size_t i = 0; i < managers->count; i++) {
        struct manager *one = &managers->items[i];
        if (str_equal(one->name, name) && one->applies == applies && str_equal(one->subresource, subresource) &&
            (applies || str_equal(one->api_version, api_version))) {
            return one;
        }
    }
    return NULL;
}

struct manager *managers_ensure(struct managers *managers, const char *name, bool applies, const char *api_version,
                                const char *subresource)
{
    struct manager *one = managers_find(managers, name, applies, api_version, subresource);
    return one != NULL ? one : push(managers, name, applies, api_version, subresource, NULL);
}

void managers_drop_empty(struct managers *managers, const struct manager *kept)
{
    size_t count = 0;
    for (size_t i = 0; i < managers->count; i++) {
        struct manager *one = &managers->items[i];
        if (one == kept || one->written != NULL || !field_set_empty(&one->fields)) {
            managers->items[count++] = *one;
        } else {
            manager_fini(one);
        }
    }
    managers->count = count;
}

static int compare_texts(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b);
}

static int by_order(const void *left, const void *right)
{
    const struct manager *a = left, *b = right;
    if (a->applies != b->applies) {
        return a->applies ? -1 : 1;
    }
    int order = compare_texts(a->time, b->time);
    order = order != 0 ? order : compare_texts(a->name, b->name);
    order = order != 0 ? order : compare_texts(a->api_version, b->api_version);
    return order != 0 ? order : compare_texts(a->subresource, b->subresource);
}

static void sort(struct managers *managers)
{
    if (managers->count > 1) {
        qsort(managers->items, managers->count, sizeof *managers->items, by_order);
    }
}

void managers_cap(struct managers *managers)
{
    size_t updaters = 0, first = managers->count;
    sort(managers);
    for (size_t i = 0; i < managers->count; i++) {
        updaters += !managers->items[i].applies;
        if (!managers->items[i].applies && first == managers->count) {
            first = i;
        }
    }
    if (updaters <= UPDATERS_MAX) {
        return;
    }
    /* The oldest two of a version are one too many; what is old already takes the second. */
    struct manager *bucket = &managers->items[first];
    for (size_t i = first + 1; i < managers->count && updaters > UPDATERS_MAX; i++) {
        struct manager *one = &managers->items[i];
        if (!str_equal(one->api_version, bucket->api_version)) {
            continue;
        }
        field_set_add(manager_fields(bucket), manager_fields(one));
        mem_free(bucket->name);
        mem_free(bucket->time);
        bucket->name = str_dup(OLD_UPDATES);
        bucket->time = str_dup(one->time);
        str_free(&bucket->subresource);
        field_set_fini(&one->fields);
        updaters--;
    }
    managers_drop_empty(managers, NULL);
}

static void add_text(struct doc *doc, struct node *entry, const char *key, const char *text)
{
    node_add(doc, entry, key, text != NULL ? node_new_str(doc, text) : NULL);
}

struct node *managers_write(struct managers *managers, struct doc *doc)
{
    sort(managers);
    struct node *entries = node_new_array(doc);
    for (size_t i = 0; i < managers->count; i++) {
        const struct manager *one = &managers->items[i];
        struct node *entry = node_new_object(doc);
        add_text(doc, entry, "manager", one->name);
        add_text(doc, entry, "operation", one->applies ? "Apply" : "Update");
        add_text(doc, entry, "apiVersion", one->api_version);
        add_text(doc, entry, "time", one->time);
        add_text(doc, entry, "fieldsType", "FieldsV1");
        node_add(doc, entry, "fieldsV1",
                 one->written != NULL ? node_copy(doc, one->written) : field_set_write(&one->fields, doc));
        add_text(doc, entry, "subresource", one->subresource);
        node_push(entries, entry);
    }
    return managers->count > 0 ? entries : NULL;
}

/* --- conflicts --- */

struct conflicts {
    struct buf text;
    size_t count, managers;
    char *last; /* the last manager and its path, for a text of one */
    char *last_path;
};

static char *manager_text(const struct manager *manager)
{
    char *name = outcome_quoted(manager->name), *subresource = str_dup("");
    if (manager->subresource != NULL) {
        mem_free(subresource);
        char *shown_name = outcome_quoted(manager->subresource);
        subresource = str_format(" with subresource %s", shown_name);
        mem_free(shown_name);
    }
    char *text = str_format("%s%s%s%s", name, subresource, manager->applies ? "" : " using ",
                            manager->applies ? "" : manager->api_version);
    mem_free(name);
    mem_free(subresource);
    return text;
}

static void add_path(void *ctx, const char *path)
{
    struct conflicts *conflicts = ctx;
    conflicts->count++;
    buf_printf(&conflicts->text, "\n- %s", path);
    mem_free(conflicts->last_path);
    conflicts->last_path = str_dup(path);
}

static void add_conflicts(struct conflicts *conflicts, const struct manager *manager, const struct field_set *fields)
{
    if (field_set_empty(fields)) {
        return;
    }
    mem_free(conflicts->last);
    conflicts->last = manager_text(manager);
    buf_printf(&conflicts->text, "%sconflicts with %s:", conflicts->managers++ > 0 ? "\n" : "", conflicts->last);
    field_set_each(fields, add_path, conflicts);
}

static bool refuse_conflicts(struct conflicts *conflicts, struct err *err)
{
    if (conflicts->count == 1) {
        patch_refuse(err, ERR_CONFLICT, 409, "Apply failed with 1 conflict: conflict with %s: %s", conflicts->last,
                     conflicts->last_path);
    } else if (conflicts->count > 1) {
        patch_refuse(err, ERR_CONFLICT, 409, "Apply failed with %zu conflicts: %s", conflicts->count,
                     buf_str(&conflicts->text));
    }
    mem_free(conflicts->last);
    mem_free(conflicts->last_path);
    buf_fini(&conflicts->text);
    return conflicts->count == 0;
}

/* What a manager owns of what changed. */
static void contested(struct field_set *set, struct manager *manager, const struct field_difference *difference)
{
    field_set_copy(set, &difference->modified);
    field_set_add(set, &difference->added);
    field_set_intersect(set, manager_fields(manager));
}

static int by_name(const void *left, const void *right)
{
    const struct manager *const *a = left, *const *b = right;
    return compare_texts((*a)->name, (*b)->name);
}

static bool check_conflicts(struct managers *managers, const struct manager *self,
                            const struct field_difference *difference, struct err *err)
{
    struct conflicts conflicts = {0};
    buf_init(&conflicts.text, CONFLICT_BYTES_MAX);
    struct manager **ordered = mem_alloc_array(managers->count, sizeof *ordered);
    for (size_t i = 0; i < managers->count; i++) {
        ordered[i] = &managers->items[i];
    }
    if (managers->count > 1) {
        qsort(ordered, managers->count, sizeof *ordered, by_name);
    }
    for (size_t i = 0; i < managers->count; i++) {
        struct field_set set = {0};
        if (ordered[i] == self) {
            continue;
        }
        contested(&set, ordered[i], difference);
        add_conflicts(&conflicts, ordered[i], &set);
        field_set_fini(&set);
    }
    mem_free(ordered);
    return refuse_conflicts(&conflicts, err);
}

static bool loses(const struct manager *manager, const struct field_difference *difference)
{
    return manager->written == NULL || field_written_has_any(manager->written, &difference->modified) ||
           field_written_has_any(manager->written, &difference->added) ||
           field_written_has_any(manager->written, &difference->removed);
}

bool managers_settle(struct managers *managers, const struct manager *self, const struct field_difference *difference,
                     bool force, struct err *err)
{
    if (!force && !check_conflicts(managers, self, difference, err)) {
        return false;
    }
    for (size_t i = 0; i < managers->count; i++) {
        struct manager *one = &managers->items[i];
        if (one == self || !loses(one, difference)) {
            continue;
        }
        struct field_set *fields = manager_fields(one);
        field_set_subtract(fields, &difference->modified);
        field_set_subtract(fields, &difference->added);
        field_set_subtract(fields, &difference->removed);
    }
    return true;
}
