#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/doc_inner.h"

enum node_type node_type(const struct node *n)
{
    yyjson_mut_val *v = node_in(n);
    switch (yyjson_mut_get_type(v)) {
    case YYJSON_TYPE_NULL:
        return NODE_NULL;
    case YYJSON_TYPE_BOOL:
        return NODE_BOOL;
    case YYJSON_TYPE_NUM:
        return yyjson_mut_is_real(v) ? NODE_REAL : NODE_INT;
    case YYJSON_TYPE_RAW:
        return NODE_REAL;
    case YYJSON_TYPE_STR:
        return NODE_STRING;
    case YYJSON_TYPE_ARR:
        return NODE_ARRAY;
    case YYJSON_TYPE_OBJ:
        return NODE_OBJECT;
    default:
        return NODE_ABSENT;
    }
}

struct node *node_get_n(const struct node *n, const char *key, size_t len)
{
    yyjson_mut_val *found = doc_find_key(node_in(n), key, len);
    return found != NULL ? node_out(found->next) : NULL;
}

struct node *node_at_path(const struct node *n, const char *const *path)
{
    const struct node *at = n;
    for (; *path != NULL && at != NULL; path++) {
        at = node_get(at, *path);
    }
    return node_out(node_in(at));
}

struct node *node_item(const struct node *array, size_t index)
{
    return node_out(yyjson_mut_arr_get(node_in(array), index));
}

size_t node_count(const struct node *n)
{
    yyjson_mut_val *v = node_in(n);
    return yyjson_mut_is_obj(v) ? yyjson_mut_obj_size(v) : yyjson_mut_arr_size(v);
}

const char *node_str(const struct node *n)
{
    return yyjson_mut_get_str(node_in(n));
}

const char *node_str_n(const struct node *n, size_t *len)
{
    *len = yyjson_mut_get_len(node_in(n));
    return node_str(n);
}

const char *node_str_or(const struct node *n, const char *fallback)
{
    const char *s = node_str(n);
    return s != NULL ? s : fallback;
}

bool doc_whole_int(double real, int64_t *out)
{
    /* 2^63 is the first double above the range; the comparison is false for NaN. */
    if (!(real >= -9223372036854775808.0 && real < 9223372036854775808.0) || real != trunc(real)) {
        return false;
    }
    *out = (int64_t)real;
    return true;
}

bool doc_whole_uint(double real, uint64_t *out)
{
    if (!(real >= 0 && real < 18446744073709551616.0) || real != trunc(real)) {
        return false;
    }
    *out = (uint64_t)real;
    return true;
}

bool node_int(const struct node *n, int64_t *out)
{
    yyjson_mut_val *v = node_in(n);
    if (yyjson_mut_is_real(v)) {
        return doc_whole_int(v->uni.f64, out);
    }
    if (!yyjson_mut_is_int(v) || (yyjson_mut_is_uint(v) && v->uni.u64 > INT64_MAX)) {
        return false;
    }
    *out = v->uni.i64;
    return true;
}

int64_t node_int_or(const struct node *n, int64_t fallback)
{
    int64_t value;
    return node_int(n, &value) ? value : fallback;
}

bool node_real(const struct node *n, double *out)
{
    yyjson_mut_val *v = node_in(n);
    if (yyjson_mut_is_raw(v)) {
        double value = strtod(v->uni.str, NULL);
        if (!isfinite(value)) {
            return false;
        }
        *out = value;
        return true;
    }
    if (!yyjson_mut_is_num(v)) {
        return false;
    }
    *out = yyjson_mut_get_num(v);
    return true;
}

bool node_bool_or(const struct node *n, bool fallback)
{
    yyjson_mut_val *v = node_in(n);
    return yyjson_mut_is_bool(v) ? yyjson_mut_get_bool(v) : fallback;
}

bool node_is(const struct node *n, const char *s)
{
    return s != NULL && yyjson_mut_equals_str(node_in(n), s);
}

struct node_iter node_iterate(const struct node *n)
{
    return (struct node_iter){.container = n};
}

/* state[0] is the key or element reached, state[1] unused: yyjson's containers are rings that point at their last
 * element, so the ring's next of the last is the first. */
bool node_next(struct node_iter *it)
{
    yyjson_mut_val *container = node_in(it->container);
    size_t count = node_count(it->container);
    size_t index = it->value != NULL ? it->index + 1 : 0;
    if (index >= count) {
        return false;
    }
    bool object = yyjson_mut_is_obj(container);
    yyjson_mut_val *last = it->state[0] != NULL ? it->state[0] : container->uni.ptr;
    yyjson_mut_val *reached;
    if (object) {
        reached = last->next->next; /* over the value to the next key; `ptr` is the last key */
    } else {
        reached = last->next;
    }
    it->state[0] = reached;
    it->key = object ? reached->uni.str : NULL;
    it->key_len = object ? yyjson_mut_get_len(reached) : 0;
    it->value = node_out(object ? reached->next : reached);
    it->index = index;
    return true;
}
