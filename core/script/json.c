#include "script/json.h"

#include <lauxlib.h>
#include <lua5.1/lua-cjson.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "script/arena.h"
#include "script/kill.h"
#include "script/marshal.h"

/* The key in the registry of lua-cjson's own decode. */
static const char decode_key;

static void configure(lua_State *L, int module, const char *setting, int value, bool is_flag)
{
    lua_getfield(L, module, setting);
    if (is_flag) {
        lua_pushboolean(L, value);
    } else {
        lua_pushinteger(L, value);
    }
    lua_call(L, 1, 0);
}

/* Opened by the first text that is read. Its encoder's buffer is given back at once: nothing would ever close it. */
static void push_decode(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&decode_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    if (!lua_isnil(L, -1)) {
        return;
    }
    lua_pop(L, 1);
    lua_pushcfunction(L, luaopen_cjson);
    lua_call(L, 0, 1);
    int module = lua_gettop(L);
    configure(L, module, "encode_keep_buffer", false, true);
    configure(L, module, "decode_invalid_numbers", false, true);
    configure(L, module, "decode_max_depth", JSON_DEPTH_MAX, false);
    lua_getfield(L, module, "decode");
    lua_pushlightuserdata(L, (void *)&decode_key);
    lua_pushvalue(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
    lua_remove(L, module);
}

static int decode_text(lua_State *L)
{
    push_decode(L);
    lua_insert(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

int json_decode(lua_State *L)
{
    size_t len;
    luaL_checklstring(L, 1, &len);
    lua_settop(L, 1);
    if (len > JSON_TEXT_MAX) {
        lua_pushnil(L);
        lua_pushfstring(L, "a text of %d bytes, and %d are the most that is read", (int)len, JSON_TEXT_MAX);
        return 2;
    }
    luaL_checkstack(L, LUA_MINSTACK, "json");
    lua_pushcfunction(L, decode_text);
    lua_insert(L, 1);
    void *arena;
    lua_getallocf(L, &arena);
    kill_host_enter();
    size_t live_max = ((struct arena *)arena)->live_max;
    arena_limit(arena, SIZE_MAX / 2);
    int status = lua_pcall(L, 1, 1, 0);
    arena_limit(arena, live_max);
    kill_host_leave();
    if (status == LUA_ERRMEM) {
        return lua_error(L);
    }
    if (status != 0) {
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }
    return 1;
}

int json_encode(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    marshal_prepare(L);
    struct err err = {0};
    struct buf out;
    static _Thread_local char text[JSON_TEXT_MAX];
    size_t text_len = 0;

    kill_host_enter();
    struct doc *doc = marshal_read(L, 1, "json", &err);
    buf_init(&out, sizeof text);
    bool fits = doc == NULL || node_write(doc_root(doc), &out);
    if (doc != NULL && fits) {
        text_len = out.len;
        memcpy(text, buf_str(&out), text_len);
    }
    bool readable = doc != NULL;
    buf_fini(&out);
    doc_free(doc);
    kill_host_leave();

    if (!readable || !fits) {
        return luaL_error(L, "%s", readable ? "json: a text above 1 MiB" : err.text);
    }
    lua_pushlstring(L, text, text_len);
    return 1;
}
