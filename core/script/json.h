/* JSON for scripts: lua-cjson to read, our own writer to write.
 *
 * lua-cjson keeps buffers outside of the VM's memory. So it runs where a kill waits, on input of bounded size and
 * depth, and while it runs the VM's ceiling is lifted: an error for want of memory would lose its buffer. Writing goes
 * through marshal.h, whose bounds hold for tables that contain one table many times, and whose order of members is
 * always the same. */
#pragma once

#include <lua.h>

enum { JSON_TEXT_MAX = 1024 * 1024, JSON_DEPTH_MAX = 64 };

/* C functions for scripts:
 *   json_decode(text) -> value, or nil and why not; null is host.null
 *   json_encode(value) -> text; raises what has no place in JSON, with its path */
int json_decode(lua_State *L);
int json_encode(lua_State *L);
