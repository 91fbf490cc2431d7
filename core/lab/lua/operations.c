/* The contract of the operations behind host.call, for Lua (see module.c): the specs' fake host is held to it by the
 * code that holds the engine to it. */
#include "base/buf.h"
#include "base/str.h"
#include "canary/params.h"
#include "effect/kind.h"
#include "lab/lua/module_inner.h"
#include "rollout/operation/operation.h"
#include "script/marshal.h"

enum { SIGNATURE_MAX = 4096 };

static void push_operation(lua_State *L, const struct operation *operation)
{
    struct buf text;
    buf_init(&text, SIGNATURE_MAX);
    operation_write(operation, &text);
    lua_createtable(L, 0, 2);
    lua_pushstring(L, operation->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, buf_str(&text));
    lua_setfield(L, -2, "signature");
    buf_fini(&text);
}

static int list_operations(lua_State *L)
{
    lua_newtable(L);
    for (size_t i = 0; operation_at(i) != NULL; i++) {
        push_operation(L, operation_at(i));
        lua_rawseti(L, -2, (int)i + 1);
    }
    return 1;
}

/* The kinds of effects that a script can order. */
static int list_effects(lua_State *L)
{
    int count = 0;
    lua_newtable(L);
    for (size_t i = 0; effect_kind_at(i) != NULL; i++) {
        const struct effect_kind *kind = effect_kind_at(i);
        if (kind->takes != NULL) {
            struct buf text;
            buf_init(&text, SIGNATURE_MAX);
            contract_write(&(struct contract_field){.type = CONTRACT_OBJECT, .fields = kind->takes}, &text);
            lua_createtable(L, 0, 2);
            lua_pushstring(L, buf_str(&text));
            lua_setfield(L, -2, "signature");
            lua_pushstring(L, kind->again);
            lua_setfield(L, -2, "again");
            lua_rawseti(L, -2, ++count);
            buf_fini(&text);
        }
    }
    return 1;
}

/* NULL: err says why it cannot cross. */
static struct doc *read_value(lua_State *L, int index, const char *name, struct err *err)
{
    marshal_prepare(L);
    return marshal_read(L, index, name, err);
}

static int push_problem(lua_State *L, bool ok, const struct err *err)
{
    if (ok) {
        lua_pushnil(L);
    } else {
        lua_pushstring(L, err->text);
    }
    return 1;
}

static int call_problem(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    struct err err = {0};
    struct doc *args = read_value(L, 2, "args", &err);
    bool ok = args != NULL && operation_accept(name, doc_root(args), &err) != NULL;
    doc_free(args);
    return push_problem(L, ok, &err);
}

static int answer_problem(lua_State *L)
{
    const struct operation *operation = operation_find(luaL_checkstring(L, 1));
    luaL_argcheck(L, operation != NULL, 1, "there is no such operation");
    luaL_checkany(L, 2);
    struct err err = {0};
    struct doc *answer = read_value(L, 2, "answer", &err);
    bool ok = answer != NULL && operation_answers(operation, doc_root(answer), &err);
    doc_free(answer);
    return push_problem(L, ok, &err);
}

static int effects_problem(lua_State *L)
{
    struct err err = {0};
    struct doc *list = read_value(L, 1, "effects", &err);
    bool ok = list != NULL && effects_accept(doc_root(list), "effects", &err);
    doc_free(list);
    return push_problem(L, ok, &err);
}

/* What the operation calendar answers, for a world without an engine. */
static int calendar(lua_State *L)
{
    int64_t now_ms = (int64_t)luaL_checknumber(L, 1);
    struct doc *args = module_check_document(L, 2, "args");
    struct doc *answer = operation_calendar_find(doc_root(args), now_ms);
    doc_free(args);
    return module_push_document(L, answer);
}

static int params_problem(lua_State *L)
{
    struct err err = {0};
    struct doc *declared = read_value(L, 1, "declared", &err);
    struct doc *given = declared != NULL ? read_value(L, 2, "given", &err) : NULL;
    struct str_list reasons = {0};
    if (given != NULL && params_are_sound(doc_root(declared), &reasons)) {
        params_fit(doc_root(declared), doc_root(given), "params", &reasons);
    }
    if (reasons.count > 0) {
        err_set(&err, ERR_INVALID, "%s", reasons.items[0]);
    }
    str_list_fini(&reasons);
    doc_free(given);
    doc_free(declared);
    return push_problem(L, err.code == ERR_NONE, &err);
}

const luaL_Reg module_operations[] = {
    {"operations", list_operations},
    {"effects", list_effects},
    {"call_problem", call_problem},
    {"answer_problem", answer_problem},
    {"effects_problem", effects_problem},
    {"params_problem", params_problem},
    {"calendar", calendar},
    {"list", marshal_array},
    {NULL, NULL},
};
