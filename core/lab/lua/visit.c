#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/duration.h"
#include "base/log.h"
#include "base/mem.h"
#include "lab/lua/module_inner.h"
#include "script/marshal.h"

#define WHOLE_MAX 9007199254740992.0 /* a double tells whole numbers apart up to here */

/* --- the log --- */

static struct world *logged;

static void on_log(void *ctx, const char *line)
{
    struct buf *log = &((struct world *)ctx)->log;
    buf_append_str(log, line);
    buf_append_char(log, '\n');
}

struct world *module_log_to(struct world *w)
{
    struct world *before = logged;
    logged = w;
    log_set_sink(w != NULL ? on_log : log_drop, w);
    return before;
}

/* --- functions of the spec --- */

static int visit_protected(lua_State *L)
{
    struct visit *visit = lua_touserdata(L, 1);
    lua_settop(L, 0);
    lua_rawgeti(L, LUA_REGISTRYINDEX, visit->function);
    lua_call(L, visit->push(L, visit->args), 2);
    if (visit->read != NULL) {
        visit->read(L, visit->out);
    }
    return 0;
}

bool module_visit(struct visit visit)
{
    struct world *w = visit.world;
    lua_State *L = w->L;
    if (w->failure != LUA_NOREF) {
        return false;
    }
    const char *forbids = w->forbids;
    w->forbids = visit.forbids != NULL ? visit.forbids : forbids;
    bool ok = lua_cpcall(L, visit_protected, &visit) == 0;
    if (!ok) {
        w->failure = luaL_ref(L, LUA_REGISTRYINDEX);
        virtual_clock_stop(w->time);
    }
    w->forbids = forbids;
    w->L = L;
    module_log_to(w); /* it may have called another world */
    return ok;
}

static int raise_failure(lua_State *L, struct world *w)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, w->failure);
    luaL_unref(L, LUA_REGISTRYINDEX, w->failure);
    w->failure = LUA_NOREF;
    return lua_error(L);
}

int module_done(lua_State *L, struct world *w, int results)
{
    return w->failure != LUA_NOREF ? raise_failure(L, w) : results;
}

int module_ended(lua_State *L, struct world *w, bool ok, const struct err *err)
{
    return ok || w->failure != LUA_NOREF ? module_done(L, w, 0) : module_fail(L, err);
}

