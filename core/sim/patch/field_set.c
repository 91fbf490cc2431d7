#include "sim/patch/field_set.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/kinds/outcome.h"

enum { PATH_BYTES_MAX = 64 * 1024 };

/* Text, but numbers in keys and values by their size. */
int field_set_compare(const char *a, const char *b)
{
    if (a[0] == 'f' || b[0] == 'f') { /* a field: no number is in it */
        return strcmp(a, b);
    }
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            size_t left = strspn(a, "0123456789"), right = strspn(b, "0123456789");
            if (left != right) {
                return left < right ? -1 : 1;
            }
        }
        if (*a != *b) {
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        }
    }
    return *a == *b ? 0 : *a == '\0' ? -1 : 1;
}

/* Where `element` is or would be. */
static size_t position(const struct field_set *set, const char *element, bool *found)
{
    size_t low = 0, high = set->count;
    *found = false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = field_set_compare(set->children[middle].element, element);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* A power of two, so that it need not be stored. */
static size_t capacity_of(size_t count)
{
    size_t capacity = 1;
    while (capacity < count) {
        capacity *= 2;
    }
    return capacity;
}

static struct field_set *ensure(struct field_set *set, const char *element)
{
    bool found;
    size_t at = position(set, element, &found);
    if (found) {
        return &set->children[at];
    }
    if ((set->count & (set->count - 1)) == 0) {
        set->children = mem_resize(set->children, capacity_of(set->count + 1) * sizeof *set->children);
    }
    memmove(set->children + at + 1, set->children + at, (set->count - at) * sizeof *set->children);
    set->count++;
    set->children[at] = (struct field_set){.element = str_dup(element)};
    return &set->children[at];
}

void field_set_fini(struct field_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        field_set_fini(&set->children[i]);
    }
    mem_free(set->children);
    mem_free(set->element);
    *set = (struct field_set){0};
}

/* `to` has none. */
static void copy_children(struct field_set *to, const struct field_set *from)
{
    mem_free(to->children);
    to->children = from->count > 0 ? mem_alloc_array(capacity_of(from->count), sizeof *to->children) : NULL;
    to->count = from->count;
    for (size_t i = 0; i < from->count; i++) {
        field_set_copy(&to->children[i], &from->children[i]);
    }
}

void field_set_copy(struct field_set *to, const struct field_set *from)
{
    *to = (struct field_set){.element = str_dup(from->element), .is_member = from->is_member};
    copy_children(to, from);
}

bool field_set_empty(const struct field_set *set)
{
    return set->count == 0;
}

static struct field_set *descend(struct field_set *set, const struct field_path *path)
{
    return path->above == NULL ? set : ensure(descend(set, path->above), path->element);
}

void field_set_insert(struct field_set *set, const struct field_path *path)
{
    if (path->above != NULL) {
        descend(set, path)->is_member = true;
    }
}

const struct field_set *field_set_child(const struct field_set *set, const char *element)
{
    bool found = false;
    size_t at = set == NULL ? 0 : position(set, element, &found);
    return found ? &set->children[at] : NULL;
}

bool field_set_has(const struct field_set *set, const char *element)
{
    const struct field_set *child = field_set_child(set, element);
    return child != NULL && child->is_member;
}

/* --- two sets --- */

void field_set_add(struct field_set *set, const struct field_set *other)
{
    if (set->count == 0) {
        copy_children(set, other);
        return;
    }
    for (size_t i = 0; i < other->count; i++) {
        struct field_set *child = ensure(set, other->children[i].element);
        child->is_member |= other->children[i].is_member;
        field_set_add(child, &other->children[i]);
    }
}

/* Children that are no members and have none. */
static void drop_empty(struct field_set *set)
{
    size_t kept = 0;
    for (size_t i = 0; i < set->count; i++) {
        if (set->children[i].is_member || set->children[i].count > 0) {
            set->children[kept++] = set->children[i];
        } else {
            field_set_fini(&set->children[i]);
        }
    }
    set->count = kept;
}

