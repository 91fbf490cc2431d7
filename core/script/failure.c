#include "script/failure.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "script/host.h"
#include "script/plain.h"
#include "script/task.h"

enum { MESSAGE_MAX = 800 }; /* what is left of err's text is for the place */

struct message {
    lua_State *from;
    char text[MESSAGE_MAX];
};

static bool is_text(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TSTRING || lua_type(L, index) == LUA_TNUMBER;
}

/* Protected: the error may be that the stack or the memory is full. */
static int read_message(lua_State *L)
{
    struct message *message = lua_touserdata(L, 1);
    lua_xmove(message->from, L, 1);
    if (lua_istable(L, 2)) {
        lua_pushstring(L, "message");
        lua_rawget(L, 2);
        if (is_text(L, 3))
            lua_replace(L, 2);
    }
    if (is_text(L, 2)) {
        size_t len;
        const char *text = lua_tolstring(L, 2, &len);
        plain_copy(message->text, sizeof message->text, text, len);
    } else {
        snprintf(message->text, sizeof message->text, "an error that is a %s, not a text", luaL_typename(L, 2));
    }
    return 0;
}

static void message_of(const struct failure *failure, struct message *message)
{
    message->from = failure->from;
    message->text[0] = '\0';
    if (failure->from == failure->L) {
        /* A protected call on the main state starts a new frame; the value would be out of its sight. */
        size_t len;
        const char *text = lua_type(failure->L, -1) == LUA_TSTRING ? lua_tolstring(failure->L, -1, &len) : NULL;
        if (text)
            plain_copy(message->text, sizeof message->text, text, len);
        else
            snprintf(message->text, sizeof message->text, "an error that is a %s, not a text",
                     luaL_typename(failure->L, -1));
        return;
    }
    if (lua_cpcall(failure->L, read_message, message) != 0)
        snprintf(message->text, sizeof message->text, "an error that could not be read");
}

/* "dir/file.lua:12: …" */
static bool has_place(const char *text)
{
    const char *colon = strchr(text, ':');
    if (!colon || !isdigit((unsigned char)colon[1]) || memchr(text, ' ', (size_t)(colon - text)))
        return false;
    return colon[1 + strspn(colon + 1, "0123456789")] == ':';
}

static void describe_raised(const struct failure *failure, struct err *err)
{
    struct message message;
    char where[KILL_WHERE_SIZE];
    host_where(failure->from, where, sizeof where);
    message_of(failure, &message);
    if (!has_place(message.text) && where[0] != '\0')
        err_set(err, ERR_SCRIPT, "%s: %s", where, message.text);
    else if (str_has_prefix(where, "strategies/") && !str_has_prefix(message.text, "strategies/"))
        err_set(err, ERR_SCRIPT, "%s (called from %s)", message.text, where);
    else
        err_set(err, ERR_SCRIPT, "%s", message.text);
}

static void describe_time(const struct failure *failure, struct err *err)
{
    const struct kill_limits *cpu = &failure->limits->cpu;
    const struct kill_report *report = failure->report;
    const char *at = report->where[0] ? report->where : "a function of the standard library";
    const char *doing = str_empty(failure->doing) ? "start" : failure->doing;
    int64_t spent_ms = report->stage == KILL_HARD ? cpu->soft_ms + cpu->hard_ms : cpu->soft_ms;
    err_set(err, ERR_LIMIT, "%s: more than %lld ms of CPU time in one step (after %s)", at, (long long)spent_ms, doing);
}

static void describe_memory(const struct failure *failure, struct err *err)
{
    char where[KILL_WHERE_SIZE];
    host_where(failure->from, where, sizeof where);
    err_set(err, ERR_LIMIT, "%s%smore than %zu bytes of memory", where, where[0] ? ": " : "",
            failure->limits->memory_max);
}

enum failure_kind failure_kind(const struct failure *failure, struct err *err)
{
    const struct kill_report *report = failure->report;
    err_clear(err);
    if (report->stage == KILL_HARD) {
        describe_time(failure, err);
        return FAILURE_BOUND;
    }
    if (report->status == 0)
        return FAILURE_NONE;
    if (report->stage == KILL_SOFT) {
        describe_time(failure, err);
        return FAILURE_BOUND;
    }
    if (report->status == LUA_ERRMEM) {
        describe_memory(failure, err);
        return FAILURE_BOUND;
    }
    describe_raised(failure, err);
    return FAILURE_RAISED;
}
