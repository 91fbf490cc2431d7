#include "script/marshal.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

enum { SLOTS_PER_LEVEL = 3, PATH_SIZE = 256 };
#define WHOLE_MAX INT64_C(9007199254740992) /* up to here every integer is a double */

struct reader {
    lua_State *L;
    struct doc *doc;
    const void *mark; /* the metatable of lists */
    size_t nodes, bytes;
    int depth;
    bool is_bounded;
    char path[PATH_SIZE];
    struct err *err;
};

struct member {
    const char *key; /* alive as long as the table has it */
    struct node *value;
};

static const char mark_key;

static struct node *read_value(struct reader *r, int index);

/* --- the list's mark --- */

void marshal_install(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&mark_key);
    lua_newtable(L);
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable"); /* scripts neither see nor replace it */
    lua_rawset(L, LUA_REGISTRYINDEX);
}

static void push_mark(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&mark_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
}

int marshal_array(lua_State *L)
{
    lua_settop(L, 1);
    if (lua_isnil(L, 1)) {
        lua_newtable(L);
        lua_replace(L, 1);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    push_mark(L);
    lua_setmetatable(L, 1);
    return 1;
}

/* --- out of Lua --- */

static struct node *refuse(struct reader *r, const char *why)
{
    if (r->err->code == ERR_NONE) {
        err_set(r->err, ERR_SCRIPT, "%s: %s", r->path, why);
    }
    return NULL;
}

static struct node *read_number(struct reader *r, double value)
{
    if (isnan(value)) {
        return refuse(r, "NaN has no place in JSON");
    }
    if (isinf(value)) {
        return refuse(r, "infinity has no place in JSON");
    }
    if (value == floor(value) && fabs(value) <= (double)WHOLE_MAX) {
        return node_new_int(r->doc, (int64_t)value);
    }
    return node_new_real(r->doc, value);
}

static bool text_fits(struct reader *r, const char *s, size_t len, const char *what)
{
    char why[96];
    r->bytes += len;
    if (r->is_bounded && r->bytes > MARSHAL_BYTES_MAX) {
        snprintf(why, sizeof why, "more than %d bytes of text in one value", MARSHAL_BYTES_MAX);
    } else if (!utf8_valid(s, len)) {
        snprintf(why, sizeof why, "a %s that is not UTF-8 has no place in JSON", what);
    } else {
        return true;
    }
    refuse(r, why);
    return false;
}

static struct node *read_string(struct reader *r, int index)
{
    size_t len;
    const char *s = lua_tolstring(r->L, index, &len);
    return text_fits(r, s, len, "string") ? node_new_str_n(r->doc, s, len) : NULL;
}

/* The value on top of the stack, which is popped; `step` (".name" or "[2]") is its place in the container. */
static struct node *read_child(struct reader *r, const char *step)
{
    size_t len = strlen(r->path);
    snprintf(r->path + len, sizeof r->path - len, "%s", step);
    struct node *value = read_value(r, lua_gettop(r->L));
    lua_pop(r->L, 1);
    r->path[len] = '\0';
    return value;
}

static struct node *read_list(struct reader *r, int index, size_t count)
{
    struct node *list = node_new_array(r->doc);
    for (size_t i = 1; i <= count; i++) {
        char step[32];
        snprintf(step, sizeof step, "[%zu]", i);
        lua_rawgeti(r->L, index, (int)i);
        struct node *item = read_child(r, step);
        if (item == NULL) {
            return NULL;
        }
        node_push(list, item);
    }
    return list;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->key, ((const struct member *)b)->key);
}

static bool read_members(struct reader *r, int index, struct member *members)
{
    size_t count = 0;
    for (lua_pushnil(r->L); lua_next(r->L, index);) {
        size_t len;
        const char *key = lua_tolstring(r->L, -2, &len);
        char step[128];
        snprintf(step, sizeof step, ".%s", key);
        bool ok = text_fits(r, key, len, "name");
        if (ok && strlen(key) != len) {
            ok = refuse(r, "a name with a NUL has no place in JSON");
        }
        struct node *value = ok ? read_child(r, step) : (lua_pop(r->L, 1), NULL);
        if (value == NULL) {
            lua_pop(r->L, 1);
            return false;
        }
        members[count++] = (struct member){key, value};
    }
    return true;
}

static struct node *read_object(struct reader *r, int index, size_t count)
{
    if (r->is_bounded && count > MARSHAL_MEMBERS_MAX) {
        return refuse(r, "a table with more than 2000 names");
    }
    struct node *object = node_new_object(r->doc);
    struct member *members = mem_alloc_array(count, sizeof *members);
    bool ok = read_members(r, index, members);
    if (ok && count > 1) {
        qsort(members, count, sizeof *members, by_key);
    }
    for (size_t i = 0; ok && i < count; i++) {
        node_set(r->doc, object, members[i].key, members[i].value);
    }
    mem_free(members);
    return ok ? object : NULL;
}

struct shape {
    size_t count, names, places; /* places: keys that are whole numbers from 1 on */
    double largest;
};

static struct shape shape_of(lua_State *L, int index)
{
    struct shape shape = {0};
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        shape.count++;
        if (lua_type(L, -2) == LUA_TSTRING) {
            shape.names++;
        } else if (lua_type(L, -2) == LUA_TNUMBER) {
            double key = lua_tonumber(L, -2);
            if (key >= 1 && key == floor(key)) {
                shape.places++;
            }
            if (key > shape.largest) {
                shape.largest = key;
            }
        }
    }
    return shape;
}

