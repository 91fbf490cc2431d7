/* What scripts and the engine say to each other (lab/witness.h), for Lua (see module.c). */
#include "lab/lua/module_inner.h"
#include "script/marshal.h"

static const char *const kinds[] = {
    [WITNESS_WORD] = "word",   [WITNESS_OPERATION] = "operation", [WITNESS_ANSWER] = "answer",
    [WITNESS_LEAVE] = "leave", [WITNESS_EVIDENCE] = "evidence",   [WITNESS_END] = "end",
};

static void push_node(lua_State *L, const struct node *node)
{
    if (node != NULL) {
        marshal_push(L, node);
    } else {
        lua_pushnil(L);
    }
}

static int push_news(lua_State *L, const void *args)
{
    const struct witness_news *news = args;
    lua_createtable(L, 0, 6);
    lua_pushstring(L, kinds[news->kind]);
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, news->label);
    lua_setfield(L, -2, "canary");
    lua_pushstring(L, news->name); /* nil for NULL */
    lua_setfield(L, -2, "name");
    push_node(L, news->args);
    lua_setfield(L, -2, "args");
    push_node(L, news->answer);
    lua_setfield(L, -2, "answer");
    lua_pushboolean(L, news->known);
    lua_setfield(L, -2, "known");
    return 1;
}

/* Whoever waits for a wish is asked again: a word may be what was waited for. */
static void on_witness(void *ctx, const struct witness_news *news)
{
    struct world *w = ctx;
    if (w->witness == LUA_NOREF) {
        return;
    }
    module_visit((struct visit){.world = w,
                                .function = w->witness,
                                .forbids = "a witness must only take note",
                                .push = push_news,
                                .args = news});
    if (w->is_wishing) {
        w->has_changed = true;
        virtual_clock_stop(w->time);
    }
}

/* witness(note): for the engines that are started from now on. */
static int world_witness(lua_State *L)
{
    struct world *w = module_check_world(L);
    luaL_unref(L, LUA_REGISTRYINDEX, w->witness);
    w->witness = module_take_function(L, 2);
    w->stage.witness = on_witness;
    w->stage.witness_ctx = w;
    return 0;
}

const luaL_Reg module_witness[] = {{"witness", world_witness}, {NULL, NULL}};
