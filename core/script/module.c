#include "script/module.h"

#include <lauxlib.h>
#include <string.h>

#include "base/str.h"

/* Under the root that only the binary may fill. */
static bool is_engines(const char *name)
{
    return str_has_prefix(name, "stdlib.");
}

static const struct embedded_module *find_embedded(const struct module_set *set, const char *name)
{
    for (size_t i = 0; i < set->embedded_count; i++) {
        if (strcmp(set->embedded[i].name, name) == 0) {
            return &set->embedded[i];
        }
    }
    return NULL;
}

/* The binary's own text also when the release has pinned the same one. */
const char *module_find(const struct module_set *set, const char *name, size_t *len)
{
    const char *pinned = is_engines(name) ? NULL : node_str(node_get(set->pinned, name));
    const struct embedded_module *embedded = find_embedded(set, name);
    if (pinned != NULL && (embedded == NULL || strcmp(pinned, embedded->source) != 0)) {
        *len = strlen(pinned);
        return pinned;
    }
    *len = embedded != NULL ? embedded->len : 0;
    return embedded != NULL ? embedded->source : NULL;
}

bool module_all_engines(const struct module_set *set)
{
    struct node_iter it = node_iterate(set->pinned);
    while (node_next(&it)) {
        const struct embedded_module *embedded = find_embedded(set, it.key);
        if (embedded == NULL || !str_equal(node_str(it.value), embedded->source)) {
            return false;
        }
    }
    return true;
}

static int push_pinned_names(lua_State *L, const struct module_set *set)
{
    lua_newtable(L);
    int count = 0;
    struct node_iter it = node_iterate(set->pinned);
    while (node_next(&it)) {
        if (!is_engines(it.key)) {
            lua_pushstring(L, it.key);
            lua_rawseti(L, -2, ++count);
        }
    }
    return 1;
}

static int push_text(lua_State *L, const struct module_set *set, const char *name)
{
    size_t len;
    const char *text = module_find(set, name, &len);
    lua_pushlstring(L, text != NULL ? text : "", text != NULL ? len : 0);
    return 1;
}

int module_load(lua_State *L)
{
    const struct module_set *set = lua_touserdata(L, lua_upvalueindex(1));
    if (lua_gettop(L) == 0) {
        return push_pinned_names(L, set);
    }
    const char *name = luaL_checkstring(L, 1);
    if (lua_gettop(L) == 1) {
        return push_text(L, set, name);
    }
    const char *place = luaL_checkstring(L, 2);
    size_t len;
    const char *text = module_find(set, name, &len);
    const struct embedded_module *embedded = find_embedded(set, name);
    bool is_embedded = embedded != NULL && text == embedded->source;
    if (text == NULL) {
        return 0;
    }
    if (text[0] == LUA_SIGNATURE[0]) {
        lua_pushnil(L);
        lua_pushfstring(L, "%s:1: bytecode, and a script is a text of Lua", place + 1);
        return 2;
    }
    if (chunks_load(is_embedded ? set->chunks : NULL, L, text, len, place) != 0) {
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }
    lua_pushvalue(L, 3);
    lua_setfenv(L, -2);
    return 1;
}
