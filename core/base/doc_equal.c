#include "base/doc_inner.h"
#include "base/mem.h"

static bool equal_numbers(yyjson_mut_val *a, yyjson_mut_val *b)
{
    if (yyjson_mut_is_real(a) && yyjson_mut_is_real(b)) {
        return a->uni.f64 == b->uni.f64;
    }
    if (yyjson_mut_is_real(b)) {
        yyjson_mut_val *swap = a;
        a = b;
        b = swap;
    }
    bool negative = yyjson_mut_is_sint(b) && b->uni.i64 < 0;
    if (!yyjson_mut_is_real(a)) {
        return a->uni.u64 == b->uni.u64 && (yyjson_mut_is_sint(a) && a->uni.i64 < 0) == negative;
    }
    int64_t whole;
    uint64_t positive;
    if (negative) {
        return doc_whole_int(a->uni.f64, &whole) && whole == b->uni.i64;
    }
    return doc_whole_uint(a->uni.f64, &positive) && positive == b->uni.u64;
}

static bool equal_sorted(yyjson_mut_val *a, yyjson_mut_val *b)
{
    struct doc_members left = doc_members_sorted(a);
    struct doc_members right = doc_members_sorted(b);
    bool equal = left.count == right.count;
    for (size_t i = 0; equal && i < left.count; i++) {
        equal = doc_same_text(left.items[i].key, right.items[i].key);
    }
    for (size_t i = 0; equal && i < left.count; i++) {
        equal = node_equal(node_out(left.items[i].key->next), node_out(right.items[i].key->next));
    }
    mem_free(left.items);
    mem_free(right.items);
    return equal;
}

/* Objects that are compared mostly come from one another, and have their keys in one order. `a` and `b` have as many
 * members. */
static bool equal_objects(yyjson_mut_val *a, yyjson_mut_val *b)
{
    size_t count = yyjson_mut_obj_size(a);
    yyjson_mut_val *left = count > 0 ? a->uni.ptr : NULL, *right = count > 0 ? b->uni.ptr : NULL;
    for (size_t i = 0; i < count; i++) {
        left = left->next->next;
        right = right->next->next;
        if (!doc_same_text(left, right)) {
            return equal_sorted(a, b);
        }
        if (!node_equal(node_out(left->next), node_out(right->next))) {
            return false;
        }
    }
    return true;
}

static bool equal_arrays(yyjson_mut_val *a, yyjson_mut_val *b)
{
    yyjson_mut_arr_iter left = yyjson_mut_arr_iter_with(a);
    yyjson_mut_arr_iter right = yyjson_mut_arr_iter_with(b);
    for (yyjson_mut_val *item; (item = yyjson_mut_arr_iter_next(&left)) != NULL;) {
        if (!node_equal(node_out(item), node_out(yyjson_mut_arr_iter_next(&right)))) {
            return false;
        }
    }
    return true;
}

bool node_equal(const struct node *a, const struct node *b)
{
    yyjson_mut_val *left = node_in(a);
    yyjson_mut_val *right = node_in(b);
    if (left == right) {
        return true;
    }
    if (left == NULL || right == NULL || yyjson_mut_get_type(left) != yyjson_mut_get_type(right)) {
        return false;
    }
    switch (yyjson_mut_get_type(left)) {
    case YYJSON_TYPE_NULL:
        return true;
    case YYJSON_TYPE_BOOL:
        return yyjson_mut_get_bool(left) == yyjson_mut_get_bool(right);
    case YYJSON_TYPE_NUM:
        return equal_numbers(left, right);
    case YYJSON_TYPE_ARR:
        return node_count(a) == node_count(b) && equal_arrays(left, right);
    case YYJSON_TYPE_OBJ:
        return node_count(a) == node_count(b) && equal_objects(left, right);
    default: /* strings, and numbers kept as written */
        return doc_compare_text(left, right) == 0;
    }
}

bool node_equal_but(const struct node *a, const struct node *b, const char *key)
{
    if (node_type(a) != NODE_OBJECT || node_type(b) != NODE_OBJECT) {
        return node_equal(a, b);
    }
    size_t left = node_count(a) - (node_get(a, key) != NULL), right = node_count(b) - (node_get(b, key) != NULL);
    bool equal = left == right;
    struct node_iter it = node_iterate(a);
    while (equal && node_next(&it)) {
        equal = strcmp(it.key, key) == 0 ||
                node_equal(it.value, node_out(yyjson_mut_obj_getn(node_in(b), it.key, it.key_len)));
    }
    return equal;
}
