#include "script/arena.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum {
    GRAIN = 16,
    SMALL_MAX = 512, /* up to here one class per grain, above four per doubling */
    SMALL_CLASSES = SMALL_MAX / GRAIN,
    PAGE = 4096,
    LARGE_MIN = 16 * 1024, /* from here on the pages of a free block go back to the system */
};

static size_t class_of(size_t size)
{
    if (size <= SMALL_MAX) {
        return size == 0 ? 0 : (size - 1) / GRAIN;
    }
    size_t doubling = 63 - (size_t)__builtin_clzll(size - 1) - 9;
    size_t floor = (size_t)SMALL_MAX << doubling;
    return SMALL_CLASSES + 4 * doubling + (size - 1 - floor) / (floor / 4);
}

static size_t class_size(size_t class)
{
    if (class < SMALL_CLASSES) {
        return (class + 1) * GRAIN;
    }
    size_t floor = (size_t)SMALL_MAX << (class - SMALL_CLASSES) / 4;
    return floor + ((class - SMALL_CLASSES) % 4 + 1) * (floor / 4);
}

bool arena_init(struct arena *arena, size_t reserve)
{
    memset(arena, 0, sizeof *arena);
    void *base = mmap(NULL, reserve, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        return false;
    }
    arena->base = base;
    arena->reserved = reserve;
    arena->live_max = SIZE_MAX;
    arena->resident_max = SIZE_MAX;
    return true;
}

void arena_fini(struct arena *arena)
{
    if (arena->base != NULL) {
        munmap(arena->base, arena->reserved);
    }
    arena->base = NULL;
}

void arena_limit(struct arena *arena, size_t live_max)
{
    arena->live_max = live_max;
    arena->resident_max = live_max + live_max / 4;
}

/* The pages of a free block that the system gets back; the first one keeps the link of the list. */
static size_t whole_pages(void *block, size_t class, uintptr_t *from)
{
    size_t size = class_size(class);
    *from = ((uintptr_t)block + sizeof(void *) + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    uintptr_t to = ((uintptr_t)block + size) & ~(uintptr_t)(PAGE - 1);
    return size >= LARGE_MIN && *from < to ? to - *from : 0;
}

/* By how much a block of this class would add to what is resident. */
static size_t resident_need(const struct arena *arena, size_t class)
{
    uintptr_t from;
    if (class >= ARENA_CLASSES) {
        return SIZE_MAX / 2;
    }
    void *free_block = arena->free_lists[class];
    return free_block != NULL ? whole_pages(free_block, class, &from) : class_size(class);
}

static void *take(struct arena *arena, size_t class)
{
    void *block = class < ARENA_CLASSES ? arena->free_lists[class] : NULL;
    size_t need = resident_need(arena, class);
    if (block != NULL) {
        arena->free_lists[class] = *(void **)block;
        arena->resident += need;
        return block;
    }
    size_t size = class_size(class);
    if (class >= ARENA_CLASSES || size > arena->reserved - arena->used) {
        return NULL;
    }
    block = arena->base + arena->used;
    arena->used += size;
    arena->resident += need;
    return block;
}

static void give_back(struct arena *arena, void *block, size_t size)
{
    size_t class = class_of(size);
    *(void **)block = arena->free_lists[class];
    arena->free_lists[class] = block;
    uintptr_t from;
    size_t pages = whole_pages(block, class, &from);
    if (pages > 0) {
        madvise((void *)from, pages, MADV_DONTNEED);
        arena->resident -= pages;
    }
}

/* True when the range would keep more than its ceiling once the block has moved. */
static bool is_too_much(const struct arena *arena, void *block, size_t old_size, size_t class)
{
    uintptr_t from;
    size_t freed = block != NULL ? whole_pages(block, class_of(old_size), &from) : 0;
    size_t kept = arena->resident - freed;
    return kept > arena->resident_max || resident_need(arena, class) > arena->resident_max - kept;
}

void *arena_realloc(void *ud, void *block, size_t old_size, size_t size)
{
    struct arena *arena = ud;
    if (block == NULL) {
        old_size = 0;
    }
    if (size == 0) {
        if (block != NULL) {
            give_back(arena, block, old_size);
        }
        arena->live -= old_size;
        return NULL;
    }
    bool grows = size > old_size;
    if (grows && (arena->live > arena->live_max || size - old_size > arena->live_max - arena->live)) {
        return NULL;
    }
    size_t class = class_of(size);
    void *moved = block;
    if (block == NULL || class_of(old_size) != class) {
        moved = grows && is_too_much(arena, block, old_size, class) ? NULL : take(arena, class);
        /* A block that could not move to a smaller class stays where it is; once free it serves as a small one. */
        if (moved == NULL && !grows) {
            moved = block;
        }
        if (moved == NULL) {
            return NULL;
        }
        if (block != NULL && moved != block) {
            memcpy(moved, block, grows ? old_size : size);
            give_back(arena, block, old_size);
        }
    }
    arena->live = arena->live - old_size + size;
    return moved;
}
