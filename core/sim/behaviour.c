#include "sim/behaviour.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct entry {
    char *image;
    struct behaviour behaviour;
};

struct behaviours {
    struct entry *entries;
    size_t count;
};

static const struct behaviour usual = {.errors = 0, .latency_ms = 5, .latency_p99_ms = 20, .ready_ms = 1000};

struct behaviours *behaviours_new(void)
{
    return mem_new(struct behaviours);
}

void behaviours_free(struct behaviours *behaviours)
{
    if (!behaviours)
        return;
    for (size_t i = 0; i < behaviours->count; i++)
        str_free(&behaviours->entries[i].image);
    mem_free(behaviours->entries);
    mem_free(behaviours);
}

void behaviours_set(struct behaviours *behaviours, const char *image, const struct behaviour *behaviour)
{
    for (size_t i = 0; i < behaviours->count; i++) {
        if (str_equal(behaviours->entries[i].image, image)) {
            behaviours->entries[i].behaviour = *behaviour;
            return;
        }
    }
    size_t size = (behaviours->count + 1) * sizeof(struct entry);
    behaviours->entries = mem_resize(behaviours->entries, size);
    behaviours->entries[behaviours->count++] = (struct entry){.image = str_dup(image), .behaviour = *behaviour};
}

/* The longest ending says most: "example.com/podinfo:1" goes before "podinfo:1". */
const struct behaviour *behaviours_find(const struct behaviours *behaviours, const char *image)
{
    const struct entry *best = NULL;
    for (size_t i = 0; behaviours && image && i < behaviours->count; i++) {
        const struct entry *entry = &behaviours->entries[i];
        if (str_has_suffix(image, entry->image) && (!best || strlen(entry->image) > strlen(best->image)))
            best = entry;
    }
    return best ? &best->behaviour : &usual;
}
