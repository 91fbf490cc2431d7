/* The memory of one VM: a private range of address space with size classes.
 *
 * It is private because a script can be stopped by a jump out of the middle of anything, the allocator included (see
 * kill.h). After such a jump nothing in the range is consistent, and nothing needs to be, because the whole range is
 * unmapped. No pointer outside of the VM ever points into it.
 *
 * Blocks never return to the range, only to the list of their class, so the range is several times the ceiling; the
 * pages of large free blocks are given back to the system at once. The ceiling counts live bytes, and with a quarter
 * more (blocks are a little larger than what is asked for) the bytes that are resident: free blocks of a class that
 * is no longer asked for keep their pages. It starts out absent: LuaJIT does not survive a failed allocation while a
 * state is created. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { ARENA_CLASSES = 100 };

struct arena {
    char *base;
    size_t reserved;
    size_t used; /* of the range, from its start */
    size_t live;
    size_t live_max;
    size_t resident; /* of the range: handed out once, and not given back to the system */
    size_t resident_max;
    void *free_lists[ARENA_CLASSES];
};

/* False when the system refuses the address space. */
bool arena_init(struct arena *arena, size_t reserve);
void arena_fini(struct arena *arena);
void arena_limit(struct arena *arena, size_t live_max);

/* A lua_Alloc; `ud` is the arena. NULL above the ceiling; shrinking never fails. */
void *arena_realloc(void *ud, void *block, size_t old_size, size_t size);
