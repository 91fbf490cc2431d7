#include "script/module.h"

#include <lauxlib.h>
#include <string.h>

#include "base/str.h"

bool module_is_engines(const char *name)
{
    return str_has_prefix(name, "stdlib.");
}

const char *module_find(const struct module_set *set, const char *name, size_t *len)
{
    const char *pinned = module_is_engines(name) ? NULL : node_str(node_get(set->pinned, name));
    if (pinned != NULL) {
        *len = strlen(pinned);
        return pinned;
    }
    for (size_t i = 0; i < set->embedded_count; i++) {
        if (strcmp(set->embedded[i].name, name) != 0) {
            continue;
        }
        *len = set->embedded[i].len;
        return set->embedded[i].source;
    }
    return NULL;
}

int module_push_source(lua_State *L)
{
    const struct module_set *set = lua_touserdata(L, lua_upvalueindex(1));
    size_t len = 0;
    const char *text = module_find(set, luaL_checkstring(L, 1), &len);
    if (text != NULL) {
        lua_pushlstring(L, text, len);
    } else {
        lua_pushnil(L);
    }
    return 1;
}
