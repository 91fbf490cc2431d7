/* The members of an object: in order, and each key once. */
#include <stdlib.h>
#include <string.h>

#include "base/doc_inner.h"
#include "base/mem.h"

int doc_compare_text(const yyjson_mut_val *a, const yyjson_mut_val *b)
{
    size_t a_len = doc_text_len(a);
    size_t b_len = doc_text_len(b);
    int order = memcmp(a->uni.str, b->uni.str, a_len < b_len ? a_len : b_len);
    if (order != 0) {
        return order;
    }
    return (a_len > b_len) - (a_len < b_len);
}

static int compare_members(const void *a, const void *b)
{
    const struct doc_member *left = a;
    const struct doc_member *right = b;
    int order = doc_compare_text(left->key, right->key);
    return order ? order : (left->index > right->index) - (left->index < right->index);
}

struct doc_members doc_members_sorted(yyjson_mut_val *object)
{
    struct doc_members members = {.count = yyjson_mut_obj_size(object)};
    members.items = mem_alloc_array(members.count, sizeof *members.items);
    yyjson_mut_obj_iter it = yyjson_mut_obj_iter_with(object);
    for (size_t i = 0; i < members.count; i++) {
        members.items[i] = (struct doc_member){yyjson_mut_obj_iter_next(&it), i};
    }
    if (members.count > 1) {
        qsort(members.items, members.count, sizeof *members.items, compare_members);
    }
    return members;
}

/* A small table that keys are put into, open addressing: of a cheap hash, since most objects have few members and what
 * meets another key is compared with it. */
enum { SEEN_MAX = 48, SEEN_SLOTS = 128 };

static unsigned slot_of(const yyjson_mut_val *key)
{
    const unsigned char *text = (const unsigned char *)key->uni.str;
    size_t len = doc_text_len(key);
    if (len == 0) {
        return 0;
    }
    return (unsigned)(len * 31 + text[0] * 7u + text[len / 2] * 13u + text[len - 1] * 3u) % SEEN_SLOTS;
}

/* False: there are equal keys, or too many members to tell. */
static bool are_distinct(yyjson_mut_val *object)
{
    size_t count = yyjson_mut_obj_size(object);
    if (count < 2 || count > SEEN_MAX) {
        return count < 2;
    }
    const yyjson_mut_val *seen[SEEN_MAX];
    unsigned char slots[SEEN_SLOTS] = {0}; /* index in `seen` + 1 */
    yyjson_mut_val *key = object->uni.ptr;
    for (size_t i = 0; i < count; i++) {
        key = key->next->next;
        unsigned at = slot_of(key);
        for (; slots[at] != 0; at = (at + 1) % SEEN_SLOTS) {
            if (doc_same_text(seen[slots[at] - 1], key)) {
                return false;
            }
        }
        seen[i] = key;
        slots[at] = (unsigned char)(i + 1);
    }
    return true;
}

/* Gives the first of equal keys the value of the last one, and marks the others as dead (a key without text). */
static size_t mark_duplicates(const struct doc_members *members)
{
    size_t dead = 0;
    yyjson_mut_val *kept = NULL;
    for (size_t i = 0; i < members->count; i++) {
        yyjson_mut_val *key = members->items[i].key;
        if (kept == NULL || doc_compare_text(kept, key) != 0) {
            kept = key;
            continue;
        }
        kept->next->tag = key->next->tag;
        kept->next->uni = key->next->uni;
        key->uni.str = NULL;
        dead++;
    }
    return dead;
}

/* Closes the ring (key, value, key, value, …; `ptr` is the last key) over the dead members. */
static void relink(yyjson_mut_val *object, size_t count, size_t dead)
{
    yyjson_mut_val *last = object->uni.ptr;
    yyjson_mut_val *key = last->next->next;
    yyjson_mut_val *first = key; /* the first of any group is never dead */
    yyjson_mut_val *live = NULL;
    for (size_t i = 0; i < count; i++) {
        yyjson_mut_val *next = key->next->next;
        if (key->uni.str != NULL) {
            if (live != NULL) {
                live->next->next = key;
            }
            live = key;
        }
        key = next;
    }
    live->next->next = first;
    object->uni.ptr = live;
    unsafe_yyjson_set_len(object, count - dead);
}

/* The last of equal keys wins, at the place of the first. */
bool doc_drop_duplicates(yyjson_mut_val *object)
{
    if (are_distinct(object)) {
        return false;
    }
    struct doc_members members = doc_members_sorted(object);
    size_t dead = mark_duplicates(&members);
    if (dead > 0) {
        relink(object, members.count, dead);
    }
    mem_free(members.items);
    return dead > 0;
}
