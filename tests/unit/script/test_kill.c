#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include <lauxlib.h>
#include <link.h>
#include <lualib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "script/kill.h"
#include "script/vm.h"

enum { MEMORY_MAX = 8 * 1024 * 1024 };

static const struct kill_limits limits = {.soft_ms = 10, .hard_ms = 20};
static int primitives_left; /* how often slow() came to its end */

static int64_t cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Holds memory past both deadlines, and well past them where a busy machine delivers timers late: a jump out of here
 * would leak it. */
static int slow(lua_State *L)
{
    kill_host_enter();
    void *held = mem_alloc(1000);
    for (int64_t from = cpu_ms(); cpu_ms() < from + 500;)
        ;
    mem_free(held);
    primitives_left++;
    kill_host_leave();
    return 0;
}

static int drop_me(lua_State *L)
{
    kill_host_enter();
    kill_abandon(L);
    kill_host_leave();
    primitives_left++;
    return 0;
}

static int generous(lua_State *L)
{
    kill_host_enter();
    for (int64_t from = cpu_ms(); cpu_ms() < from + 3;)
        ;
    kill_restart();
    kill_host_leave();
    return 0;
}

static int call_body(void *ctx)
{
    return lua_pcall(ctx, 0, 0, 0);
}

/* Without the jit library: to open it is to switch the compiler on. */
static void open_libraries(lua_State *L)
{
    static const lua_CFunction libraries[] = {luaopen_base, luaopen_string, luaopen_table, luaopen_math};
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
        lua_pushcfunction(L, libraries[i]);
        lua_call(L, 0, 0);
    }
}

static struct kill_report run_within(const struct kill_limits *within, struct vm *vm, const char *source)
{
    struct err err;
    assert_true(vm_init(vm, MEMORY_MAX, &err));
    open_libraries(vm->L);
    lua_register(vm->L, "slow", slow);
    lua_register(vm->L, "drop_me", drop_me);
    lua_register(vm->L, "generous", generous);
    vm_limit(vm, MEMORY_MAX);
    assert_int_equal(luaL_loadbuffer(vm->L, source, strlen(source), "@kill.lua"), 0);
    return kill_run(vm->L, within, call_body, vm->L);
}

static struct kill_report run_in(struct vm *vm, const char *source)
{
    return run_within(&limits, vm, source);
}

static struct kill_report run(const char *source)
{
    struct vm vm;
    struct kill_report report = run_in(&vm, source);
    vm_fini(&vm);
    return report;
}

static void test_leaves_what_ends_in_time_alone(void **state)
{
    struct kill_report report = run("local n = 0 for i = 1, 1000 do n = n + i end assert(n == 500500)");
    assert_int_equal(report.stage, KILL_NONE);
    assert_int_equal(report.status, 0);
}

static void test_spins_end_softly_with_their_line(void **state)
{
    static const char *const spins[] = {
        "\nwhile true do end",
        "\nwhile true do pcall(function() while true do end end) end",
        "\nlocal function f() return f() end f()",
        "\nwhile true do pcall(error, {}) end",
        "\nlocal co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end",
    };
    for (size_t i = 0; i < sizeof spins / sizeof spins[0]; i++) {
        struct kill_report report = run(spins[i]);
        assert_int_equal(report.stage, KILL_SOFT);
        assert_int_equal(report.status, LUA_ERRRUN);
        assert_string_equal(report.where, "kill.lua:2");
    }
}

static void test_what_has_no_instruction_to_stop_at_ends_hard(void **state)
{
    static const char *const bombs[] = {
        "local s, p = ('a'):rep(40), ('a*'):rep(20) .. 'b' string.find(s, p)",
        "while true do pcall(string.find, ('a'):rep(40), ('a*'):rep(20) .. 'b') end",
        "for _ in (('a'):rep(40)):gmatch(('a*'):rep(20) .. 'b') do end",
    };
    for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++)
        assert_int_equal(run(bombs[i]).stage, KILL_HARD);
}

void __register_frame(void *frames);
void __deregister_frame(void *frames);

/* The frames of this program, from the table that leads to them: a version and three encodings, then their place, from
 * here on, in 32 bits. */
static int find_frames(struct dl_phdr_info *info, size_t size, void *ctx)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type == PT_GNU_EH_FRAME) {
            unsigned char *table = (unsigned char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
            int32_t distance;
            memcpy(&distance, table + 4, sizeof distance);
            *(void **)ctx = table + 4 + distance;
        }
    }
    return 1; /* the program is the first one */
}

