#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/patch/patch.h"
#include "sim/patch/refuse.h"

enum { OPERATIONS_MAX = 10000 };

/* Where an operation works: a container and the last part of its path. */
struct target {
    struct node *container;
    char *key; /* decoded */
};

/* "~1" is "/", "~0" is "~". */
static char *decoded(const char *part, size_t len)
{
    struct buf b;
    buf_init(&b, len + 1);
    for (size_t i = 0; i < len; i++) {
        bool is_escape = part[i] == '~' && i + 1 < len && (part[i + 1] == '0' || part[i + 1] == '1');
        buf_append_char(&b, !is_escape ? part[i] : part[i + 1] == '1' ? '/' : '~');
        i += is_escape;
    }
    return buf_take(&b);
}

/* As Go's Atoi reads it; a negative one counts from `size`. False: no number, or outside of 0 to `size` - 1. */
static bool read_index(const char *key, size_t size, size_t *index)
{
    bool negative = *key == '-';
    const char *c = key + (*key == '-' || *key == '+');
    size_t value = 0;
    if (*c == '\0' || strlen(c) > 9) {
        return false;
    }
    for (; isdigit((unsigned char)*c); c++) {
        value = value * 10 + (size_t)(*c - '0');
    }
    if (*c != '\0' || (negative ? value > size : value >= size)) {
        return false;
    }
    *index = negative && value > 0 ? size - value : value;
    return *index < size;
}

static struct node *child(const struct node *container, const char *key)
{
    size_t index;
    if (node_type(container) == NODE_OBJECT) {
        return node_get(container, key);
    }
    return read_index(key, node_count(container), &index) ? node_item(container, index) : NULL;
}

/* The container a path leads to. What stands before the first slash is not looked at, as servers do not. */
static bool find_target(struct node *root, const char *path, struct target *target)
{
    const char *slash = strchr(path, '/');
    target->container = NULL;
    target->key = NULL;
    struct node *at = root;
    while (slash != NULL) {
        const char *part = slash + 1;
        slash = strchr(part, '/');
        char *key = decoded(part, slash == NULL ? strlen(part) : (size_t)(slash - part));
        if (slash == NULL) {
            target->container = at;
            target->key = key;
            return true;
        }
        at = child(at, key);
        mem_free(key);
        if (node_type(at) != NODE_OBJECT && node_type(at) != NODE_ARRAY) {
            return false;
        }
    }
    return false;
}

static bool add(struct doc *doc, const struct target *t, struct node *value)
{
    size_t index, size = node_count(t->container);
    if (node_type(t->container) == NODE_OBJECT) {
        node_set(doc, t->container, t->key, value);
        return true;
    }
    if (str_equal(t->key, "-")) {
        index = size;
    } else if (!read_index(t->key, size + 1, &index)) {
        return false;
    }
    node_insert(t->container, index, value);
    return true;
}

static bool take_away(const struct target *t)
{
    size_t index;
    if (node_type(t->container) == NODE_OBJECT) {
        bool found = node_get(t->container, t->key) != NULL;
        node_remove(t->container, t->key);
        return found;
    }
    if (!read_index(t->key, node_count(t->container), &index)) {
        return false;
    }
    node_remove_item(t->container, index);
    return true;
}

static bool replace(struct doc *doc, const struct target *t, struct node *value)
{
    size_t index;
    if (node_type(t->container) == NODE_OBJECT) {
        node_set(doc, t->container, t->key, value);
        return true;
    }
    if (!read_index(t->key, node_count(t->container), &index)) {
        return false;
    }
    node_remove_item(t->container, index);
    node_insert(t->container, index, value);
    return true;
}

/* A copy of what `from` names, for move and copy; null when an object has no such member. */
static struct node *copy_from(struct doc *doc, const struct target *from)
{
    const struct node *value = child(from->container, from->key);
    if (value == NULL && node_type(from->container) == NODE_ARRAY) {
        return NULL;
    }
    return value == NULL ? node_new_null(doc) : node_copy(doc, value);
}

