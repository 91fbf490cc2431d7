#include "script/sandbox.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "script/kill.h"
#include "script/prelude.h"

static const char require_key;

static void open_library(lua_State *L, const char *name, lua_CFunction open)
{
    lua_pushcfunction(L, open);
    lua_pushstring(L, name);
    lua_call(L, 1, 0);
}

/* The libraries that are open are given up, and no script reaches the table that is in their place. But for a literal
 * like 1LL LuaJIT opens its ffi by itself, and where that has no place it is collected while its parts are in use. */
static void keep_loaded_by_literals(lua_State *L)
{
    lua_newtable(L);
    lua_setfield(L, LUA_REGISTRYINDEX, "_LOADED");
}

static int note_place(lua_State *L)
{
    kill_note_place(L);
    return 0;
}

void sandbox_install(lua_State *L, const struct sandbox_parts *parts)
{
    int log = lua_gettop(L) - 1, host = log + 1;
    open_library(L, "", luaopen_base);
    open_library(L, LUA_STRLIBNAME, luaopen_string);
    open_library(L, LUA_TABLIBNAME, luaopen_table);
    open_library(L, LUA_MATHLIBNAME, luaopen_math);
    lua_pushcfunction(L, note_place);
    lua_setglobal(L, "note_place");
    lua_pushlightuserdata(L, (void *)&require_key);
    if (chunks_load(parts->chunks, L, prelude_source, strlen(prelude_source), "=sandbox") != 0) {
        lua_error(L);
    }
    lua_pushvalue(L, LUA_GLOBALSINDEX);
    lua_pushlightuserdata(L, parts->load_ctx);
    lua_pushcclosure(L, parts->load, 1);
    lua_pushvalue(L, log);
    lua_pushvalue(L, host);
    lua_call(L, 4, 1);
    lua_rawset(L, LUA_REGISTRYINDEX);
    keep_loaded_by_literals(L);
    lua_settop(L, log - 1);
}

void sandbox_push_require(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&require_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
}

void sandbox_require(lua_State *L, const char *module)
{
    sandbox_push_require(L);
    lua_pushstring(L, module);
    lua_call(L, 1, 1);
}
