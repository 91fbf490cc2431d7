/* What a script can reach: only the entries of a whitelist.
 *
 * Absent: io, os, ffi, jit, debug, package, bytecode in both directions, getfenv and setfenv, the garbage collector,
 * random numbers, addresses. Replaced (prelude.lua): whatever C would run without being stoppable, or in an order that
 * differs between processes. */
#pragma once

#include <lua.h>

#include "script/chunks.h"

struct sandbox_parts {
    /* The loader's side of `require`: gets a module's name, the name of its place, and its environment; returns its
     * function, nil and why it does not compile, or nothing when there is no such module. */
    lua_CFunction load;
    void *load_ctx;        /* its first upvalue, a light userdata */
    struct chunks *chunks; /* for the prelude; may be NULL */
};

/* Loads the libraries and replaces them by the sandbox. */
void sandbox_install(lua_State *L, const struct sandbox_parts *parts);

/* Pushes the engine's own `require`, which gives every module. */
void sandbox_push_require(lua_State *L);
/* Pushes the value of a module as it gives it. Raises what the module raises. */
void sandbox_require(lua_State *L, const char *module);
