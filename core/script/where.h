/* Where a script stands: the place that errors and events name. */
#pragma once

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* "scripts/ring.lua:12": the innermost line of a script on the stack of L, so of a check rather than of the strategy
 * that has it judged, and of either rather than of the stdlib that it has called; without one the innermost line of any
 * module; "" without any. Raises nothing. */
void where_find(lua_State *L, char *out, size_t size);

/* True for a place in the file of a strategy, a check or an adapter, the engine's own or a team's. */
bool where_is_script(const char *place);