/* Thousands of pcalls, each of which the hook ends: when the jump is due, an error is being raised most of the time.
 * The unwinder locks once somebody has registered frames, as a compiler at run time does; with the lock left behind,
 * this test does not end. */
static void test_errors_are_raised_after_a_jump_out_of_one(void **state)
{
    static const struct kill_limits short_limits = {.soft_ms = 1, .hard_ms = 1};
    const char *deep =
        "local function f(n) if n > 0 then pcall(f, n - 1) end while true do pcall(f, 0) end end f(6000)";
    void *frames = NULL;
    int hard = 0;
    dl_iterate_phdr(find_frames, &frames);
    __register_frame(frames);
    for (int i = 0; i < 100; i++) {
        struct vm vm;
        hard += run_within(&short_limits, &vm, deep).stage == KILL_HARD;
        vm_fini(&vm);
        assert_int_equal(run("for i = 1, 10 do pcall(error) end").stage, KILL_NONE);
    }
    __deregister_frame(frames);
    assert_true(hard > 10);
}

static void test_waits_for_a_primitive_to_leave(void **state)
{
    primitives_left = 0;
    assert_int_equal(run("slow() while true do end").stage, KILL_HARD);
    assert_int_equal(primitives_left, 1);
}

static void test_abandoned_run_never_gets_control_back(void **state)
{
    primitives_left = 0;
    assert_int_equal(run("pcall(drop_me) while true do end").stage, KILL_HARD);
    assert_int_equal(primitives_left, 0);
}

static void test_replay_costs_nothing(void **state)
{
    struct kill_report report = run("for i = 1, 20 do generous() end");
    assert_int_equal(report.stage, KILL_NONE);
    assert_int_equal(report.status, 0);
}

static struct kill_report inner_report;

static int start_another(lua_State *L)
{
    kill_host_enter();
    inner_report = run("while true do end");
    kill_host_leave();
    return 0;
}

static void test_runs_nest(void **state)
{
    struct vm vm;
    struct err err;
    assert_true(vm_init(&vm, MEMORY_MAX, &err));
    open_libraries(vm.L);
    lua_register(vm.L, "start_another", start_another);
    assert_int_equal(luaL_loadstring(vm.L, "start_another() while true do end"), 0);
    struct kill_report report = kill_run(vm.L, &(struct kill_limits){100, 50}, call_body, vm.L);
    assert_int_equal(inner_report.stage, KILL_SOFT);
    assert_int_equal(report.stage, KILL_SOFT);
    vm_fini(&vm);
}

static void test_killed_states_leave_others_untouched(void **state)
{
    struct vm bystander;
    assert_int_equal(run_in(&bystander, "kept = {} for i = 1, 100 do kept[i] = ('x'):rep(i) end").stage, KILL_NONE);
    for (int i = 0; i < 20; i++)
        assert_int_equal(
            run("local s = ('x'):rep(1e5) while true do s:find(('a*'):rep(20) .. 'b') s:gsub('x', 'yy') end").stage !=
                KILL_NONE,
            1);
    assert_int_equal(luaL_loadstring(bystander.L, "for i = 1, 100 do assert(#kept[i] == i) end collectgarbage()"), 0);
    struct kill_report report = kill_run(bystander.L, &limits, call_body, bystander.L);
    assert_int_equal(report.stage, KILL_NONE);
    assert_int_equal(report.status, 0);
    vm_fini(&bystander);
}

/* Its timer stays with the other process. A copy that is never stopped ends by its own limit of CPU. */
static void test_spins_end_in_a_copy_of_the_process(void **state)
{
    assert_int_equal(run("return").stage, KILL_NONE);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setrlimit(RLIMIT_CPU, &(struct rlimit){5, 5});
        _exit(run("while true do end").stage == KILL_SOFT ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaves_what_ends_in_time_alone),
        cmocka_unit_test(test_spins_end_softly_with_their_line),
        cmocka_unit_test(test_what_has_no_instruction_to_stop_at_ends_hard),
        cmocka_unit_test(test_errors_are_raised_after_a_jump_out_of_one),
        cmocka_unit_test(test_waits_for_a_primitive_to_leave),
        cmocka_unit_test(test_abandoned_run_never_gets_control_back),
        cmocka_unit_test(test_replay_costs_nothing),
        cmocka_unit_test(test_runs_nest),
        cmocka_unit_test(test_killed_states_leave_others_untouched),
        cmocka_unit_test(test_spins_end_in_a_copy_of_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
