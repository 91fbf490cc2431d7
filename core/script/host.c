#include "script/host.h"

#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "script/kill.h"
#include "script/marshal.h"
#include "script/plain.h"
#include "script/where.h"

#define ROOT "args"

enum { LOG_MAX = 4096 };

static struct host *host_of(lua_State *L)
{
    struct host *const *host = lua_touserdata(L, lua_upvalueindex(1));
    return *host;
}

/* Raises at the line of the script that has said the word, wherever in stdlib the primitive was called. */
static int raise_at_script(lua_State *L, const char *format, ...)
{
    char where[KILL_WHERE_SIZE];
    va_list args;
    va_start(args, format);
    where_find(L, where, sizeof where);
    lua_pushfstring(L, "%s%s", where, where[0] != '\0' ? ": " : "");
    lua_pushvfstring(L, format, args);
    va_end(args);
    lua_concat(L, 2);
    return lua_error(L);
}

/* Words wait, are recorded and end in the order of the strategy's own coroutine. */
static struct host *host_for_word(lua_State *L)
{
    struct host *host = host_of(L);
    if (host->co == NULL) {
        raise_at_script(L, "no word can run while a module loads");
    }
    if (L != host->co) {
        raise_at_script(L, "no word can run inside a coroutine of the script");
    }
    return host;
}

/* "args.text: why": "text: why", as the script knows no args. */
static const char *after_root(const char *problem)
{
    const char *rest = problem + (str_has_prefix(problem, ROOT) ? strlen(ROOT) : 0);
    return rest + strspn(rest, rest[0] == '.' ? "." : ": ");
}

/* Absent arguments are an empty object. Between kill_host_enter and kill_host_leave. */
static struct doc *read_args(lua_State *L, int index, struct err *err)
{
    if (!lua_isnil(L, index)) {
        return marshal_read(L, index, ROOT, err);
    }
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_object(doc));
    return doc;
}

void host_hand_over(struct host *host, struct doc *doc)
{
    doc_free(host->handed_over);
    host->handed_over = doc;
}

void host_fini(struct host *host)
{
    host_hand_over(host, NULL);
}

void host_push_replayed(lua_State *L, struct host *host)
{
    lua_pushboolean(L, true);
    marshal_push(L, doc_root(host->handed_over));
    lua_pushnumber(L, (lua_Number)host->word_started_ms);
}

/* True when a long replay must pause, so that the loop can turn: a record may have a million words. To be called
 * between kill_host_enter and kill_host_leave. */
static bool is_pause_due(struct host *host)
{
    host->replayed++;
    bool measured = host->budget != NULL && host->budget->limits.measured;
    return host->replayed == host->replay_words || (measured && kill_elapsed_ns() > HOST_REPLAY_NS);
}

/* --- what a minute has room for --- */

