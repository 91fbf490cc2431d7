/* The engine in a simulated world, for Lua: require 'sluice'. spec/_meta/sluice.lua says what each function takes and
 * gives.
 *
 *     world:run ──> virtual_clock_run ──> cluster, engine ──> a function of the spec (a hook, a watch, a timer)
 *                                                                   │ raises
 *     raises it <── the clock stops <──────────── kept in w->failure ┘
 *
 * So an error of a spec's function never unwinds frames of the engine. The Lua that runs the specs and those that run
 * strategies are different states of the one Lua that the process has: this module is not linked with a Lua of its own,
 * but uses its host's. */
#include <string.h>

#include "base/duration.h"
#include "base/mem.h"
#include "base/str.h"
#include "lab/lua/module_inner.h"
#include "lab/texts.h"
#include "script/marshal.h"

#define BEGIN_MS INT64_C(1773216907000) /* what clocks show first */

enum { LOG_MAX = 16 * 1024 * 1024 };

/* --- what is told --- */

static int world_transcript(lua_State *L)
{
    struct world *w = module_check_world(L);
    if (w->transcript == NULL) {
        return luaL_error(L, "no transcript was asked for: sluice.world { transcript = true }");
    }
    lua_pushstring(L, transcript_text(w->transcript));
    return 1;
}

static int world_log(lua_State *L)
{
    struct world *w = module_check_world(L);
    lua_pushlstring(L, buf_str(&w->log), w->log.len);
    return 1;
}

/* --- what must not be --- */

static void on_broken(void *ctx, const char *what)
{
    struct world *w = ctx;
    w->broken = w->broken != NULL ? w->broken : str_dup(what);
}

static int world_broken(lua_State *L)
{
    lua_pushstring(L, module_check_world(L)->broken); /* nil without one */
    return 1;
}

static int world_expect_rest(lua_State *L)
{
    struct world *w = module_check_world(L);
    checkers_expect_rest(w->checkers);
    return world_broken(L);
}

static void watch_world(struct world *w, bool has_people)
{
    w->checkers = checkers_new(&(struct checkers_options){.cluster = w->stage.cluster,
                                                          .checks = has_people ? CHECK_ONCE : CHECK_ALL,
                                                          .hears = true,
                                                          .broken = on_broken,
                                                          .ctx = w});
}

/* --- life --- */

/* A world that is collected may be closed while another one runs, whose log goes on afterwards. */
static void close_world(lua_State *L, struct world *w)
{
    struct world *logged = module_log_to(w);
    w->is_open = false;
    w->L = L;
    objects_unlisten(api_objects(cluster_api(w->stage.cluster)), module_on_object, w);
    luaL_unref(L, LUA_REGISTRYINDEX, w->on_engine);
    luaL_unref(L, LUA_REGISTRYINDEX, w->fates);
    luaL_unref(L, LUA_REGISTRYINDEX, w->witness);
    luaL_unref(L, LUA_REGISTRYINDEX, w->failure);
    w->witness = LUA_NOREF;
    stage_kill_engine(&w->stage, false);
    timer_cancel(&w->news);
    while (w->callbacks != NULL) {
        struct callback *callback = w->callbacks;
        w->callbacks = callback->next;
        timer_cancel(&callback->timer);
        luaL_unref(L, LUA_REGISTRYINDEX, callback->function);
        str_free(&callback->kind);
        mem_free(callback);
    }
    luaL_unref(L, LUA_REGISTRYINDEX, w->tell);
    module_close_scenario(w);
    w->scenario = NULL;
    w->play = NULL;
    checkers_free(w->checkers);
    str_free(&w->broken);
    transcript_free(w->transcript);
    stage_fini(&w->stage);
    virtual_clock_free(w->time);
    mem_free(w->modules);
    str_list_fini(&w->texts);
    module_log_to(logged != w ? logged : NULL);
    buf_fini(&w->log);
    str_free(&w->fate_body);
    mem_free(w->sent_ms);
}

static int world_close(lua_State *L)
{
    struct world *w = *(struct world **)luaL_checkudata(L, 1, WORLD_TYPE);
    if (w->is_open) {
        module_check_changing(L);
        luaL_argcheck(L, !w->is_running, 1, "the world is running");
        close_world(L, w);
    }
    return 0;
}

