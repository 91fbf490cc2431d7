#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/doc_inner.h"
#include "base/utf8.h"

struct node *node_new_object(struct doc *doc)
{
    return node_fresh(yyjson_mut_obj(doc_tree(doc)));
}

struct node *node_new_array(struct doc *doc)
{
    return node_fresh(yyjson_mut_arr(doc_tree(doc)));
}

/* Bytes that are no UTF-8 would make the whole document unwritable, so they are replaced on the way in. */
static yyjson_mut_val *new_text(struct doc *doc, const char *s, size_t len)
{
    if (utf8_valid(s, len)) {
        return yyjson_mut_strncpy(doc_tree(doc), s, len);
    }
    struct buf clean;
    buf_init(&clean, 3 * len);
    utf8_append_clean(&clean, s, len);
    yyjson_mut_val *v = yyjson_mut_strncpy(doc_tree(doc), clean.data, clean.len);
    buf_fini(&clean);
    return v;
}

struct node *node_new_str(struct doc *doc, const char *s)
{
    assert(s);
    return node_new_str_n(doc, s, strlen(s));
}

struct node *node_new_str_n(struct doc *doc, const char *s, size_t len)
{
    return node_fresh(new_text(doc, len ? s : "", len));
}

struct node *node_new_int(struct doc *doc, int64_t value)
{
    return node_fresh(yyjson_mut_sint(doc_tree(doc), value));
}

struct node *node_new_real(struct doc *doc, double value)
{
    return node_fresh(isfinite(value) ? yyjson_mut_real(doc_tree(doc), value) : yyjson_mut_null(doc_tree(doc)));
}

struct node *node_new_bool(struct doc *doc, bool value)
{
    return node_fresh(yyjson_mut_bool(doc_tree(doc), value));
}

struct node *node_new_null(struct doc *doc)
{
    return node_fresh(yyjson_mut_null(doc_tree(doc)));
}

/* A node stands in one place only: yyjson links siblings through the nodes themselves. */
static yyjson_mut_val *unplaced(struct node *value)
{
    yyjson_mut_val *v = node_in(value);
    assert(v->next == NULL && "the node stands in a container already: node_copy it");
    return v;
}

void node_set(struct doc *doc, struct node *object, const char *key, struct node *value)
{
    yyjson_mut_val *in = node_in(object);
    size_t len = strlen(key);
    assert(yyjson_mut_is_obj(in));
    if (value == NULL) {
        return;
    }
    yyjson_mut_val *made = unplaced(value), *found = doc_find_key(in, key, len);
    if (found != NULL) {
        made->next = found->next->next;
        found->next = made;
    } else if (utf8_valid(key, len)) {
        yyjson_mut_obj_add(in, yyjson_mut_strncpy(doc_tree(doc), key, len), made);
    } else { /* the clean key may be there */
        yyjson_mut_obj_put(in, new_text(doc, key, len), made);
    }
}

void node_add(struct doc *doc, struct node *object, const char *key, struct node *value)
{
    if (value != NULL) {
        yyjson_mut_obj_add(node_in(object), yyjson_mut_str(doc_tree(doc), key), unplaced(value));
    }
}

void node_set_str(struct doc *doc, struct node *object, const char *key, const char *s)
{
    if (s != NULL) {
        node_set(doc, object, key, node_new_str(doc, s));
    }
}

void node_set_int(struct doc *doc, struct node *object, const char *key, int64_t value)
{
    node_set(doc, object, key, node_new_int(doc, value));
}

void node_set_bool(struct doc *doc, struct node *object, const char *key, bool value)
{
    node_set(doc, object, key, node_new_bool(doc, value));
}

struct node *node_ensure_object(struct doc *doc, struct node *object, const char *key)
{
    assert(!doc->is_shared);
    struct node *child = node_get(object, key);
    if (node_type(child) == NODE_OBJECT) {
        return child;
    }
    child = node_new_object(doc);
    node_set(doc, object, key, child);
    return child;
}

void node_remove(struct node *object, const char *key)
{
    yyjson_mut_obj_remove_key(node_in(object), key);
}

void node_push(struct node *array, struct node *value)
{
    assert(yyjson_mut_is_arr(node_in(array)));
    if (value != NULL) {
        yyjson_mut_arr_append(node_in(array), unplaced(value));
    }
}

void node_push_str(struct doc *doc, struct node *array, const char *s)
{
    node_push(array, node_new_str(doc, s));
}

void node_insert(struct node *array, size_t index, struct node *value)
{
    assert(yyjson_mut_is_arr(node_in(array)) && index <= node_count(array));
    yyjson_mut_arr_insert(node_in(array), unplaced(value), index);
}

void node_remove_item(struct node *array, size_t index)
{
    assert(yyjson_mut_is_arr(node_in(array)) && index < node_count(array));
    yyjson_mut_arr_remove(node_in(array), index);
}
