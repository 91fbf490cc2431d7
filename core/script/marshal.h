/* Lua values to JSON nodes and back.
 *
 * Out of Lua: raw access only, no metamethod is ever called; a list is a table with the keys 1..n, or any table with
 * the list's mark; a plain empty table is an object. Integers up to 2^53 are written as integers. What JSON cannot say
 * (functions, cdata, NaN, bytes that are not UTF-8, mixed keys, tables inside themselves) is refused with its path:
 * "args.effects[2].weight: NaN has no place in JSON". Members are in the order of their names, so that equal values
 * give equal bytes.
 *
 * Into Lua: lists carry the mark, so that an empty one survives the way back; a null is absent in an object and json
 * null (a light userdata) in a list. Nothing is cut or rounded: an integer beyond 2^53 raises. */
#pragma once

#include <lua.h>

#include "base/doc.h"

enum {
    MARSHAL_DEPTH_MAX = 64,
    MARSHAL_NODES_MAX = 20000,
    MARSHAL_MEMBERS_MAX = 2000, /* of one object */
    MARSHAL_BYTES_MAX = 1024 * 1024,
};

/* Makes the mark; once per VM. Raises when memory is out. */
void marshal_install(lua_State *L);

/* Lua stack for marshal_read; raises when there is none. */
void marshal_prepare(lua_State *L);
/* The value at `index` as a new document, whose root is never absent (nil is null); NULL and err when it is refused.
 * Raises nothing and allocates nothing in the VM, so it may run between kill_host_enter and kill_host_leave, after
 * marshal_prepare. `root` starts the path in errors. */
struct doc *marshal_read(lua_State *L, int index, const char *root, struct err *err);

/* The same for a value of the binary's own Lua, however large it is: without a bound of nodes, bytes and members. */
struct doc *marshal_read_large(lua_State *L, int index, const char *root, struct err *err);

/* Pushes one value; raises when memory is out. */
void marshal_push(lua_State *L, const struct node *n);

/* A C function for scripts: array(t?) marks t (or a new table) as a list and returns it. */
int marshal_array(lua_State *L);