static int world_collect(lua_State *L)
{
    struct world *w = *(struct world **)luaL_checkudata(L, 1, WORLD_TYPE);
    if (w->is_open) {
        close_world(L, w);
    } else {
        module_close_scenario(w); /* of one that was never opened */
    }
    mem_free(w);
    return 0;
}

static struct world *push_world(lua_State *L)
{
    struct world **box = lua_newuserdata(L, sizeof(struct world *));
    *box = mem_new(struct world);
    **box = (struct world){.L = L,
                           .on_engine = LUA_NOREF,
                           .fates = LUA_NOREF,
                           .witness = LUA_NOREF,
                           .failure = LUA_NOREF,
                           .tell = LUA_NOREF};
    luaL_getmetatable(L, WORLD_TYPE);
    lua_setmetatable(L, -2);
    return *box;
}

/* The text that the options have in the place of a module; NULL: none. They hold on to it. */
static const char *own_module(lua_State *L, const char *name)
{
    int top = lua_gettop(L);
    bool is_start = strcmp(name, "stdlib.start") == 0;
    lua_getfield(L, 1, "modules");
    if (lua_istable(L, -1)) {
        lua_getfield(L, -1, name);
    }
    if (is_start && !lua_isstring(L, -1)) {
        lua_getfield(L, 1, "start");
    }
    const char *text = lua_isstring(L, -1) ? lua_tostring(L, -1) : NULL;
    lua_settop(L, top);
    return text;
}

/* A spec may bring modules of its own: `modules`, and as `start` the one that a release's coroutine begins with, which
 * so stands where the stdlib stands. */
static void take_modules(lua_State *L, struct world *w)
{
    w->modules = mem_alloc_array(embedded_count, sizeof *w->modules);
    for (size_t i = 0; i < embedded_count; i++) {
        const char *name = embedded_modules[i].name, *text = own_module(L, name);
        w->modules[i] = embedded_modules[i];
        if (text != NULL) {
            str_list_push(&w->texts, text);
            w->modules[i].source = w->texts.items[w->texts.count - 1];
            w->modules[i].len = strlen(text);
            w->stage.modules = w->modules;
        }
    }
}

/* A world has the faults of its scenario, or those that the spec decides on. */
static bool fill(struct world *w, uint64_t seed, struct err *err)
{
    if (w->scenario != NULL) {
        return module_begin_scenario(w, seed, err);
    }
    network_fates(cluster_network(w->stage.cluster), module_on_fate, w);
    return true;
}

/* What clocks show first. */
static int64_t begin_of(lua_State *L, const struct world *w)
{
    int64_t begin_ms = w->scenario != NULL ? w->scenario->begin_ms : BEGIN_MS;
    struct err err;
    lua_getfield(L, 1, "begin");
    const char *text = luaL_optstring(L, -1, NULL);
    if (text != NULL && !time_parse(text, &begin_ms, &err)) {
        luaL_error(L, "begin: a time such as 2026-03-13T12:00:00Z is wanted, got %s", text);
    }
    lua_pop(L, 1);
    return begin_ms;
}

static const char *scenario_of(lua_State *L)
{
    lua_getfield(L, 1, "scenario");
    const char *path = luaL_optstring(L, -1, NULL); /* the options hold on to it */
    lua_pop(L, 1);
    return path;
}

