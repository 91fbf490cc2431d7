/* The Lua that travels in the binary, compiled: a VM takes it as bytecode instead of reading the text again, which
 * takes longer than all else that a VM begins with and leaves as much garbage in it as it keeps.
 *
 * A text is compiled when it is first asked for, with the places of its lines, in a VM of its own. Only texts of the
 * binary come here: bytecode is not checked when it is loaded. */
#pragma once

#include <lua.h>

struct chunks;

struct chunks *chunks_new(void);
/* The one that all engines of an embedded cluster share: they follow each other fast, and what one has compiled is kept
 * until the process ends. It is neither cleared nor freed. */
struct chunks *chunks_shared(void);
void chunks_free(struct chunks *chunks);
/* Forgets the bytecode. */
void chunks_clear(struct chunks *chunks);

/* As luaL_loadbuffer does: pushes the function, or the error's text, and returns the status. `text` lives as long as
 * the binary. Without `chunks` it is compiled in L. */
int chunks_load(struct chunks *chunks, lua_State *L, const char *text, size_t len, const char *name);
