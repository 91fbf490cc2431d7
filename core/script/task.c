#include "script/task.h"

#include <assert.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "script/coverage.h"
#include "script/failure.h"
#include "script/marshal.h"
#include "script/sandbox.h"
#include "script/where.h"

enum {
    START_ARGUMENTS = 4, /* the definition, its parameters, its module, the version of its words */
    NAME_MAX_LEN = 160,
    MODULE_MAX_LEN = NAME_MAX_LEN + sizeof "strategies." - 1
};

struct task {
    struct sandbox_vm *vm;
    struct host host;
    struct script_limits limits;
    char module[MODULE_MAX_LEN + 1]; /* "strategies.canary" */
    const struct node *params;       /* borrowed while it loads */
    int64_t words;                   /* the version of the words that it speaks; 0: the latest */
    lua_State *loader, *co;
    lua_State *failed; /* the one whose stack has the error of loading */
    bool started, answered, running, abandoned;
    int64_t spent_ns;
};

/* --- loading --- */

static size_t span_of_blanks(const char *at, const char *end)
{
    size_t len = 0;
    while (at + len < end && (at[len] == ' ' || at[len] == '\t')) {
        len++;
    }
    return len;
}

/* The line at which a module gives its value: that of the last `return` which begins one. */
static int line_of_value(const struct task *task)
{
    static const char word[] = "return";
    size_t len;
    const char *at = module_find(&task->vm->modules, task->module, &len), *end = at != NULL ? at + len : NULL;
    int line = 1, last = 1;
    for (; at != end; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at)), *behind = newline != NULL ? newline : end;
        at += span_of_blanks(at, behind);
        size_t rest = (size_t)(behind - at);
        last = rest >= strlen(word) && memcmp(at, word, strlen(word)) == 0 ? line : last;
        at = newline != NULL ? newline + 1 : end;
    }
    return last;
}

/* Raises: what the module gives is none. Does not return. */
static void refuse_value(lua_State *L, const struct task *task, const char *what, const char *wanted)
{
    luaL_gsub(L, task->module, ".", "/");
    luaL_error(L, "%s.lua:%d: %s, wanted %s", lua_tostring(L, -1), line_of_value(task), what, wanted);
}

static void check_field(lua_State *L, const struct task *task, const char *field, int type)
{
    lua_pushstring(L, field);
    lua_rawget(L, -2);
    if (lua_type(L, -1) != type) {
        const char *what = lua_pushfstring(L, "field '%s' is a %s", field, luaL_typename(L, -1));
        refuse_value(L, task, what, lua_pushfstring(L, "a %s", lua_typename(L, type)));
    }
    lua_pop(L, 1);
}

/* A module that gives nothing is `true` to Lua. */
static void check_value(lua_State *L, const struct task *task)
{
    bool is_check = str_has_prefix(task->module, "checks.");
    const char *wanted = is_check ? "check { name = …, run = … }" : "strategy { name = …, run = … }";
    if (lua_isboolean(L, -1) && lua_toboolean(L, -1)) {
        refuse_value(L, task, "the module gives nothing", wanted);
    } else if (!lua_istable(L, -1)) {
        refuse_value(L, task, lua_pushfstring(L, "the module gives a %s", luaL_typename(L, -1)), wanted);
    }
    check_field(L, task, "name", LUA_TSTRING);
    check_field(L, task, "run", LUA_TFUNCTION);
}

