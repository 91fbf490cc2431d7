/* One Lua state in an arena of its own, with the JIT off and without any library.
 *
 * A VM is closed by unmapping its arena, never by lua_close: nothing in it owns anything outside, no finalizer may run,
 * and after a hard kill (kill.h) the state may not be touched anyway. So the way out is the same for every end. */
#pragma once

#include <lua.h>

#include "base/err.h"
#include "script/arena.h"

struct vm {
    lua_State *L;
    struct arena arena;
};

/* `memory_max`: the ceiling that vm_limit will set. It decides how much address space is reserved. */
bool vm_init(struct vm *vm, size_t memory_max, struct err *err);
void vm_fini(struct vm *vm);
/* From now on an allocation above `memory_max` live bytes fails. Called once libraries are there. */
void vm_limit(struct vm *vm, size_t memory_max);
/* Collects when the state has grown by half, not by a tenth: for one that lives long and holds much. */
void vm_collect_less(struct vm *vm);
