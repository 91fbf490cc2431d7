#include "base/mem.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CACHED_MAX = 1024 };

static void *check(void *p)
{
    if (p != NULL) {
        return p;
    }
    fputs("sluice: out of memory\n", stderr);
    abort();
}

/* glibc's calloc takes no block from the thread's cache of small ones, where free puts them; malloc does. A large block
 * often comes zeroed from the system. */
void *mem_alloc(size_t size)
{
    if (size > CACHED_MAX) {
        return check(calloc(1, size));
    }
    void *p = check(malloc(size ? size : 1));
    return memset(p, 0, size);
}

void *mem_alloc_array(size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) {
        return check(NULL);
    }
    return mem_alloc(count * size);
}

void *mem_resize(void *p, size_t size)
{
    return check(realloc(p, size ? size : 1));
}

void mem_free(void *p)
{
    free(p);
}

/* Left alone, glibc raises these thresholds to the size of what it last saw freed, and one large list stays in memory
 * for ever. */
void mem_init(void)
{
    mallopt(M_MMAP_THRESHOLD, 64 * 1024);
    mallopt(M_TRIM_THRESHOLD, 64 * 1024);
    mallopt(M_ARENA_MAX, 1);
}

void mem_trim(void)
{
    malloc_trim(0);
}