/* Makes a coroutine. An entry in the registry, under the address of `place`, keeps it alive. */
static void keep_thread(lua_State *L, lua_State **place)
{
    lua_State *co = lua_newthread(L);
    lua_pushlightuserdata(L, place);
    lua_pushvalue(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
    lua_pop(L, 1);
    *place = co;
}

static void forget_thread(lua_State *L, lua_State **place)
{
    lua_pushlightuserdata(L, place);
    lua_pushnil(L);
    lua_rawset(L, LUA_REGISTRYINDEX);
}

/* The module's value is on top of the loader's stack. */
static int take_strategy(lua_State *L)
{
    struct task *task = lua_touserdata(L, 1);
    lua_xmove(task->loader, L, 1);
    check_value(L, task);
    sandbox_require(L, "stdlib.start");
    if (lua_istable(L, -1)) {
        lua_pushstring(L, "start");
        lua_rawget(L, -2);
    }
    if (!lua_isfunction(L, -1)) {
        luaL_error(L, "stdlib.start: field 'start' is a %s, wanted a function", luaL_typename(L, -1));
    }
    keep_thread(L, &task->co);
    lua_pushvalue(L, 2);
    if (node_type(task->params) == NODE_OBJECT) {
        marshal_push(L, task->params);
    } else {
        lua_newtable(L);
    }
    lua_pushstring(L, task->module);
    lua_pushnumber(L, (lua_Number)task->words);
    lua_xmove(L, task->co, 1 + START_ARGUMENTS);
    return 0;
}

static int new_loader(lua_State *L)
{
    struct task *task = lua_touserdata(L, 1);
    keep_thread(L, &task->loader);
    sandbox_push_require(L);
    lua_pushstring(L, task->module);
    lua_xmove(L, task->loader, 2);
    return 0;
}

/* All Lua of a task runs in here. */
static struct kill_report run(struct task *task, kill_body_fn *body)
{
    struct sandbox_vm *vm = task->vm;
    lua_settop(vm->vm.L, 0); /* an error of a task before this one */
    vm->host = &task->host;
    coverage_watch(vm->vm.L);
    struct kill_report report = kill_run(vm->vm.L, &task->limits.cpu, body, task);
    vm->host = NULL;
    task->spent_ns = report.spent_ns;
    if (report.stage == KILL_HARD) {
        sandbox_vm_lose(vm);
    }
    return report;
}

/* Runs on a coroutine without a C function, because a failed coroutine still knows where it stood. */
static int load_body(void *ctx)
{
    struct task *task = ctx;
    int status = lua_cpcall(task->vm->vm.L, new_loader, task);
    task->failed = task->vm->vm.L;
    if (status != 0) {
        return status;
    }
    status = lua_resume(task->loader, 1);
    if (status != 0) {
        task->failed = task->loader;
        return status;
    }
    return lua_cpcall(task->vm->vm.L, take_strategy, task);
}

static bool load(struct task *task, struct err *err)
{
    struct kill_report report = run(task, load_body);
    struct failure failure = {.L = task->vm->vm.L,
                              .from = task->failed,
                              .report = &report,
                              .limits = &task->limits,
                              .when = "while it loads"};
    failure_kind(&failure, err);
    if (err->code != ERR_NONE) {
        return err_wrap(err, "%s", task->module);
    }
    task->host.co = task->co;
    return true;
}

struct declaration {
    const struct task *task;
    struct doc *doc; /* NULL: err says why */
    struct err *err;
};

/* Reads a table {kind = …, name = …, params = …} of what the definition says. Protected, because the script may have
 * left no memory for it. */
static int read_declaration(lua_State *L)
{
    static const char *const fields[] = {"kind", "name", "params"};
    struct declaration *declaration = lua_touserdata(L, 1);
    const struct task *task = declaration->task;
    lua_pushvalue(task->co, 2); /* the definition */
    lua_xmove(task->co, L, 1);
    lua_newtable(L);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        lua_pushstring(L, fields[i]);
        lua_pushvalue(L, -1);
        lua_rawget(L, 2);
        lua_rawset(L, 3);
    }
    marshal_prepare(L);
    declaration->doc = marshal_read(L, 3, task->module, declaration->err);
    return 0;
}

struct doc *task_declares(struct task *task, struct err *err)
{
    struct declaration declaration = {.task = task, .err = err};
    if (lua_cpcall(task->vm->vm.L, read_declaration, &declaration) != 0) {
        err_set(err, ERR_LIMIT, "%s: no memory is left to read what it declares", task->module);
    }
    return declaration.doc;
}

struct task *task_new(const struct strategy_start *start, struct sandbox_vm *vm, const struct script_limits *limits,
                      struct budget *budget, struct err *err)
{
    err_clear(err);
    const char *name = start->module != NULL ? strchr(start->module, '.') : NULL;
    if (name == NULL || name[1] == '\0' || strlen(start->module) > MODULE_MAX_LEN) {
        err_set(err, ERR_INVALID, "strategy: a name of 1 to %d characters is wanted", NAME_MAX_LEN);
        return NULL;
    }
    name++;
    struct task *task = mem_new(struct task);
    task->vm = sandbox_vm_hold(vm);
    task->limits = *limits;
    task->host.port = start->host;
    task->host.random = start->seed;
    task->host.again = start->before != NULL;
    task->host.budget = budget;
    task->host.replay_words = limits->replay_words;
    str_copy(task->host.label, sizeof task->host.label, start->label != NULL ? start->label : "");
    str_copy(task->module, sizeof task->module, start->module);
    task->params = start->params;
    task->words = start->words;
    size_t len;
    if (module_find(&vm->modules, task->module, &len) == NULL) {
        err_set(err, ERR_NOT_FOUND, "strategy '%s': module %s is neither pinned by the release nor part of this engine",
                name, task->module);
    } else if (load(task, err)) {
        return task;
    }
    task_free(task);
    return NULL;
}

