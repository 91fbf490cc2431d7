#include "script/vm.h"

#include <luajit.h>
#include <stdlib.h>

#include "base/log.h"

enum {
    RESERVE_FACTOR = 8, /* blocks stay in their size class; a script that shifts from class to class needs room */
    RESERVE_MIN = 8 * 1024 * 1024,
    /* LuaJIT never collects when memory is short: with its default of 200 a state fails at half its ceiling, holding
     * garbage. */
    GC_PAUSE_PCT = 110,
    /* A collection ends before the state has grown by much: twice the default, a strategy takes a tenth less memory and
     * no more time. */
    GC_STEP_PCT = 400,
    GC_PAUSE_LARGE_PCT = 150,
};

/* Every call into a state is protected, so an unprotected error is a mistake in this code. */
static int on_panic(lua_State *L)
{
    log_error(NULL, "script: an error outside any protected call: %s", lua_tostring(L, -1));
    abort();
}

bool vm_init(struct vm *vm, size_t memory_max, struct err *err)
{
    size_t reserve = memory_max * RESERVE_FACTOR;
    if (!arena_init(&vm->arena, reserve < RESERVE_MIN ? RESERVE_MIN : reserve)) {
        return err_set(err, ERR_LIMIT, "no address space for a script's memory of %zu bytes", memory_max);
    }
    vm->L = lua_newstate(arena_realloc, &vm->arena);
    if (vm->L == NULL) {
        vm_fini(vm);
        return err_set(err, ERR_LIMIT, "no memory for a script");
    }
    lua_atpanic(vm->L, on_panic);
    luaJIT_setmode(vm->L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
    lua_gc(vm->L, LUA_GCSETPAUSE, GC_PAUSE_PCT);
    lua_gc(vm->L, LUA_GCSETSTEPMUL, GC_STEP_PCT);
    return true;
}

void vm_fini(struct vm *vm)
{
    arena_fini(&vm->arena);
    vm->L = NULL;
}

void vm_limit(struct vm *vm, size_t memory_max)
{
    arena_limit(&vm->arena, memory_max);
}

void vm_collect_less(struct vm *vm)
{
    lua_gc(vm->L, LUA_GCSETPAUSE, GC_PAUSE_LARGE_PCT);
}