void field_set_subtract(struct field_set *set, const struct field_set *other)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct field_set *same = field_set_child(other, set->children[i].element);
        if (same == NULL) {
            continue;
        }
        set->children[i].is_member &= !same->is_member;
        field_set_subtract(&set->children[i], same);
    }
    drop_empty(set);
}

void field_set_intersect(struct field_set *set, const struct field_set *other)
{
    static const struct field_set nothing;
    for (size_t i = 0; i < set->count; i++) {
        const struct field_set *same = field_set_child(other, set->children[i].element);
        set->children[i].is_member &= same != NULL && same->is_member;
        field_set_intersect(&set->children[i], same == NULL ? &nothing : same);
    }
    drop_empty(set);
}

void field_set_drop(struct field_set *set, const char *element)
{
    bool found;
    size_t at = position(set, element, &found);
    if (!found) {
        return;
    }
    set->children[at].is_member = false;
    while (set->children[at].count > 0) {
        field_set_fini(&set->children[at].children[--set->children[at].count]);
    }
    drop_empty(set);
}

/* --- text --- */

char *field_set_element(const char *key)
{
    size_t size = strlen(key) + 1;
    char *element = mem_alloc(2 + size);
    memcpy(element, "f:", 2);
    memcpy(element + 2, key, size);
    return element;
}

static void put_shown(struct buf *b, const struct node *value)
{
    char *text = outcome_shown(value);
    buf_append_str(b, text);
    mem_free(text);
}

void field_set_show(struct buf *b, const char *element)
{
    struct err ignored;
    if (element[0] == 'f') {
        buf_printf(b, ".%s", element + 2);
        return;
    }
    struct doc *doc = doc_parse(element + 2, strlen(element + 2), &ignored);
    buf_append_char(b, '[');
    if (element[0] == 'v') {
        buf_append_char(b, '=');
        put_shown(b, doc_root(doc));
    }
    struct node_iter it = node_iterate(element[0] == 'k' ? doc_root(doc) : NULL);
    while (node_next(&it)) {
        buf_printf(b, "%s%s=", it.index > 0 ? "," : "", it.key);
        put_shown(b, it.value);
    }
    buf_append_char(b, ']');
    doc_free(doc);
}

static void cut(struct buf *b, size_t len)
{
    if (b->data != NULL) {
        b->len = len;
        b->data[len] = '\0';
    }
}

static void each_below(const struct field_set *set, struct buf *path, field_set_each_fn *each, void *ctx)
{
    size_t len = path->len;
    for (size_t i = 0; i < set->count; i++) {
        if (!set->children[i].is_member) {
            continue;
        }
        field_set_show(path, set->children[i].element);
        each(ctx, buf_str(path));
        cut(path, len);
    }
    for (size_t i = 0; i < set->count; i++) {
        field_set_show(path, set->children[i].element);
        each_below(&set->children[i], path, each, ctx);
        cut(path, len);
    }
}

void field_set_each(const struct field_set *set, field_set_each_fn *each, void *ctx)
{
    struct buf path;
    buf_init(&path, PATH_BYTES_MAX);
    each_below(set, &path, each, ctx);
    buf_fini(&path);
}

/* --- FieldsV1: an element with an empty object is a member; one that has children says so by a "." among them --- */

bool field_set_is_element(const char *key)
{
    return (key[0] == 'f' || key[0] == 'k' || key[0] == 'v') && key[1] == ':';
}

void field_set_read(struct field_set *set, const struct node *fields)
{
    struct node_iter it = node_iterate(fields);
    while (node_next(&it)) {
        if (it.key == NULL || !field_set_is_element(it.key)) {
            continue;
        }
        struct field_set *child = ensure(set, it.key);
        child->is_member = node_count(it.value) == 0 || node_get(it.value, ".") != NULL;
        field_set_read(child, it.value);
    }
    drop_empty(set);
}

struct node *field_set_write(const struct field_set *set, struct doc *doc)
{
    struct node *made = node_new_object(doc);
    if (set->is_member && set->count > 0) {
        node_set(doc, made, ".", node_new_object(doc));
    }
    for (size_t i = 0; i < set->count; i++) {
        node_set(doc, made, set->children[i].element, field_set_write(&set->children[i], doc));
    }
    return made;
}