/* Words of a script that people, chats and webhooks get something of. */
static bool is_message(const char *word)
{
    static const char *const words[] = {"event", "alert", "hook", "fetch"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_query(const char *operation)
{
    return str_has_prefix(operation, "query");
}

/* True when it has to wait, which it then does by yielding. */
static bool is_over(struct host *host, lua_State *L, enum strategy_budget what)
{
    return host->budget != NULL && lua_isyieldable(L) && !budget_fits(host->budget, what);
}

static void count(struct host *host, enum strategy_budget what)
{
    if (host->budget != NULL) {
        budget_count(host->budget, what);
    }
}

static int push_begun(lua_State *L, int64_t started_ms)
{
    lua_pushboolean(L, false);
    lua_pushnil(L);
    lua_pushnumber(L, (lua_Number)started_ms);
    return 3;
}

/* A call is asked for again (prelude.lua). */
int host_push_held(lua_State *L, struct host *host)
{
    enum host_hold held = host->held;
    host->held = HOST_GOES_ON;
    if (held == HOST_HOLDS_WORD) {
        count(host, STRATEGY_MESSAGES);
        return push_begun(L, host->word_started_ms);
    }
    lua_pushnil(L);
    lua_pushboolean(L, true);
    return 2;
}

/* --- the primitives --- */

static int primitive_enter(lua_State *L)
{
    struct host *host = host_for_word(L);
    luaL_checktype(L, 1, LUA_TSTRING);
    lua_settop(L, 2);
    marshal_prepare(L);
    bool may_pause = lua_isyieldable(L);
    struct err err = {0};
    struct doc *result = NULL;
    int64_t started_ms = 0;
    bool done = false;

    kill_host_enter();
    const char *word = lua_tostring(L, 1);
    struct doc *args = read_args(L, 2, &err);
    bool readable = args != NULL;
    if (readable) {
        done = host->port.enter(host->port.ctx, word, doc_root(args), &result, &started_ms);
    }
    doc_free(args);
    host_hand_over(host, done ? result : NULL);
    if (done) {
        host->word_started_ms = started_ms;
        host->paused = is_pause_due(host) && may_pause;
        kill_restart();
    }
    kill_host_leave();

    if (!readable) {
        return raise_at_script(L, "rollout:%s: %s", lua_tostring(L, 1), after_root(err.text));
    }
    if (done && host->paused) {
        return lua_yield(L, 0);
    }
    if (done) {
        host_push_replayed(L, host);
        return 3;
    }
    if (is_message(lua_tostring(L, 1))) {
        host->word_started_ms = started_ms;
        if (is_over(host, L, STRATEGY_MESSAGES)) {
            host->held = HOST_HOLDS_WORD;
            return lua_yield(L, 0);
        }
        count(host, STRATEGY_MESSAGES);
    }
    return push_begun(L, started_ms);
}

static int primitive_leave(lua_State *L)
{
    struct host *host = host_for_word(L);
    lua_settop(L, 1);
    marshal_prepare(L);
    struct err err = {0};

    kill_host_enter();
    struct doc *result = marshal_read(L, 1, "result", &err);
    bool readable = result != NULL;
    if (readable) {
        host->port.leave(host->port.ctx, doc_root(result));
    }
    doc_free(result);
    kill_host_leave();

    return readable ? 0 : raise_at_script(L, "%s", err.text);
}

static int primitive_call(lua_State *L)
{
    struct host *host = host_for_word(L);
    luaL_checktype(L, 1, LUA_TSTRING);
    lua_settop(L, 2);
    marshal_prepare(L);
    if (host->waiting || !lua_isyieldable(L)) {
        return raise_at_script(L, "%s: nothing can be waited for here", lua_tostring(L, 1));
    }
    if (is_query(lua_tostring(L, 1)) && is_over(host, L, STRATEGY_QUERIES)) {
        host->held = HOST_HOLDS_CALL;
        return lua_yield(L, 0);
    }
    struct err err = {0};
    struct doc *answer = NULL;
    bool answered = false;

    kill_host_enter();
    const char *operation = lua_tostring(L, 1);
    struct doc *args = read_args(L, 2, &err);
    bool readable = args != NULL;
    if (readable) {
        answered = host->port.call(host->port.ctx, operation, doc_root(args), &answer, &err);
    }
    doc_free(args);
    host_hand_over(host, answered ? answer : NULL);
    bool accepted = err.code == ERR_NONE;
    host->waiting = accepted && !answered;
    if (host->waiting && is_query(operation)) { /* one on record is answered at once */
        count(host, STRATEGY_QUERIES);
    }
    kill_host_leave();

    if (!readable) {
        return raise_at_script(L, "%s: %s", lua_tostring(L, 1), err.text);
    }
    if (!accepted) {
        return raise_at_script(L, "%s", err.text);
    }
    if (!answered) {
        return lua_yield(L, 0);
    }
    marshal_push(L, doc_root(host->handed_over));
    return 1;
}

static int primitive_evidence(lua_State *L)
{
    struct host *host = host_for_word(L);
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    marshal_prepare(L);
    char where[KILL_WHERE_SIZE];
    where_find(L, where, sizeof where);
    struct err err = {0};

    kill_host_enter();
    struct doc *evidence = marshal_read(L, 1, "evidence", &err);
    bool readable = evidence != NULL;
    if (readable) {
        host->port.evidence(host->port.ctx, doc_root(evidence), where);
    }
    doc_free(evidence);
    kill_host_leave();

    return readable ? 0 : raise_at_script(L, "%s", err.text);
}

/* Logs a line of the script. While a module loads, nothing is called back. */
static void write_log(struct host *host, const char *message)
{
    if (host->co != NULL) {
        host->port.log(host->port.ctx, message);
    } else {
        log_info(host->label[0] != '\0' ? host->label : NULL, "%s", message);
    }
}

/* A script that runs again, over its record, has logged these lines before. */
static bool is_line_known(const struct host *host)
{
    const struct strategy_host *port = &host->port;
    return host->co == NULL ? host->again : port->is_line_known != NULL && port->is_line_known(port->ctx);
}

static int primitive_log(lua_State *L)
{
    struct host *host = host_of(L);
    luaL_checktype(L, 1, LUA_TSTRING);
    char message[LOG_MAX];

    kill_host_enter();
    size_t len;
    const char *text = lua_tolstring(L, 1, &len);
    plain_copy(message, sizeof message, text, len);
    if (!is_line_known(host) && (host->budget == NULL || budget_take_line(host->budget))) {
        write_log(host, message);
    }
    kill_host_leave();
    return 0;
}

/* The script says this word: what stands on record for it has names of its own. */
static int primitive_say(lua_State *L)
{
    struct host *host = host_of(L);
    luaL_checktype(L, 1, LUA_TSTRING);
    size_t len;
    const char *word = lua_tolstring(L, 1, &len);

    kill_host_enter();
    plain_copy(host->word, sizeof host->word, word, len);
    kill_host_leave();
    return 0;
}

/* splitmix64: every seed is a good one. */
static int primitive_random(lua_State *L)
{
    struct host *host = host_of(L);
    uint64_t z = host->random += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    z ^= z >> 31;
    lua_pushnumber(L, (lua_Number)(z >> 11) / 9007199254740992.0);
    return 1;
}

/* Where the stack has no frame of the script's any more, an error can still say which function it is about. */
static int primitive_place(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_Debug function;
    lua_settop(L, 1);
    if (lua_getinfo(L, ">S", &function) && function.lastlinedefined > 0) {
        lua_pushfstring(L, "%s:%d", function.short_src, function.lastlinedefined);
    } else {
        lua_pushliteral(L, "");
    }
    return 1;
}

static void set_primitive(lua_State *L, struct host **host, const char *name, lua_CFunction primitive)
{
    lua_pushlightuserdata(L, host);
    lua_pushcclosure(L, primitive, 1);
    lua_setfield(L, -2, name);
}

void host_install(lua_State *L, struct host **host)
{
    lua_newtable(L);
    set_primitive(L, host, "enter", primitive_enter);
    set_primitive(L, host, "leave", primitive_leave);
    set_primitive(L, host, "call", primitive_call);
    set_primitive(L, host, "evidence", primitive_evidence);
    set_primitive(L, host, "log", primitive_log);
    set_primitive(L, host, "say", primitive_say);
    set_primitive(L, host, "random", primitive_random);
    set_primitive(L, host, "place", primitive_place);
    set_primitive(L, host, "array", marshal_array);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    lua_getfield(L, -1, "log");
    lua_insert(L, -2);
}