int module_take_function(lua_State *L, int index)
{
    luaL_checktype(L, index, LUA_TFUNCTION);
    lua_pushvalue(L, index);
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

struct callback *module_add_callback(lua_State *L, struct world *w, int index)
{
    int function = module_take_function(L, index);
    struct callback *callback = mem_new(struct callback);
    *callback = (struct callback){.world = w, .next = w->callbacks, .function = function};
    w->callbacks = callback;
    return callback;
}

int module_push_nothing(lua_State *L, const void *args)
{
    return 0;
}

/* --- arguments --- */

struct world *module_check_world(lua_State *L)
{
    struct world *w = *(struct world **)luaL_checkudata(L, 1, WORLD_TYPE);
    luaL_argcheck(L, w->is_open, 1, "the world is closed");
    w->L = L;
    module_log_to(w);
    return w;
}

struct world *module_check_changing(lua_State *L)
{
    struct world *w = module_check_world(L);
    if (w->forbids != NULL) {
        luaL_error(L, "%s: nothing can be changed from inside of it", w->forbids);
    }
    return w;
}

int64_t module_check_duration(lua_State *L, int index)
{
    if (lua_type(L, index) == LUA_TNUMBER) {
        lua_Number ms = lua_tonumber(L, index);
        luaL_argcheck(L, ms >= 0 && ms < 1e15, index, "expected milliseconds");
        return (int64_t)ms;
    }
    struct err err;
    int64_t ns = 0;
    if (!duration_parse(luaL_checkstring(L, index), &ns, &err)) {
        luaL_argerror(L, index, lua_pushfstring(L, "%s", err.text));
    }
    luaL_argcheck(L, ns >= 0, index, "expected a duration that is not negative");
    return ns / 1000000;
}

/* As kubectl takes it: "deployments.apps", "deployments", "deployment", "Deployment". Without a group the first kind
 * counts. */
static bool is_called(const struct kind *kind, const char *text)
{
    size_t len = strcspn(text, ".");
    bool named = (strlen(kind->plural) == len && strncasecmp(kind->plural, text, len) == 0) ||
                 (strlen(kind->name) == len && strncasecmp(kind->name, text, len) == 0);
    return named && (text[len] == '\0' || strcmp(kind->group, text + len + 1) == 0);
}

const struct kind *module_check_kind(lua_State *L, struct world *w, int index)
{
    const char *text = luaL_checkstring(L, index);
    const struct kinds *kinds = api_kinds(cluster_api(w->stage.cluster));
    const struct kind *found = NULL;
    for (size_t i = 0; i < kinds_count(kinds); i++) {
        const struct kind *kind = kinds_at(kinds, i);
        if (is_called(kind, text) && (found == NULL || (found->group[0] != '\0' && kind->group[0] == '\0'))) {
            found = kind;
        }
    }
    if (found == NULL) {
        luaL_argerror(L, index,
                      lua_pushfstring(L,
                                      "the cluster has no kind '%s', wanted one as kubectl has it, such as "
                                      "deployments.apps or canaries.flagger.app",
                                      text));
    }
    return found;
}

int module_fail(lua_State *L, const struct err *err)
{
    return luaL_error(L, "%s", err->text);
}

struct doc *module_check_document(lua_State *L, int index, const char *name)
{
    struct err err;
    luaL_checktype(L, index, LUA_TTABLE);
    marshal_prepare(L);
    struct doc *doc = marshal_read(L, index, name, &err);
    if (doc == NULL) {
        module_fail(L, &err);
    }
    return doc;
}

int module_push_document(lua_State *L, struct doc *doc)
{
    marshal_push(L, doc_root(doc));
    doc_free(doc);
    return 1;
}

static bool is_known(const char *field, const char *const *known)
{
    for (; *known != NULL; known++) {
        if (field != NULL && strcmp(field, *known) == 0) {
            return true;
        }
    }
    return false;
}

void module_check_fields(lua_State *L, int index, const char *const *known)
{
    luaL_checktype(L, index, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        lua_pop(L, 1);
        lua_pushvalue(L, -1); /* tostring would change the key itself */
        const char *field = lua_tostring(L, -1);
        if (!is_known(field, known)) {
            luaL_Buffer names;
            luaL_buffinit(L, &names);
            for (const char *const *name = known; *name != NULL; name++) {
                luaL_addstring(&names, name == known ? "" : name[1] == NULL ? " and " : ", ");
                luaL_addstring(&names, *name);
            }
            luaL_pushresult(&names);
            luaL_error(L, "%s: unknown field, known are %s", field != NULL ? field : luaL_typename(L, -2),
                       lua_tostring(L, -1));
        }
        lua_pop(L, 1);
    }
}

bool module_flag(lua_State *L, int index, const char *name)
{
    lua_getfield(L, index, name);
    if (!lua_isnil(L, -1) && !lua_isboolean(L, -1)) {
        luaL_error(L, "%s: expected true or false, got %s", name, luaL_typename(L, -1));
    }
    bool value = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return value;
}

double module_number(lua_State *L, int index, const char *name, double fallback)
{
    lua_getfield(L, index, name);
    if (!lua_isnil(L, -1) && !lua_isnumber(L, -1)) {
        luaL_error(L, "%s: expected a number, got %s", name, luaL_typename(L, -1));
    }
    double value = lua_isnil(L, -1) ? fallback : lua_tonumber(L, -1);
    lua_pop(L, 1);
    return value;
}

int64_t module_integer(lua_State *L, int index, const char *name, int64_t min, int64_t fallback)
{
    double value = module_number(L, index, name, (double)fallback);
    if (!(value >= (double)min && value < WHOLE_MAX && value == floor(value))) {
        luaL_error(L, "%s: expected a whole number from %d on, got %f", name, (int)min, value);
    }
    return (int64_t)value;
}
