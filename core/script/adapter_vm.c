/* The VM of adapters, and one step in it. The steps share nothing but the modules that are loaded. */
#include <lauxlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "base/utf8.h"
#include "script/adapter_inner.h"
#include "script/failure.h"
#include "script/json.h"
#include "script/marshal.h"
#include "script/plain.h"
#include "script/sandbox.h"
#include "script/signing.h"

enum { LOG_MAX = 4096, SHOWN_MAX = 1024 };

/* --- what adapters reach --- */

static int log_line(lua_State *L)
{
    struct scripted_adapters *all = lua_touserdata(L, lua_upvalueindex(1));
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    char line[LOG_MAX];
    kill_host_enter();
    if (budget_take_line(&all->budget)) {
        plain_copy(line, sizeof line, text, len);
        log_info(NULL, "adapter: %s", line);
    }
    kill_host_leave();
    return 0;
}

/* (text, max) -> what a person may read of it: one line of UTF-8. */
static int one_line(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    char shown[4 * SHOWN_MAX + 1];
    lua_Integer max = luaL_optinteger(L, 2, SHOWN_MAX);
    luaL_argcheck(L, max > 0 && max <= SHOWN_MAX, 2, "1 to 1024 are wanted");
    kill_host_enter();
    struct buf line;
    buf_init(&line, sizeof shown - 1);
    utf8_append_line(&line, text, len, (size_t)max);
    memcpy(shown, buf_str(&line), line.len + 1);
    buf_fini(&line);
    kill_host_leave();
    lua_pushstring(L, shown);
    return 1;
}

/* A VM and the modules that it is to have, which must outlive it. */
struct opening {
    struct scripted_adapters *all;
    struct module_set *modules;
};

static int install(lua_State *L)
{
    static const luaL_Reg primitives[] = {
        {"line", one_line},           {"array", marshal_array},   {"json_decode", json_decode},
        {"json_encode", json_encode}, {"sha256", signing_sha256}, {"hmac_sha256", signing_hmac_sha256},
        {"rs256", signing_rs256},     {"base64", signing_base64}, {NULL, NULL},
    };
    const struct opening *opening = lua_touserdata(L, 1);
    const struct sandbox_parts parts = {
        .load = module_load, .load_ctx = opening->modules, .chunks = opening->modules->chunks};
    marshal_install(L);
    lua_pushlightuserdata(L, opening->all);
    lua_pushcclosure(L, log_line, 1);
    lua_newtable(L);
    luaL_register(L, NULL, primitives);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    sandbox_install(L, &parts);
    return 0;
}

static bool open_vm(struct adapter_vm *vm, struct opening *opening, struct err *err)
{
    const struct scripted_adapters *all = opening->all;
    if (vm->is_open) {
        return true;
    }
    if (!vm_init(&vm->vm, all->limits.memory_max, err)) {
        return false;
    }
    vm->is_open = true;
    if (lua_cpcall(vm->vm.L, install, opening) != 0) {
        err_set(err, ERR_SCRIPT, "adapters: the sandbox does not start: %s", lua_tostring(vm->vm.L, -1));
        adapter_vm_close(vm);
        return false;
    }
    vm_limit(&vm->vm, all->limits.memory_max);
    return true;
}

void adapter_vm_close(struct adapter_vm *vm)
{
    if (vm->is_open) {
        vm_fini(&vm->vm);
        vm->is_open = false;
    }
}

/* --- a step --- */

struct run {
    lua_CFunction body;
    lua_State *L;
    const struct adapter_step *step;
    struct doc *said;
    struct err *err;
};

static void set_text(lua_State *L, const char *name, const char *text, size_t len)
{
    lua_pushlstring(L, text, len);
    lua_setfield(L, -2, name);
}

