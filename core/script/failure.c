#include "script/failure.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "script/plain.h"
#include "script/task.h"
#include "script/where.h"

enum { MESSAGE_MAX = 800 /* what is left of err's text is for the place */, FRAMES_MAX = 100 };

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
        if (is_text(L, 3)) {
            lua_replace(L, 2);
        }
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
        if (text != NULL) {
            plain_copy(message->text, sizeof message->text, text, len);
        } else {
            snprintf(message->text, sizeof message->text, "an error that is a %s, not a text",
                     luaL_typename(failure->L, -1));
        }
        return;
    }
    if (lua_cpcall(failure->L, read_message, message) != 0) {
        snprintf(message->text, sizeof message->text, "an error that could not be read");
    }
}

/* True when the text begins with "<source>:<line>: " and a line between these two. */
static bool begins_with_place(const char *text, const char *source, int first, int last)
{
    size_t len = strlen(source);
    if (strncmp(text, source, len) != 0 || text[len] != ':' || !isdigit((unsigned char)text[len + 1])) {
        return false;
    }
    char *end;
    long line = strtol(text + len + 1, &end, 10);
    return line >= first && line <= last && end[0] == ':' && end[1] == ' ';
}

/* True when the text begins with a place that the VM has put there. A script may write any place in front of its
 * message, so only a place on this coroutine's stack counts. An instruction that raised leaves no line, but its
 * function is known. */
static bool has_place(lua_State *L, const char *text)
{
    lua_Debug frame;
    for (int level = 0; level < FRAMES_MAX && lua_getstack(L, level, &frame); level++) {
        if (!lua_getinfo(L, "Sl", &frame)) {
            continue;
        }
        bool known = frame.currentline > 0;
        if (begins_with_place(text, frame.short_src, known ? frame.currentline : frame.linedefined,
                              known ? frame.currentline : frame.lastlinedefined)) {
            return true;
        }
    }
    return false;
}

static bool is_place(const char *text)
{
    const char *colon = strchr(text, ':');
    return where_is_script(text) && colon != NULL && isdigit((unsigned char)colon[1]);
}

/* True when the engine's Lua has raised this, with a place of a script's that no frame is left of (misuse.lua), or that
 * is of a coroutine of the script's own. */
static bool is_placed_by_engine(lua_State *L, const char *text)
{
    lua_Debug frame;
    for (int level = 0; level < FRAMES_MAX && lua_getstack(L, level, &frame); level++) {
        if (lua_getinfo(L, "S", &frame) && frame.source[0] != '=') {
            return str_has_prefix(frame.source, "@stdlib/") && is_place(text);
        } else if (strcmp(frame.source, "=sandbox") == 0) {
            return is_place(text);
        }
    }
    return false;
}

static void describe_raised(const struct failure *failure, struct err *err)
{
    struct message message;
    char where[KILL_WHERE_SIZE];
    where_find(failure->from, where, sizeof where);
    message_of(failure, &message);
    bool placed = has_place(failure->from, message.text) || is_placed_by_engine(failure->from, message.text);
    if (!placed && where[0] != '\0') {
        err_set(err, ERR_SCRIPT, "%s: %s", where, message.text);
    } else if (where_is_script(where) && !where_is_script(message.text)) {
        err_set(err, ERR_SCRIPT, "%s (called from %s)", message.text, where);
    } else {
        err_set(err, ERR_SCRIPT, "%s", message.text);
    }
}

static void describe_time(const struct failure *failure, struct err *err)
{
    const struct kill_limits *cpu = &failure->limits->cpu;
    const struct kill_report *report = failure->report;
    const char *at = report->where[0] ? report->where : "a function of the standard library";
    int64_t spent_ms = report->stage == KILL_HARD ? cpu->soft_ms + cpu->hard_ms : cpu->soft_ms;
    err_set(err, ERR_LIMIT, "%s: more than %lld ms of CPU time in one step (%s)", at, (long long)spent_ms,
            failure->when);
}

static void describe_memory(const struct failure *failure, struct err *err)
{
    char where[KILL_WHERE_SIZE];
    where_find(failure->from, where, sizeof where);
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
    if (report->status == 0) {
        return FAILURE_NONE;
    }
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
