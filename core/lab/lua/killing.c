/* Where something may strike the engine of a story (lab/killing.h), for Lua (see module.c). */
#include "lab/killing.h"
#include "lab/lua/module_inner.h"

static enum machine_stroke check_stroke(lua_State *L, int index)
{
    enum machine_stroke stroke = MACHINE_BEFORE;
    const char *name = luaL_checkstring(L, index);
    if (!killing_stroke_find(name, &stroke)) {
        luaL_argerror(L, index, lua_pushfstring(L, "nothing strikes '%s'", name));
    }
    return stroke;
}

static unsigned read_strokes(lua_State *L)
{
    unsigned strokes = 0;
    lua_getfield(L, 1, "strokes");
    if (!lua_istable(L, -1) || lua_objlen(L, -1) == 0) {
        luaL_error(L, "strokes: a list of at least one is wanted, got %s", luaL_typename(L, -1));
    }
    for (int i = 1; i <= (int)lua_objlen(L, 2); i++) {
        lua_rawgeti(L, 2, i);
        strokes |= KILLING_BY(check_stroke(L, -1));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return strokes;
}

static int list_places(lua_State *L)
{
    static const char *const fields[] = {"first", "last", "strokes", "every", "offset", "in_turn", NULL};
    lua_settop(L, 1);
    module_check_fields(L, 1, fields);
    struct killing killing = {
        .first = (int)module_integer(L, 1, "first", 1, 0), /* it has no default: 0 is refused */
        .last = (int)module_integer(L, 1, "last", 1, 0),
        .strokes = read_strokes(L),
        .every = (int)module_integer(L, 1, "every", 1, 1),
        .offset = (int)module_integer(L, 1, "offset", 0, 0),
        .in_turn = module_flag(L, 1, "in_turn"),
    };
    lua_newtable(L);
    for (int i = 1; killing_next(&killing); i++) {
        lua_createtable(L, 0, 2);
        lua_pushinteger(L, killing.request);
        lua_setfield(L, -2, "request");
        lua_pushstring(L, killing_stroke_name(killing.stroke));
        lua_setfield(L, -2, "stroke");
        lua_rawseti(L, -2, i);
    }
    return 1;
}

static void on_struck(void *ctx)
{
    struct callback *struck = ctx;
    module_visit((struct visit){.world = struck->world, .function = struck->function, .push = module_push_nothing});
}

static int world_strike_at(lua_State *L)
{
    struct world *w = module_check_world(L);
    int request = (int)luaL_checkinteger(L, 2);
    luaL_argcheck(L, request > 0, 2, "requests are counted from 1 on");
    enum machine_stroke stroke = check_stroke(L, 3);
    struct callback *struck = lua_isnoneornil(L, 4) ? NULL : module_add_callback(L, w, 4);
    stage_strike_at(&w->stage, request, stroke, struck != NULL ? on_struck : NULL, struck);
    return 0;
}

const luaL_Reg module_killing[] = {{"places", list_places}, {NULL, NULL}};
const luaL_Reg module_strikes[] = {{"strike_at", world_strike_at}, {NULL, NULL}};
