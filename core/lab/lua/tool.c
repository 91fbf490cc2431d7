#include "lab/lua/tool.h"

#include <assert.h>
#include <luajit.h>
#include <lualib.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/tzdata.h"
#include "lab/lua/console.h"
#include "lab/lua/fetch.h"
#include "lab/lua/module_inner.h"
#include "lab/lua/replaying.h"
#include "lab/lua/workers.h"
#include "lab/texts.h"
#include "script/coverage.h"
#include "script/embedded.h"
#include "script/marshal.h"

enum { FOLDER_LOADERS = 2 }; /* ours comes after package.preload, and before any folder */

struct tool {
    lua_State *L;
};

/* --- modules --- */

static int load_text(lua_State *L, const char *text, size_t len, const char *place)
{
    if (luaL_loadbuffer(L, text, len, place) != 0) {
        return lua_error(L);
    }
    return 1;
}

/* "tool.scan" and "stdlib.words", as they are in the binary. */
static int find_module(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const char *file = luaL_gsub(L, name, ".", "/");
    const char *place = lua_pushfstring(L, "@%s.lua", file);
    const struct text *text = str_has_prefix(name, "tool.") ? texts_find(place + 1) : NULL;
    if (text != NULL) {
        return load_text(L, text->bytes, text->len, place);
    }
    for (size_t i = 0; i < embedded_count; i++) {
        if (strcmp(embedded_modules[i].name, name) == 0) {
            return load_text(L, embedded_modules[i].source, embedded_modules[i].len, place);
        }
    }
    lua_pushfstring(L, "\n\tno module '%s' in the binary", name);
    return 1;
}

static int require_host(lua_State *L)
{
    lua_getglobal(L, "require");
    lua_pushliteral(L, "tool.host");
    lua_call(L, 1, 1);
    return 1;
}

/* --- require 'tool.process' --- */

static int ask_interrupted(lua_State *L)
{
    lua_pushboolean(L, workers_interrupted);
    return 1;
}

/* Seconds of real time. */
static int ask_clock(lua_State *L)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec / 1e9);
    return 1;
}

static void push_file(void *ctx, const char *file, const bool *ran, size_t count)
{
    lua_State *L = ctx;
    lua_newtable(L);
    for (size_t line = 1; line < count; line++) {
        if (ran[line]) {
            lua_pushboolean(L, true);
            lua_rawseti(L, -2, (int)line);
        }
    }
    lua_setfield(L, -2, file);
}

/* coverage(true) begins; coverage(false) gives { file = { [line] = true } }. */
static int set_coverage(lua_State *L)
{
    if (lua_toboolean(L, 1)) {
        coverage_start();
        return 0;
    }
    coverage_stop();
    lua_newtable(L);
    coverage_each(push_file, L);
    coverage_clear();
    return 1;
}

/* Why there is no such time zone; nil: there is. */
static int ask_zone_problem(lua_State *L)
{
    struct err err = {0};
    struct zone *zone = tzdata_zone(luaL_checkstring(L, 1), &err);
    if (zone != NULL) {
        zone_free(zone);
        return 0;
    }
    lua_pushstring(L, err.text);
    return 1;
}

/* A text that travels in the binary; nil: there is none of this name. */
static int find_text(lua_State *L)
{
    const struct text *text = texts_find(luaL_checkstring(L, 1));
    if (text == NULL) {
        return 0;
    }
    lua_pushlstring(L, text->bytes, text->len);
    return 1;
}

static int open_process(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"zone_problem", ask_zone_problem},
        {"interrupted", ask_interrupted},
        {"clock", ask_clock},
        {"coverage", set_coverage},
        {"workers", workers_run},
        {"text", find_text},
        {"replay", replaying_run},
        {"fetch", fetch_run},
        {"pause", fetch_pause},
        {NULL, NULL},
    };
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    return 1;
}

static void raise_interrupt(lua_State *L, lua_Debug *at)
{
    lua_sethook(L, NULL, 0, 0);
    luaL_error(L, "interrupted");
}

void tool_interrupt(struct tool *tool)
{
    workers_interrupted = 1;
    lua_sethook(tool->L, raise_interrupt, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
}

static int prepare(lua_State *L)
{
    luaL_openlibs(L); /* which switches the compiler on */
    /* The compiler of LuaJIT 2.1.0-beta3 (Debian 12) has crashed on long loops of numbers, and gains nothing here. */
    luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
    lua_settop(L, 0);
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "preload");
    lua_pushcfunction(L, luaopen_sluice);
    lua_setfield(L, -2, "sluice");
    lua_pushcfunction(L, require_host);
    lua_setfield(L, -2, "host");
    lua_pushcfunction(L, open_process);
    lua_setfield(L, -2, "tool.process");
    lua_pushcfunction(L, console_open);
    lua_setfield(L, -2, "tool.console");
    lua_getfield(L, 1, "loaders");
    for (int i = (int)lua_objlen(L, -1); i >= FOLDER_LOADERS; i--) {
        lua_rawgeti(L, -1, i);
        lua_rawseti(L, -2, i + 1);
    }
    lua_pushcfunction(L, find_module);
    lua_rawseti(L, -2, FOLDER_LOADERS);
    lua_getglobal(L, "require"); /* of sluice, which makes the marks of lists */
    lua_pushliteral(L, "sluice");
    lua_call(L, 1, 0);
    return 0;
}

/* --- calls --- */

struct call {
    const char *module, *function;
    const struct node *argument;
    struct doc *result;
    struct err *err;
};

static int call_protected(lua_State *L)
{
    struct call *call = lua_touserdata(L, 1);
    lua_getglobal(L, "require");
    lua_pushstring(L, call->module);
    lua_call(L, 1, 1);
    lua_getfield(L, -1, call->function);
    if (call->argument != NULL) {
        marshal_push(L, call->argument);
    } else {
        lua_pushnil(L);
    }
    lua_call(L, 1, 1);
    marshal_prepare(L);
    call->result = marshal_read_large(L, -1, call->module, call->err);
    return 0;
}

struct doc *tool_call(struct tool *tool, const char *module, const char *function, const struct node *argument,
                      struct err *err)
{
    struct call call = {.module = module, .function = function, .argument = argument, .err = err};
    err_clear(err);
    if (lua_cpcall(tool->L, call_protected, &call) != 0) {
        const char *raised = lua_tostring(tool->L, -1);
        err_set(err, ERR_SCRIPT, "%s", raised != NULL ? raised : "an error that is no text");
        lua_pop(tool->L, 1);
    }
    return call.result;
}

struct tool *tool_open(void)
{
    struct tool *tool = mem_new(struct tool);
    tool->L = luaL_newstate();
    assert(tool->L != NULL);
    int status = lua_cpcall(tool->L, prepare, NULL);
    assert(status == 0);
    return tool;
}

void tool_close(struct tool *tool)
{
    if (tool != NULL) {
        lua_close(tool->L);
        fetch_close();
        mem_free(tool);
    }
}