static bool transfer(struct doc *doc, const struct node *operation, const char *path, bool is_move)
{
    struct target from, to;
    const char *from_path = node_str(node_get(operation, "from"));
    if (from_path == NULL || !find_target(doc_root(doc), from_path, &from)) {
        return false;
    }
    struct node *value = copy_from(doc, &from);
    bool done = value != NULL && (!is_move || take_away(&from));
    mem_free(from.key);
    if (!done || path == NULL || !find_target(doc_root(doc), path, &to)) {
        return false;
    }
    done = add(doc, &to, value);
    mem_free(to.key);
    return done;
}

/* A test compares texts, and a server writes a whole number without a fraction: 2.0 is what no object holds. */
static bool has_whole_real(const struct node *told)
{
    int64_t whole;
    if (node_type(told) == NODE_REAL) {
        return node_int(told, &whole);
    }
    bool found = false;
    struct node_iter it = node_iterate(told);
    while (!found && node_next(&it)) {
        found = has_whole_real(it.value);
    }
    return found;
}

/* Nothing and null are the same to a test. */
static bool is_as_told(const struct node *found, const struct node *told)
{
    bool no_value = told == NULL || node_type(told) == NODE_NULL;
    if (found == NULL || node_type(found) == NODE_NULL) {
        return no_value;
    }
    return !no_value && node_equal(found, told) && !has_whole_real(told);
}

static bool test_target(const struct target *t, const struct node *told)
{
    size_t index;
    if (node_type(t->container) == NODE_ARRAY && !read_index(t->key, node_count(t->container), &index)) {
        return false;
    }
    return is_as_told(child(t->container, t->key), told);
}

static bool apply_to_root(struct doc *doc, const char *name, const struct node *value)
{
    if (str_equal(name, "test")) {
        return is_as_told(doc_root(doc), value);
    }
    if (!str_equal(name, "replace") || (node_type(value) != NODE_OBJECT && node_type(value) != NODE_ARRAY)) {
        return false;
    }
    doc_set_root(doc, node_copy(doc, value));
    return true;
}

static bool apply(struct doc *doc, const struct node *operation)
{
    const char *name = node_str(node_get(operation, "op")), *path = node_str(node_get(operation, "path"));
    const struct node *value = node_get(operation, "value");
    if (str_equal(name, "move") || str_equal(name, "copy")) {
        return transfer(doc, operation, path, str_equal(name, "move"));
    }
    if (path == NULL || name == NULL) {
        return false;
    }
    if (*path == '\0') {
        return apply_to_root(doc, name, value);
    }
    struct target target;
    if (!find_target(doc_root(doc), path, &target)) {
        return false;
    }
    bool done = false;
    struct node *copy = value == NULL ? node_new_null(doc) : node_copy(doc, value);
    if (str_equal(name, "add")) {
        done = add(doc, &target, copy);
    } else if (str_equal(name, "remove")) {
        done = take_away(&target);
    } else if (str_equal(name, "replace")) {
        done = replace(doc, &target, copy);
    } else if (str_equal(name, "test")) {
        done = test_target(&target, value);
    }
    mem_free(target.key);
    return done;
}

static bool check_shape(const struct node *patch, struct err *err)
{
    if (node_type(patch) != NODE_ARRAY) {
        return patch_refuse(err, ERR_INVALID, 400,
                            "error decoding patch: json: cannot unmarshal %s into Go value of type "
                            "[]handlers.jsonPatchOp",
                            patch_refuse_type(patch));
    }
    struct node_iter it = node_iterate(patch);
    while (node_next(&it)) {
        if (node_type(it.value) != NODE_OBJECT) {
            return patch_refuse(err, ERR_INVALID, 400,
                                "error decoding patch: json: cannot unmarshal %s into Go value of type "
                                "handlers.jsonPatchOp",
                                patch_refuse_type(it.value));
        }
    }
    if (node_count(patch) > OPERATIONS_MAX) {
        return patch_refuse(err, ERR_TOO_LARGE, 413, "The allowed maximum operations in a JSON patch is %d, got %zu",
                            OPERATIONS_MAX, node_count(patch));
    }
    return true;
}

struct doc *patch_json(const struct node *object, const struct node *patch, struct err *err)
{
    if (!check_shape(patch, err)) {
        return NULL;
    }
    struct doc *doc = doc_copy(object);
    struct node_iter it = node_iterate(patch);
    while (node_next(&it)) {
        if (!apply(doc, it.value)) {
            patch_refuse_unfit(err);
            doc_free(doc);
            return NULL;
        }
    }
    return doc;
}