static int open_world(lua_State *L)
{
    static const char *const fields[] = {"seed",         "transcript", "start",   "people", "scenario",     "begin",
                                         "replay_words", "step_ms",    "modules", "awake",  "lease_factor", NULL};
    module_check_fields(L, 1, fields);
    bool is_written = module_flag(L, 1, "transcript"), has_people = module_flag(L, 1, "people");
    bool is_awake = module_flag(L, 1, "awake");
    int lease_factor = (int)module_integer(L, 1, "lease_factor", 0, 0);
    int64_t replay_words = module_integer(L, 1, "replay_words", 0, 0), step_ms = module_integer(L, 1, "step_ms", 0, 0);
    struct world *w = push_world(L);
    const char *path = scenario_of(L);
    struct err err = {0};
    if (path != NULL && !module_open_scenario(w, path, &err)) {
        return module_fail(L, &err);
    }
    uint64_t usual = w->scenario != NULL ? w->scenario->seed : 1;
    uint64_t seed = (uint64_t)module_integer(L, 1, "seed", 0, (int64_t)usual);
    int64_t begin_ms = begin_of(L, w);
    buf_init(&w->log, LOG_MAX);
    module_log_to(w);
    w->time = virtual_clock_new(begin_ms);
    w->is_open = true;
    bool ok = stage_init(&w->stage, virtual_clock_clock(w->time), seed, &err);
    w->stage.replay_words = replay_words;
    w->stage.step_ms = step_ms;
    w->stage.awake = is_awake;
    w->stage.lease_factor = lease_factor;
    take_modules(L, w);
    watch_world(w, has_people || w->scenario != NULL);
    w->transcript = is_written ? transcript_new(w->stage.cluster) : NULL;
    objects_listen(api_objects(cluster_api(w->stage.cluster)), module_on_object, w);
    ok = ok && fill(w, seed, &err);
    return ok ? 1 : module_fail(L, &err);
}

static const luaL_Reg methods[] = {
    {"transcript", world_transcript},   {"log", world_log},     {"broken", world_broken},
    {"expect_rest", world_expect_rest}, {"close", world_close}, {NULL, NULL},
};

/* The chunk of a file of lua, by its place as stack traces show it: "@tool/world.lua". */
static void push_chunk(lua_State *L, const char *place)
{
    const struct text *text = texts_find(place + 1);
    if (text == NULL) {
        luaL_error(L, "there is no %s", place + 1);
    } else if (luaL_loadbuffer(L, text->bytes, text->len, place) != 0) {
        lua_error(L);
    }
}

static int load_part(lua_State *L)
{
    push_chunk(L, lua_pushfstring(L, "@tool/world/%s.lua", luaL_checkstring(L, 1)));
    return 1;
}

/* What is written in Lua on top: lua/tool/world.lua gets the module, the methods of a world and a function that loads
 * its parts, and adds to the first two. */
static int load_author(lua_State *L)
{
    push_chunk(L, "@tool/world.lua");
    lua_pushvalue(L, -2);
    luaL_getmetatable(L, WORLD_TYPE);
    lua_getfield(L, -1, "__index");
    lua_remove(L, -2);
    lua_pushcfunction(L, load_part);
    lua_call(L, 3, 0);
    return 1;
}

/* The text of a module of the engine's scripts; nothing without one. */
static int module_source(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    for (size_t i = 0; i < embedded_count; i++) {
        if (strcmp(embedded_modules[i].name, name) == 0) {
            lua_pushlstring(L, embedded_modules[i].source, embedded_modules[i].len);
            return 1;
        }
    }
    return 0;
}

int luaopen_sluice(lua_State *L)
{
    module_log_to(NULL);                         /* what the specs print is theirs */
    if (luaL_newmetatable(L, WORLD_TYPE) != 0) { /* else it was loaded before */
        marshal_install(L);
    }
    lua_pushcfunction(L, world_collect);
    lua_setfield(L, -2, "__gc");
    lua_pushliteral(L, WORLD_TYPE);
    lua_setfield(L, -2, "__metatable"); /* nobody but the collector calls __gc */
    lua_newtable(L);
    luaL_register(L, NULL, methods);
    luaL_register(L, NULL, module_engine);
    luaL_register(L, NULL, module_time);
    luaL_register(L, NULL, module_objects);
    luaL_register(L, NULL, module_surroundings);
    luaL_register(L, NULL, module_scenario);
    luaL_register(L, NULL, module_strikes);
    luaL_register(L, NULL, module_witness);
    luaL_register(L, NULL, module_asking);
    lua_setfield(L, -2, "__index");
    lua_newtable(L);
    luaL_register(L, NULL, module_operations);
    luaL_register(L, NULL, module_adapters);
    luaL_register(L, NULL, module_killing);
    luaL_register(L, NULL, module_fork);
    lua_pushcfunction(L, module_source);
    lua_setfield(L, -2, "source");
    lua_pushcfunction(L, open_world);
    lua_setfield(L, -2, "world");
    return load_author(L);
}