static void push_response(lua_State *L, const struct adapter_response *response)
{
    lua_newtable(L);
    lua_pushinteger(L, response->status);
    lua_setfield(L, -2, "status");
    set_text(L, "body", response->body != NULL ? response->body : "", response->body_len);
    if (response->error != NULL) {
        set_text(L, "error", response->error, strlen(response->error));
        lua_pushboolean(L, response->timed_out);
        lua_setfield(L, -2, "timed_out");
    }
    if (response->content_type != NULL) {
        set_text(L, "content_type", response->content_type, strlen(response->content_type));
    }
    if (response->retry_after_ms > 0) {
        lua_pushnumber(L, (lua_Number)response->retry_after_ms);
        lua_setfield(L, -2, "retry_after_ms");
    }
}

/* Pushes what the adapter's file gives; raises when that is no adapter. */
static void push_definition(lua_State *L, const char *name)
{
    sandbox_require(L, "stdlib.adapter");
    lua_getfield(L, -1, "loaded");
    lua_remove(L, -2);
    lua_pushstring(L, name);
    sandbox_require(L, name);
    lua_call(L, 2, 1);
}

static int load_body(lua_State *L)
{
    const struct run *run = lua_touserdata(L, 1);
    push_definition(L, run->step->name);
    return 0;
}

/* Calls stdlib.adapter's step(definition, ask, keep, response), and reads what it gives. */
static int step_body(lua_State *L)
{
    struct run *run = lua_touserdata(L, 1);
    const struct adapter_step *step = run->step;
    sandbox_require(L, "stdlib.adapter");
    lua_getfield(L, -1, "step");
    push_definition(L, step->name);
    marshal_push(L, step->ask);
    marshal_push(L, step->keep);
    if (step->response != NULL) {
        push_response(L, step->response);
    } else {
        lua_pushnil(L);
    }
    lua_call(L, 4, 1);
    marshal_prepare(L);
    kill_host_enter();
    run->said = marshal_read(L, -1, "answer", run->err);
    kill_host_leave();
    return 0;
}

static int run_body(void *ctx)
{
    struct run *run = ctx;
    return lua_cpcall(run->L, run->body, run);
}

/* False and err: it raised, or broke a bound. Its VM is not used again then: a module that failed while it loaded stays
 * unusable in it. */
static bool run_in(struct opening *opening, struct adapter_vm *vm, struct run *run, struct err *err)
{
    const struct scripted_adapters *all = opening->all;
    if (!open_vm(vm, opening, err)) {
        return false;
    }
    run->L = vm->vm.L;
    run->err = err;
    struct kill_report report = kill_run(vm->vm.L, &all->limits.cpu, run_body, run);
    struct err problem = {0};
    struct failure failure = {
        .L = vm->vm.L, .from = vm->vm.L, .report = &report, .limits = &all->limits, .when = "in an adapter"};
    if (failure_kind(&failure, &problem) == FAILURE_NONE) {
        lua_settop(vm->vm.L, 0);
        return true;
    }
    doc_free(run->said); /* a kill may come after it was read */
    run->said = NULL;
    *err = problem;
    adapter_vm_close(vm);
    return false;
}

bool adapter_is_own(const struct scripted_adapters *all, const char *module)
{
    return node_get(doc_root(all->own), module) != NULL;
}

/* In a VM that is made for it and ends with it. */
static bool run_alone(struct scripted_adapters *all, struct run *run, struct err *err)
{
    struct module_set modules = all->modules;
    struct opening opening = {all, &modules};
    struct adapter_vm alone = {.is_open = false};
    modules.pinned = run->step->sources != NULL ? run->step->sources : all->modules.pinned;
    bool ok = run_in(&opening, &alone, run, err);
    adapter_vm_close(&alone);
    return ok;
}

struct doc *adapter_vm_run(struct scripted_adapters *all, const struct adapter_step *step, struct err *err)
{
    struct run run = {.body = step_body, .step = step};
    if (step->sources != NULL || adapter_is_own(all, step->name)) {
        run_alone(all, &run, err);
    } else {
        run_in(&(struct opening){all, &all->modules}, &all->shared, &run, err);
    }
    return run.said;
}

bool adapter_vm_load(struct scripted_adapters *all, const char *name, const struct node *sources, struct err *err)
{
    const struct adapter_step step = {.name = name, .sources = sources};
    struct run run = {.body = load_body, .step = &step};
    return run_alone(all, &run, err);
}
