/* An applied object merged into the live one. */
#include "base/mem.h"
#include "base/str.h"
#include "sim/patch/field_walk.h"

/* --- the order of two lists: that of `live`, except where `applied` has its elements in another --- */

struct zip {
    struct doc *doc;
    struct node *out;
    struct shape element;
    struct shape_elements live, applied;
    bool *is_done; /* of applied */
    size_t i, j;   /* next of live, next of applied */
    size_t shared; /* of applied: the next one that live has too */
};

static bool in_live(const struct zip *z, const char *name)
{
    return shape_elements_find(&z->live, name, 0) < z->live.count;
}

static void advance_shared(struct zip *z, size_t from)
{
    z->shared = from;
    while (z->shared < z->applied.count && !in_live(z, z->applied.items[z->shared].name)) {
        z->shared++;
    }
}

static void put(struct zip *z, const struct node *live, const struct node *applied)
{
    node_push(z->out, field_walk_merge(z->doc, &z->element, live, applied));
}

/* The next of applied, merged with its namesake. */
static void put_applied(struct zip *z)
{
    const char *name = z->applied.items[z->j].name;
    /* Of several of one name none is taken for the one that is applied. */
    bool is_known = shape_elements_count(&z->live, name) == 1;
    size_t at = shape_elements_find(&z->live, name, 0);
    put(z, is_known ? z->live.items[at].value : NULL, z->applied.items[z->j].value);
    z->is_done[z->j] = true;
    if (z->j == z->shared) {
        advance_shared(z, z->j + 1);
    }
    z->j++;
}

static void step(struct zip *z)
{
    bool has_live = z->i < z->live.count, has_applied = z->j < z->applied.count;
    const char *name = has_live ? z->live.items[z->i].name : NULL;
    size_t namesake = has_live ? shape_elements_find(&z->applied, name, 0) : 0;
    bool is_shared = has_live && namesake < z->applied.count;
    if (has_live && has_applied && namesake == z->j) {
        put_applied(z);
        z->i++;
    } else if (has_live && has_applied && is_shared && z->shared < z->applied.count && namesake != z->shared) {
        z->i++; /* it comes where applied has it */
    } else if (has_live && !is_shared) {
        put(z, z->live.items[z->i].value, NULL);
        z->i++;
    } else {
        if (has_live && z->is_done[namesake]) {
            z->i++;
        }
        if (has_applied) {
            put_applied(z);
        }
    }
}

static struct node *merge_elements(struct doc *doc, const struct shape *shape, const struct node *live,
                                   const struct node *applied)
{
    struct zip z = {.doc = doc, .out = node_new_array(doc), .element = shape_element(shape)};
    z.live = shape_elements_of(shape, live);
    z.applied = shape_elements_of(shape, applied);
    z.is_done = mem_alloc_array(z.applied.count, sizeof *z.is_done);
    advance_shared(&z, 0);
    while (z.i < z.live.count || z.j < z.applied.count) {
        step(&z);
    }
    shape_elements_fini(&z.live);
    shape_elements_fini(&z.applied);
    mem_free(z.is_done);
    return z.out;
}

static struct node *merge_members(struct doc *doc, const struct shape *shape, const struct node *live,
                                  const struct node *applied)
{
    struct node *out = node_new_object(doc);
    struct node_iter it = node_iterate(live);
    while (node_next(&it)) {
        struct shape member = shape_member(shape, it.key);
        node_set(doc, out, it.key, field_walk_merge(doc, &member, it.value, node_get(applied, it.key)));
    }
    it = node_iterate(applied);
    while (node_next(&it)) {
        struct shape member = shape_member(shape, it.key);
        if (node_get(live, it.key) == NULL) {
            node_set(doc, out, it.key, field_walk_merge(doc, &member, NULL, it.value));
        }
    }
    return out;
}

struct node *field_walk_merge(struct doc *doc, const struct shape *shape, const struct node *live,
                              const struct node *applied)
{
    enum node_type type = node_type(applied);
    if (applied == NULL || node_type(live) != type || (node_count(live) == 0 && node_count(applied) == 0)) {
        return node_copy(doc, applied == NULL ? live : applied);
    }
    if (type == NODE_OBJECT && shape->how != SHAPE_ATOMIC) {
        return merge_members(doc, shape, live, applied);
    }
    if (type == NODE_ARRAY && shape_is_keyed(shape)) {
        return merge_elements(doc, shape, live, applied);
    }
    return node_copy(doc, applied);
}