static bool is_marked(struct reader *r, int index)
{
    if (!lua_getmetatable(r->L, index)) {
        return false;
    }
    bool marked = lua_topointer(r->L, -1) == r->mark;
    lua_pop(r->L, 1);
    return marked;
}

static struct node *read_table(struct reader *r, int index)
{
    if (r->depth == MARSHAL_DEPTH_MAX) {
        return refuse(r, "more than 64 levels of tables (one that contains itself?)");
    }
    struct shape shape = shape_of(r->L, index);
    bool marked = is_marked(r, index);
    bool list = marked || (shape.count > 0 && shape.names < shape.count);
    if (list && (shape.places != shape.count || shape.largest != (double)shape.count)) {
        return refuse(r, "neither a list (keys 1 to n without holes) nor an object (keys that are strings)");
    }
    r->depth++;
    struct node *node = list ? read_list(r, index, shape.count) : read_object(r, index, shape.count);
    r->depth--;
    return node;
}

static struct node *read_value(struct reader *r, int index)
{
    if (++r->nodes > MARSHAL_NODES_MAX && r->is_bounded) {
        return refuse(r, "more than 20000 values in one");
    }
    int type = lua_type(r->L, index);
    switch (type) {
    case LUA_TNIL:
        return node_new_null(r->doc);
    case LUA_TBOOLEAN:
        return node_new_bool(r->doc, lua_toboolean(r->L, index));
    case LUA_TNUMBER:
        return read_number(r, lua_tonumber(r->L, index));
    case LUA_TSTRING:
        return read_string(r, index);
    case LUA_TTABLE:
        return read_table(r, index);
    case LUA_TLIGHTUSERDATA:
        return node_new_null(r->doc);
    default: {
        char why[64];
        snprintf(why, sizeof why, "a %s has no place in JSON", lua_typename(r->L, type));
        return refuse(r, why);
    }
    }
}

void marshal_prepare(lua_State *L)
{
    luaL_checkstack(L, SLOTS_PER_LEVEL * (MARSHAL_DEPTH_MAX + 2), "a value to be written as JSON");
}

static struct doc *read_root(lua_State *L, int index, const char *root, bool is_bounded, struct err *err)
{
    struct reader r = {.L = L, .is_bounded = is_bounded, .err = err};
    int top = lua_gettop(L);
    if (index < 0 && index > LUA_REGISTRYINDEX) {
        index = top + 1 + index;
    }
    push_mark(L);
    r.mark = lua_topointer(L, -1);
    lua_pop(L, 1);
    snprintf(r.path, sizeof r.path, "%s", root);
    err_clear(err);
    r.doc = doc_new();
    struct node *value = read_value(&r, index);
    lua_settop(L, top);
    if (value == NULL) {
        doc_free(r.doc);
        return NULL;
    }
    doc_set_root(r.doc, value);
    return r.doc;
}

struct doc *marshal_read(lua_State *L, int index, const char *root, struct err *err)
{
    return read_root(L, index, root, true, err);
}

struct doc *marshal_read_large(lua_State *L, int index, const char *root, struct err *err)
{
    return read_root(L, index, root, false, err);
}

/* --- into Lua --- */

static void push_list(lua_State *L, const struct node *n)
{
    lua_createtable(L, (int)node_count(n), 0);
    struct node_iter it = node_iterate(n);
    for (int place = 1; node_next(&it); place++) {
        if (node_type(it.value) == NODE_NULL) {
            lua_pushlightuserdata(L, NULL);
        } else {
            marshal_push(L, it.value);
        }
        lua_rawseti(L, -2, place);
    }
    push_mark(L);
    lua_setmetatable(L, -2);
}

static void push_object(lua_State *L, const struct node *n)
{
    lua_createtable(L, 0, (int)node_count(n));
    struct node_iter it = node_iterate(n);
    while (node_next(&it)) {
        lua_pushlstring(L, it.key, it.key_len);
        marshal_push(L, it.value);
        lua_rawset(L, -3);
    }
}

static void push_number(lua_State *L, const struct node *n)
{
    int64_t whole;
    double real = 0;
    bool exact = node_type(n) != NODE_INT || (node_int(n, &whole) && whole >= -WHOLE_MAX && whole <= WHOLE_MAX);
    if (!exact) {
        luaL_error(L, "a number beyond 2^53 would not be exact in a script");
    }
    node_real(n, &real);
    lua_pushnumber(L, real);
}

void marshal_push(lua_State *L, const struct node *n)
{
    luaL_checkstack(L, SLOTS_PER_LEVEL + 2, "a JSON value");
    switch (node_type(n)) {
    case NODE_ABSENT:
    case NODE_NULL:
        lua_pushnil(L);
        break;
    case NODE_BOOL:
        lua_pushboolean(L, node_bool_or(n, false));
        break;
    case NODE_INT:
    case NODE_REAL:
        push_number(L, n);
        break;
    case NODE_STRING: {
        size_t len;
        const char *text = node_str_n(n, &len);
        lua_pushlstring(L, text, len);
        break;
    }
    case NODE_ARRAY:
        push_list(L, n);
        break;
    case NODE_OBJECT:
        push_object(L, n);
        break;
    }
}
