/* Memory: every allocation of Sluice goes through here.
 *
 * None of these functions returns NULL: when memory is out the process ends with a message, so no caller carries a
 * branch that no test can reach. (Scripts are different: a VM has its own arena with a ceiling, see script/arena.h.)
 * Who creates, frees. */
#pragma once

#include <stddef.h>

/* `size` zeroed bytes; size may be 0. */
void *mem_alloc(size_t size);

/* `count` zeroed elements; an overflow of the product ends the process. */
void *mem_alloc_array(size_t count, size_t size);

/* Grows or shrinks `p` (may be NULL); new bytes are not initialised. */
void *mem_resize(void *p, size_t size);

/* Frees; NULL is fine. */
void mem_free(void *p);

/* Once, at the start of the program: blocks of many pages (documents, bodies) go back to the system when they are
 * freed. */
void mem_init(void);
/* Gives back what the allocator keeps of a past peak; takes milliseconds, so it is for quiet moments. */
void mem_trim(void);

/* A zeroed struct: `struct watch *w = mem_new(struct watch);` */
#define mem_new(type) ((type *)mem_alloc(sizeof(type)))
