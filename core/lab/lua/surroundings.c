/* What is around the engine in a simulated world, for Lua (see module.c): how versions behave, who asks them, hooks,
 * faults of the network. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "lab/lua/module_inner.h"

static int world_version(lua_State *L)
{
    struct world *w = module_check_world(L);
    static const char *const fields[] = {"errors", "latency_ms", "latency_p99_ms", "ready_ms", NULL};
    const char *image = luaL_checkstring(L, 2);
    module_check_fields(L, 3, fields);
    struct behaviour behaviour = {
        .errors = module_number(L, 3, "errors", 0),
        .latency_ms = module_number(L, 3, "latency_ms", 5),
        .latency_p99_ms = module_number(L, 3, "latency_p99_ms", 20),
        .ready_ms = module_integer(L, 3, "ready_ms", -1, 1000),
    };
    if (!(behaviour.errors >= 0 && behaviour.errors <= 1)) {
        luaL_error(L, "errors: expected a share from 0 to 1, got %f", behaviour.errors);
    }
    if (!(behaviour.latency_ms >= 0 && behaviour.latency_p99_ms >= behaviour.latency_ms)) {
        luaL_error(L, "latency_ms: expected a median from 0 on and a latency_p99_ms not below it, got %f and %f",
                   behaviour.latency_ms, behaviour.latency_p99_ms);
    }
    behaviours_set(cluster_behaviours(w->stage.cluster), image, &behaviour);
    traffic_changed(cluster_traffic(w->stage.cluster));
    return 0;
}

static int world_traffic(lua_State *L)
{
    struct world *w = module_check_world(L);
    const char *host = luaL_checkstring(L, 2);
    double per_second = luaL_checknumber(L, 3);
    luaL_argcheck(L, per_second >= 0, 3, "expected a rate that is not negative");
    struct doc *headers = lua_isnoneornil(L, 4) ? NULL : module_check_document(L, 4, "headers");
    traffic_flow(cluster_traffic(w->stage.cluster), host, per_second, doc_root(headers));
    doc_free(headers);
    return 0;
}

static int world_blind(lua_State *L)
{
    struct world *w = module_check_world(L);
    luaL_checktype(L, 2, LUA_TBOOLEAN);
    prometheus_set_blind(cluster_prometheus(w->stage.cluster), lua_toboolean(L, 2));
    return 0;
}

static int world_answer(lua_State *L)
{
    struct world *w = module_check_world(L);
    struct prometheus *prometheus = cluster_prometheus(w->stage.cluster);
    const char *part = luaL_checkstring(L, 2);
    if (lua_isnoneornil(L, 3)) {
        prometheus_forget(prometheus, part);
    } else {
        prometheus_answer(prometheus, part, luaL_checknumber(L, 3));
    }
    return 0;
}

static void set_text(lua_State *L, const char *name, const char *text)
{
    lua_pushstring(L, text); /* nil for NULL */
    lua_setfield(L, -2, name);
}

static int push_exchange(lua_State *L, const void *args)
{
    const struct exchange *exchange = args;
    lua_newtable(L);
    set_text(L, "method", exchange->method);
    set_text(L, "path", exchange->path);
    set_text(L, "query", exchange->query);
    set_text(L, "body", exchange->body);
    set_text(L, "key", exchange->header(exchange, "Sluice-Key"));
    return 1;
}

struct reply {
    int status;
    char *body;
    bool is_gone; /* the function that should answer has killed the asking engine */
};

static void read_reply(lua_State *L, void *out)
{
    struct reply *reply = out;
    if (!lua_isnumber(L, 1) || !(lua_isnil(L, 2) || lua_isstring(L, 2))) {
        luaL_error(L, "a host answers with a status and a text, got %s and %s", luaL_typename(L, 1),
                   luaL_typename(L, 2));
    }
    reply->status = (int)lua_tointeger(L, 1);
    reply->body = str_dup(lua_tostring(L, 2));
}

static void on_gone(void *ctx)
{
    ((struct reply *)ctx)->is_gone = true;
}

static void on_serve(void *ctx, struct exchange *exchange)
{
    struct callback *host = ctx;
    struct reply reply = {.status = 500};
    exchange->gone = on_gone;
    exchange->ctx = &reply;
    module_visit((struct visit){.world = host->world,
                                .function = host->function,
                                .push = push_exchange,
                                .args = exchange,
                                .read = read_reply,
                                .out = &reply});
    const char *body = reply.body != NULL ? reply.body : "";
    if (!reply.is_gone) {
        exchange->gone = NULL;
        exchange_answer(exchange, reply.status, "text/plain", body, strlen(body));
    }
    str_free(&reply.body);
}

