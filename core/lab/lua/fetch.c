#include "lab/lua/fetch.h"

#include <lauxlib.h>
#include <string.h>

#include "base/doc.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "io/curl.h"
#include "io/loop.h"
#include "lab/lua/workers.h"
#include "script/marshal.h"

enum { LOOK_MS = 100, TEXT_SHOWN_MAX = 200 };

/* One for the process: an open connection serves the next request. */
static struct fetcher {
    struct loop *loop;
    struct http *http;
    struct http_call *call;
    struct timer look, end;
    int status;
    int64_t retry_after_ms;
    struct doc *body;
    char *text; /* the beginning of a body that is no JSON */
    struct err err;
} fetcher;

static void open_fetcher(void)
{
    if (fetcher.loop == NULL) {
        fetcher.loop = loop_new();
        fetcher.http = curl_http_new(fetcher.loop);
    }
}

void fetch_close(void)
{
    if (fetcher.loop != NULL) {
        curl_http_free(fetcher.http);
        loop_free(fetcher.loop);
        fetcher = (struct fetcher){0};
    }
}

/* --- waiting --- */

static void on_look(struct timer *timer, void *ctx)
{
    if (workers_interrupted) {
        loop_stop(fetcher.loop);
    } else {
        timer_start(loop_clock(fetcher.loop), timer, LOOK_MS, on_look, NULL);
    }
}

static void wait(void)
{
    timer_start(loop_clock(fetcher.loop), &fetcher.look, 0, on_look, NULL);
    loop_run(fetcher.loop);
    timer_cancel(&fetcher.look);
}

static void on_end(struct timer *timer, void *ctx)
{
    loop_stop(fetcher.loop);
}

int fetch_pause(lua_State *L)
{
    int64_t delay_ms = (int64_t)luaL_checknumber(L, 1);
    luaL_argcheck(L, delay_ms >= 0, 1, "expected a time that is not negative");
    open_fetcher();
    timer_start(loop_clock(fetcher.loop), &fetcher.end, delay_ms, on_end, NULL);
    wait();
    timer_cancel(&fetcher.end);
    return 0;
}

/* --- one request --- */

static void keep_body(const struct http_response *response)
{
    struct err ignored = {0};
    fetcher.body = doc_parse(response->body, response->body_len, &ignored);
    if (fetcher.body == NULL) {
        struct buf line;
        buf_init(&line, 4 * TEXT_SHOWN_MAX);
        utf8_append_line(&line, response->body, response->body_len, TEXT_SHOWN_MAX);
        fetcher.text = str_dup(buf_str(&line));
        buf_fini(&line);
    }
}

static void on_done(void *ctx, const struct http_response *response, const struct err *err)
{
    fetcher.call = NULL;
    if (response == NULL) {
        fetcher.err = *err;
    } else {
        fetcher.status = response->status;
        fetcher.retry_after_ms = response->retry_after_ms;
        keep_body(response);
    }
    loop_stop(fetcher.loop);
}

static void set_text(lua_State *L, const char *name, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

static void set_number(lua_State *L, const char *name, int64_t number)
{
    lua_pushnumber(L, (lua_Number)number);
    lua_setfield(L, -2, name);
}

/* May raise: memory, or a number that Lua does not have. */
static int push_answer(lua_State *L)
{
    lua_newtable(L);
    if (fetcher.err.code != ERR_NONE) {
        set_text(L, "error", fetcher.err.text);
        set_text(L, "code", err_code_name(fetcher.err.code));
        return 1;
    }
    set_number(L, "status", fetcher.status);
    set_number(L, "retry_after_ms", fetcher.retry_after_ms);
    set_text(L, "text", fetcher.text);
    if (fetcher.body != NULL) {
        marshal_push(L, doc_root(fetcher.body));
        lua_setfield(L, -2, "body");
    }
    return 1;
}

static double field(lua_State *L, const char *name, double otherwise)
{
    lua_getfield(L, 1, name);
    double number = luaL_optnumber(L, -1, otherwise);
    lua_pop(L, 1);
    return number;
}

int fetch_run(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_getfield(L, 1, "url");
    lua_getfield(L, 1, "bearer");
    struct http_header authorization = {"Authorization", luaL_optstring(L, 3, NULL)};
    struct http_request request = {
        .method = "GET",
        .url = luaL_checkstring(L, 2),
        .headers = &authorization,
        .header_count = authorization.value != NULL,
        .timeout_ms = (int64_t)field(L, "timeout_ms", 30000),
        .response_max = (size_t)field(L, "size_max", 0),
        .follow_redirects = true,
        .same_host = true,
    };
    open_fetcher();
    fetcher.err = (struct err){0};
    fetcher.call = http_start(fetcher.http, &request, NULL, on_done, NULL);
    wait();
    if (fetcher.call != NULL) {
        http_cancel(fetcher.call);
        fetcher.call = NULL;
        return luaL_error(L, "interrupted");
    }
    lua_pushcfunction(L, push_answer);
    int status = lua_pcall(L, 0, 1, 0);
    doc_free(fetcher.body);
    fetcher.body = NULL;
    str_free(&fetcher.text);
    return status == 0 ? 1 : lua_error(L);
}
