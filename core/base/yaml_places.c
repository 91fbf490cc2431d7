/* A hash table of pointers with open addressing; it is never more than half full. */
#include "base/yaml_places.h"

#include "base/mem.h"

enum { SLOTS_FIRST = 64 };

struct slot {
    const struct node *value; /* NULL: free */
    struct yaml_place place;
};

struct yaml_places {
    struct slot *slots;
    size_t slot_count, used; /* slot_count is a power of two */
};

static struct slot *slot_of(struct slot *slots, size_t slot_count, const struct node *value)
{
    size_t at = (size_t)(((uintptr_t)value >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (slot_count - 1);
    while (slots[at].value != NULL && slots[at].value != value) {
        at = (at + 1) & (slot_count - 1);
    }
    return &slots[at];
}

static void grow(struct yaml_places *places)
{
    size_t slot_count = places->slot_count * 2;
    struct slot *slots = mem_alloc_array(slot_count, sizeof *slots);
    for (size_t i = 0; i < places->slot_count; i++) {
        if (places->slots[i].value != NULL) {
            *slot_of(slots, slot_count, places->slots[i].value) = places->slots[i];
        }
    }
    mem_free(places->slots);
    places->slots = slots;
    places->slot_count = slot_count;
}

struct yaml_places *yaml_places_new(void)
{
    struct yaml_places *places = mem_new(struct yaml_places);
    places->slots = mem_alloc_array(SLOTS_FIRST, sizeof *places->slots);
    places->slot_count = SLOTS_FIRST;
    return places;
}

void yaml_places_free(struct yaml_places *places)
{
    if (places == NULL) {
        return;
    }
    mem_free(places->slots);
    mem_free(places);
}

void yaml_places_put(struct yaml_places *places, const struct node *value, struct yaml_place place)
{
    if (places->used * 2 >= places->slot_count) {
        grow(places);
    }
    struct slot *slot = slot_of(places->slots, places->slot_count, value);
    places->used += slot->value != NULL ? 0 : 1;
    *slot = (struct slot){.value = value, .place = place};
}

const struct yaml_place *yaml_places_find(const struct yaml_places *places, const struct node *value)
{
    const struct slot *slot = value != NULL ? slot_of(places->slots, places->slot_count, value) : NULL;
    return slot != NULL && slot->value != NULL ? &slot->place : NULL;
}

void yaml_places_copy_inside(struct yaml_places *places, const struct node *original, const struct node *copy)
{
    struct node_iter from = node_iterate(original), to = node_iterate(copy);
    while (node_next(&from) && node_next(&to)) {
        const struct yaml_place *place = yaml_places_find(places, from.value);
        if (place != NULL) {
            yaml_places_put(places, to.value, *place);
        }
        yaml_places_copy_inside(places, from.value, to.value);
    }
}
