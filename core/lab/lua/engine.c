/* The engine of a world: when it starts and ends, and what is told of it. */
#include "lab/lua/module_inner.h"

enum { METRICS_SIZE_MAX = 16 * 1024 * 1024 };

static const char *const states[] = {
    [STAGE_EMPTY] = "none",      [STAGE_STARTING] = "starting", [STAGE_READY] = "ready",
    [STAGE_CLOSING] = "closing", [STAGE_DEAD] = "dead",
};

static int push_state(lua_State *L, const void *args)
{
    lua_pushstring(L, states[((const struct world *)args)->stage.state]);
    return 1;
}

static void on_news(struct timer *timer, void *ctx)
{
    struct world *w = ctx;
    if (w->on_engine != LUA_NOREF) {
        module_visit((struct visit){.world = w, .function = w->on_engine, .push = push_state, .args = w});
    }
}

static void on_engine(void *ctx)
{
    struct world *w = ctx;
    timer_start(virtual_clock_clock(w->time), &w->news, 0, on_news, w);
}

static int world_on_engine(lua_State *L)
{
    struct world *w = module_check_world(L);
    luaL_unref(L, LUA_REGISTRYINDEX, w->on_engine);
    w->on_engine = module_take_function(L, 2);
    return 0;
}

static int world_start_engine(lua_State *L)
{
    struct world *w = module_check_changing(L);
    const char *identity = luaL_checkstring(L, 2);
    bool is_apart = lua_toboolean(L, 3);
    if (w->stage.state != STAGE_EMPTY && w->stage.state != STAGE_DEAD) {
        return luaL_error(L, "an engine is %s", states[w->stage.state]);
    }
    w->stage.is_apart = is_apart;
    stage_start_engine(&w->stage, identity, on_engine, w);
    return module_done(L, w, 0);
}

static int world_close_engine(lua_State *L)
{
    struct world *w = module_check_changing(L);
    stage_close_engine(&w->stage);
    return module_done(L, w, 0);
}

static int world_kill_engine(lua_State *L)
{
    struct world *w = module_check_changing(L);
    stage_kill_engine(&w->stage, lua_toboolean(L, 2));
    return 0;
}

static int world_engine(lua_State *L)
{
    return push_state(L, module_check_world(L));
}

static int world_requests(lua_State *L)
{
    lua_pushinteger(L, stage_requests(&module_check_world(L)->stage));
    return 1;
}

static int world_metrics(lua_State *L)
{
    struct buf text;
    buf_init(&text, METRICS_SIZE_MAX);
    stage_write_metrics(&module_check_world(L)->stage, &text);
    lua_pushlstring(L, buf_str(&text), text.len);
    buf_fini(&text);
    return 1;
}

static int world_sent_at(lua_State *L)
{
    const struct world *w = module_check_world(L);
    lua_Integer request = luaL_checkinteger(L, 2);
    if (request < 1 || (size_t)request > w->sent_count) {
        return 0;
    }
    lua_pushnumber(L, (lua_Number)w->sent_ms[request - 1]);
    return 1;
}

const luaL_Reg module_engine[] = {
    {"start_engine", world_start_engine},
    {"close_engine", world_close_engine},
    {"kill_engine", world_kill_engine},
    {"on_engine", world_on_engine},
    {"engine", world_engine},
    {"metrics", world_metrics},
    {"requests", world_requests},
    {"sent_at", world_sent_at},
    {NULL, NULL},
};