/* The next collection frees them. */
static int forget_threads(lua_State *L)
{
    struct task *task = lua_touserdata(L, 1);
    forget_thread(L, &task->loader);
    forget_thread(L, &task->co);
    return 0;
}

void task_free(struct task *task)
{
    if (task == NULL) {
        return;
    }
    assert(!task->running);
    if (task->vm->shared && !task->vm->lost) {
        lua_settop(task->vm->vm.L, 0);
        lua_cpcall(task->vm->vm.L, forget_threads, task);
    }
    sandbox_vm_release(task->vm);
    host_fini(&task->host);
    mem_free(task);
}

/* --- running --- */

static int push_answer(lua_State *L)
{
    struct task *task = lua_touserdata(L, 1);
    marshal_push(L, doc_root(task->host.handed_over));
    lua_xmove(L, task->co, 1);
    return 0;
}

static int push_replayed(lua_State *L)
{
    struct task *task = lua_touserdata(L, 1);
    host_push_replayed(L, &task->host);
    lua_xmove(L, task->co, 3);
    return 0;
}

static int push_held(lua_State *L)
{
    struct task *task = lua_touserdata(L, 1);
    lua_xmove(L, task->co, host_push_held(L, &task->host));
    return 0;
}

static int resume_body(void *ctx)
{
    struct task *task = ctx;
    if (!task->started) {
        task->started = true;
        return lua_resume(task->co, START_ARGUMENTS);
    }
    lua_CFunction push = task->host.paused ? push_replayed : task->host.held ? push_held : push_answer;
    task->host.paused = false;
    int before = lua_gettop(task->co);
    int status = lua_cpcall(task->vm->vm.L, push, task);
    return status != 0 ? status : lua_resume(task->co, lua_gettop(task->co) - before);
}

enum task_turn task_resume(struct task *task, struct err *err)
{
    assert(!task->running && !task->host.waiting);
    assert(task->host.paused || task->host.held || task->answered == task->started);
    err_clear(err);
    task->answered = false;
    if (task->vm->lost) {
        task->spent_ns = 0;
        err_set(err, ERR_SCRIPT, "%s: the VM that it shared with others was lost", task->module);
        return TASK_LOST;
    }
    task->running = true;
    task->host.replayed = 0;
    struct kill_report report = run(task, resume_body);
    task->running = false;
    if (task->abandoned) {
        return TASK_ABANDONED;
    }
    if (report.stage != KILL_HARD && report.status == LUA_YIELD) {
        if (task->host.waiting || task->host.paused || task->host.held) {
            return task->host.paused ? TASK_PAUSED : task->host.held ? TASK_HELD : TASK_WAITS;
        }
        err_set(err, ERR_SCRIPT, "%s: it yielded, but waits for no operation", task->module);
        return TASK_FAILED;
    }
    char when[sizeof task->host.word + sizeof "after rollout:"] = "before its first word";
    if (task->host.word[0] != '\0') {
        snprintf(when, sizeof when, "after rollout:%s", task->host.word);
    }
    struct failure failure = {
        .L = task->vm->vm.L, .from = task->co, .report = &report, .limits = &task->limits, .when = when};
    switch (failure_kind(&failure, err)) {
    case FAILURE_NONE:
        return TASK_RETURNED;
    case FAILURE_RAISED:
        return TASK_FAILED;
    case FAILURE_BOUND:
        break;
    }
    return TASK_KILLED;
}

int64_t task_spent_ns(const struct task *task)
{
    return task->spent_ns;
}

void task_where(const struct task *task, char *out, size_t size)
{
    out[0] = '\0';
    if (!task->vm->lost) {
        where_find(task->co, out, size);
    }
}

void task_answer(struct task *task, struct doc *answer)
{
    assert(task->host.waiting && !task->running);
    task->host.waiting = false;
    task->answered = true;
    host_hand_over(&task->host, answer);
}

bool task_is_apart(const struct task *task)
{
    return !task->vm->shared;
}

bool task_is_waiting(const struct task *task)
{
    return task->host.waiting;
}

bool task_is_running(const struct task *task)
{
    return task->running;
}

void task_abandon(struct task *task)
{
    assert(task->running);
    task->abandoned = true;
    kill_abandon(task->vm->vm.L);
}