static int world_serve(lua_State *L)
{
    struct world *w = module_check_world(L);
    const char *host = luaL_checkstring(L, 2);
    network_host(cluster_network(w->stage.cluster), host, on_serve, module_add_callback(L, w, 3));
    return 0;
}

static int push_request(lua_State *L, const void *args)
{
    const struct http_request *request = args;
    lua_newtable(L);
    lua_createtable(L, (int)request->header_count, 0);
    for (size_t i = 0; i < request->header_count; i++) {
        lua_pushfstring(L, "%s: %s", request->headers[i].name, request->headers[i].value);
        lua_rawseti(L, -2, (int)i + 1);
    }
    lua_setfield(L, -2, "headers");
    set_text(L, "method", request->method);
    set_text(L, "url", request->url);
    lua_pushboolean(L, request->outward);
    lua_setfield(L, -2, "outward");
    if (request->body != NULL) {
        lua_pushlstring(L, request->body, request->body_len);
        lua_setfield(L, -2, "body");
    }
    return 1;
}

static enum err_code code_of(lua_State *L, const char *name)
{
    enum err_code code = ERR_NONE;
    if (name != NULL && !err_code_find(name, &code)) {
        luaL_error(L, "code: there is no error '%s'", name);
    }
    return code;
}

struct lot {
    struct world *world;
    struct network_fate fate;
};

static void read_fate(lua_State *L, void *out)
{
    static const char *const fields[] = {"delay_ms", "code", "status", "body", "lose_answer", NULL};
    struct lot *lot = out;
    if (lua_isnil(L, 1)) {
        return;
    }
    if (!lua_istable(L, 1)) {
        luaL_error(L, "a fate is a table or nil, got %s", luaL_typename(L, 1));
    }
    lua_settop(L, 1);
    module_check_fields(L, 1, fields);
    lua_getfield(L, 1, "code");
    lua_getfield(L, 1, "body");
    lot->fate.delay_ms = module_integer(L, 1, "delay_ms", 0, 0);
    lot->fate.status = (int)module_integer(L, 1, "status", 0, 0);
    lot->fate.code = code_of(L, lua_tostring(L, 2));
    lot->fate.lose_answer = module_flag(L, 1, "lose_answer");
    str_free(&lot->world->fate_body);
    lot->world->fate_body = str_dup(lua_tostring(L, 3));
    lot->fate.body = lot->world->fate_body;
}

/* Streams do not count: at one of these nothing is new. */
static void note_request(struct world *w)
{
    size_t sent = (size_t)stage_requests(&w->stage);
    if (sent > w->sent_capacity) {
        w->sent_capacity = 2 * sent + 64;
        w->sent_ms = mem_resize(w->sent_ms, w->sent_capacity * sizeof *w->sent_ms);
    }
    while (w->sent_count < sent) {
        w->sent_ms[w->sent_count++] = clock_mono_ms(virtual_clock_clock(w->time));
    }
}

struct network_fate module_on_fate(void *ctx, const struct http_request *request)
{
    struct world *w = ctx;
    struct lot lot = {.world = w};
    note_request(w);
    if (w->transcript != NULL) {
        transcript_request(w->transcript, request);
    }
    if (w->fates != LUA_NOREF) {
        module_visit((struct visit){.world = w,
                                    .function = w->fates,
                                    .forbids = "a fate must only be decided",
                                    .push = push_request,
                                    .args = request,
                                    .read = read_fate,
                                    .out = &lot});
    }
    return lot.fate;
}

static int world_fates(lua_State *L)
{
    struct world *w = module_check_world(L);
    luaL_argcheck(L, w->scenario == NULL, 1, "the faults of this world are those of its scenario");
    luaL_unref(L, LUA_REGISTRYINDEX, w->fates);
    w->fates = lua_isnoneornil(L, 2) ? LUA_NOREF : module_take_function(L, 2);
    return 0;
}

const luaL_Reg module_surroundings[] = {
    {"version", world_version}, {"traffic", world_traffic}, {"blind", world_blind}, {"answer", world_answer},
    {"serve", world_serve},     {"fates", world_fates},     {NULL, NULL},
};
