#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include <lauxlib.h>
#include <string.h>

#include "script/vm.h"

enum { MEMORY_MAX = 1024 * 1024 };

static void test_starts_without_any_library(void **state)
{
    struct vm vm;
    struct err err;
    assert_true(vm_init(&vm, MEMORY_MAX, &err));
    lua_pushnil(vm.L);
    assert_int_equal(lua_next(vm.L, LUA_GLOBALSINDEX), 0);
    vm_fini(&vm);
    assert_null(vm.L);
}

static void test_memory_above_the_ceiling_is_an_error_and_the_state_goes_on(void **state)
{
    struct vm vm;
    struct err err;
    assert_true(vm_init(&vm, MEMORY_MAX, &err));
    vm_limit(&vm, MEMORY_MAX);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(luaL_loadstring(vm.L, "local t = {} for i = 1, 1e9 do t[i] = {} end"), 0);
        assert_int_equal(lua_pcall(vm.L, 0, 0, 0), LUA_ERRMEM);
        lua_settop(vm.L, 0);
        lua_gc(vm.L, LUA_GCCOLLECT, 0);
    }
    assert_int_equal(luaL_loadstring(vm.L, "return 6 * 7"), 0);
    assert_int_equal(lua_pcall(vm.L, 0, 1, 0), 0);
    assert_int_equal(lua_tointeger(vm.L, -1), 42);
    vm_fini(&vm);
}

/* With LuaJIT's own pause garbage alone would break the ceiling. */
static void test_garbage_is_collected_before_the_ceiling(void **state)
{
    struct vm vm;
    struct err err;
    assert_true(vm_init(&vm, MEMORY_MAX, &err));
    vm_limit(&vm, MEMORY_MAX);
    const char *churn =
        "local keep = {} for i = 1, 40000 do keep[i] = i end for i = 1, 200000 do local t = { i } end return #keep";
    assert_int_equal(luaL_loadstring(vm.L, churn), 0);
    assert_int_equal(lua_pcall(vm.L, 0, 1, 0), 0);
    assert_int_equal(lua_tointeger(vm.L, -1), 40000);
    vm_fini(&vm);
}

static void test_states_are_independent(void **state)
{
    struct vm one, other;
    struct err err;
    assert_true(vm_init(&one, MEMORY_MAX, &err));
    assert_true(vm_init(&other, MEMORY_MAX, &err));
    lua_pushstring(other.L, "mine");
    lua_setfield(other.L, LUA_GLOBALSINDEX, "name");
    lua_pushstring(one.L, "theirs");
    lua_setfield(one.L, LUA_GLOBALSINDEX, "name");
    vm_fini(&one);
    lua_getfield(other.L, LUA_GLOBALSINDEX, "name");
    assert_string_equal(lua_tostring(other.L, -1), "mine");
    vm_fini(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_starts_without_any_library),
        cmocka_unit_test(test_memory_above_the_ceiling_is_an_error_and_the_state_goes_on),
        cmocka_unit_test(test_garbage_is_collected_before_the_ceiling),
        cmocka_unit_test(test_states_are_independent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
