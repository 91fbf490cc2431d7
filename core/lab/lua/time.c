/* The time of a world: what clocks show, what is done later, and how long it goes on. */
#include "lab/lua/module_inner.h"

static int64_t now_ms(const struct world *w)
{
    return clock_mono_ms(virtual_clock_clock(w->time));
}

static int world_now(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)now_ms(module_check_world(L)));
    return 1;
}

static void on_later(struct timer *timer, void *ctx)
{
    struct callback *later = ctx;
    struct world *w = later->world;
    module_visit((struct visit){.world = w, .function = later->function, .push = module_push_nothing});
    if (w->is_wishing) { /* what it did may be the wish */
        w->has_changed = true;
        virtual_clock_stop(w->time);
    }
}

/* What clocks show, as milliseconds since 1970. */
static int world_wall(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)clock_wall_ms(virtual_clock_clock(module_check_world(L)->time)));
    return 1;
}

static int world_after(lua_State *L)
{
    struct world *w = module_check_world(L);
    int64_t delay_ms = module_check_duration(L, 2);
    struct callback *later = module_add_callback(L, w, 3);
    timer_start(virtual_clock_clock(w->time), &later->timer, delay_ms, on_later, later);
    return 0;
}

static void on_change_awaited(void *ctx, const struct objects_event *event)
{
    virtual_clock_stop(((struct world *)ctx)->time);
}

static void read_wish(lua_State *L, void *out)
{
    *(bool *)out = lua_toboolean(L, 1);
}

static bool is_granted(struct world *w, int wish)
{
    bool granted = false;
    w->has_changed = false;
    module_visit(
        (struct visit){.world = w, .function = wish, .push = module_push_nothing, .read = read_wish, .out = &granted});
    return granted;
}

enum { SLICE_MS = 60 * 60 * 1000 };

static int64_t end_of_slice(const struct world *w, int64_t until_ms)
{
    return until_ms - now_ms(w) < SLICE_MS ? until_ms : now_ms(w) + SLICE_MS;
}

/* Asks the spec whether its wish has come true, before any time passes, whenever an object has changed or a function of
 * `after` has run, every hour, so that what interrupts that state ends a long wait, and when the time is over. What is
 * due at that time happens, too, as it does without a wish. */
static bool run_until(struct world *w, int64_t until_ms, int wish)
{
    struct objects *objects = api_objects(cluster_api(w->stage.cluster));
    objects_listen(objects, on_change_awaited, w);
    w->is_wishing = true;
    bool granted = is_granted(w, wish), goes_on = now_ms(w) < until_ms;
    while (!granted && goes_on && w->failure == LUA_NOREF) {
        int64_t end_ms = end_of_slice(w, until_ms);
        bool is_there = virtual_clock_run(w->time, end_ms);
        goes_on = is_there ? end_ms < until_ms : w->has_changed; /* else nothing will happen any more */
        granted = (is_there || w->has_changed) && is_granted(w, wish);
    }
    w->is_wishing = false;
    objects_unlisten(objects, on_change_awaited, w);
    return granted;
}

static int do_nothing(lua_State *L)
{
    return 0;
}

/* Without a wish a function that does nothing is called every hour. */
static void run_on(struct world *w, int64_t until_ms)
{
    lua_pushcfunction(w->L, do_nothing);
    int function = luaL_ref(w->L, LUA_REGISTRYINDEX);
    bool goes_on = true;
    while (goes_on && now_ms(w) < until_ms) {
        goes_on = virtual_clock_run(w->time, end_of_slice(w, until_ms)) &&
                  module_visit((struct visit){.world = w, .function = function, .push = module_push_nothing});
    }
    luaL_unref(w->L, LUA_REGISTRYINDEX, function);
}

static int world_run(lua_State *L)
{
    struct world *w = module_check_changing(L);
    int64_t until_ms = now_ms(w) + module_check_duration(L, 2);
    int wish = lua_isnoneornil(L, 3) ? LUA_NOREF : module_take_function(L, 3);
    if (w->is_running) {
        luaL_unref(L, LUA_REGISTRYINDEX, wish);
        return luaL_error(L, "the world is running already");
    }
    w->is_running = true;
    bool granted = true;
    if (wish != LUA_NOREF) {
        granted = run_until(w, until_ms, wish);
    } else {
        run_on(w, until_ms);
    }
    w->is_running = false;
    luaL_unref(L, LUA_REGISTRYINDEX, wish);
    lua_pushboolean(L, granted);
    return module_done(L, w, 1);
}

const luaL_Reg module_time[] = {
    {"now", world_now}, {"wall", world_wall}, {"after", world_after}, {"run", world_run}, {NULL, NULL},
};
