#include "lab/lua/replaying.h"

#include <lauxlib.h>

#include "lab/replay.h"
#include "script/marshal.h"

int replaying_run(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    struct replay_order order = {.script = luaL_optstring(L, 2, NULL), .words_max = (int64_t)luaL_optnumber(L, 3, 0)};
    struct err err = {0};
    marshal_prepare(L);
    struct doc *object = marshal_read_large(L, 1, "Release", &err);
    order.object = doc_root(object);
    struct doc *found = object != NULL ? replay_play(&order, &err) : NULL;
    doc_free(object);
    if (found == NULL) {
        lua_pushnil(L);
        lua_pushstring(L, err.text);
        return 2;
    }
    marshal_push(L, doc_root(found));
    doc_free(found);
    return 1;
}
