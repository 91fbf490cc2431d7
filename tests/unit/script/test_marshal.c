#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "base/mem.h"
#include "script/marshal.h"
#include "script/vm.h"

static struct vm vm;

static int install(lua_State *L)
{
    marshal_install(L);
    luaL_openlibs(L);
    lua_register(L, "array", marshal_array);
    lua_pushlightuserdata(L, NULL);
    lua_setglobal(L, "null");
    return 0;
}

static int setup(void **state)
{
    struct err err;
    assert_true(vm_init(&vm, 16 * 1024 * 1024, &err));
    assert_int_equal(lua_cpcall(vm.L, install, NULL), 0);
    return 0;
}

static int teardown(void **state)
{
    vm_fini(&vm);
    return 0;
}

/* The value of an expression as a document. */
static struct doc *read_value(const char *expression, struct err *err)
{
    lua_settop(vm.L, 0);
    lua_pushfstring(vm.L, "return %s", expression);
    assert_int_equal(luaL_loadstring(vm.L, lua_tostring(vm.L, -1)), 0);
    assert_int_equal(lua_pcall(vm.L, 0, 1, 0), 0);
    marshal_prepare(vm.L);
    struct doc *doc = marshal_read(vm.L, -1, "args", err);
    assert_int_equal(lua_gettop(vm.L), 2);
    return doc;
}

static void expect_json(const char *expression, const char *json)
{
    struct err err;
    struct doc *doc = read_value(expression, &err);
    if (!doc)
        fail_msg("%s: %s", expression, err.text);
    char *text = node_to_text(doc_root(doc));
    assert_string_equal(text, json);
    mem_free(text);
    doc_free(doc);
}

static void expect_refused(const char *expression, const char *why)
{
    struct err err;
    assert_null(read_value(expression, &err));
    assert_int_equal(err.code, ERR_SCRIPT);
    assert_string_equal(err.text, why);
}

static void push_json(const char *json)
{
    struct err err;
    struct doc *doc = doc_parse(json, strlen(json), &err);
    assert_non_null(doc);
    lua_settop(vm.L, 0);
    marshal_push(vm.L, doc_root(doc));
    doc_free(doc);
}

static void test_writes_scalars(void **state)
{
    expect_json("nil", "null");
    expect_json("true", "true");
    expect_json("'a\\nb'", "\"a\\nb\"");
    expect_json("0.5", "0.5");
    expect_json("null", "null");
}

static void test_writes_whole_numbers_as_integers(void **state)
{
    expect_json("30", "30");
    expect_json("-0", "0");
    expect_json("1e15", "1000000000000000");
    expect_json("2^53", "9007199254740992");
    expect_json("-(2^53)", "-9007199254740992");
}

static void test_tells_lists_from_objects(void **state)
{
    expect_json("{}", "{}");
    expect_json("array {}", "[]");
    expect_json("array()", "[]");
    expect_json("{ 1, 'two', { 3 } }", "[1,\"two\",[3]]");
    expect_json("{ a = {}, b = array {} }", "{\"a\":{},\"b\":[]}");
    expect_json("{ 1, null, 3 }", "[1,null,3]");
}

static void test_writes_members_in_the_order_of_their_names(void **state)
{
    expect_json("{ weight = 1, name = 2, ['a-b'] = 3, Z = 4 }", "{\"Z\":4,\"a-b\":3,\"name\":2,\"weight\":1}");
}

static void test_refusals_name_the_path(void **state)
{
    expect_refused("{ effects = { { weight = 1 }, { weight = 0/0 } } }",
                   "args.effects[2].weight: NaN has no place in JSON");
    expect_refused("{ limit = 1/0 }", "args.limit: infinity has no place in JSON");
    expect_refused("{ run = print }", "args.run: a function has no place in JSON");
    expect_refused("{ co = coroutine.create(print) }", "args.co: a thread has no place in JSON");
    expect_refused("{ n = 1LL }", "args.n: a cdata has no place in JSON");
    expect_refused("{ s = '\\255' }", "args.s: a string that is not UTF-8 has no place in JSON");
    expect_refused("{ ['a\\0b'] = 1 }", "args: a name with a NUL has no place in JSON");
}

static void test_refuses_mixed_and_holed_tables(void **state)
{
    const char *why = "args.t: neither a list (keys 1 to n without holes) nor an object (keys that are strings)";
    expect_refused("{ t = { 1, 2, name = 3 } }", why);
    expect_refused("{ t = { [2] = 1 } }", why);
    expect_refused("{ t = { [0.5] = 1 } }", why);
    expect_refused("{ t = { [true] = 1 } }", why);
    expect_refused("{ t = array { name = 1 } }", why);
}

/* Of the binary's own Lua. */
static void test_reads_what_is_large(void **state)
{
    struct err err;
    lua_settop(vm.L, 0);
    assert_int_equal(
        luaL_dostring(vm.L, "local t = {} for i = 1, 30000 do t['key ' .. i] = ('x'):rep(100) end return t"), 0);
    marshal_prepare(vm.L);
    assert_null(marshal_read(vm.L, -1, "args", &err));
    struct doc *doc = marshal_read_large(vm.L, -1, "args", &err);
    assert_non_null(doc);
    assert_int_equal(node_count(doc_root(doc)), 30000);
    doc_free(doc);
}

static void test_refuses_what_has_no_end(void **state)
{
    struct err err;
    assert_null(read_value("(function() local t = {} t.t = t return t end)()", &err));
    assert_non_null(strstr(err.text, "more than 64 levels of tables"));
    assert_null(read_value("(function() local t = 1 for i = 1, 40 do t = { t, t } end return t end)()", &err));
    assert_non_null(strstr(err.text, "more than 20000 values"));
    assert_null(
        read_value("(function() local t, s = {}, ('x'):rep(1e5) for i = 1, 100 do t[i] = s end return t end)()", &err));
    assert_non_null(strstr(err.text, "more than 1048576 bytes of text"));
    assert_null(read_value("(function() local t = {} for i = 1, 3000 do t['k' .. i] = i end return t end)()", &err));
    assert_string_equal(err.text, "args: a table with more than 2000 names");
}

static void test_depth_of_64_is_fine(void **state)
{
    struct err err;
    struct doc *doc = read_value("(function() local t = 1 for i = 1, 64 do t = { t } end return t end)()", &err);
    assert_non_null(doc);
    doc_free(doc);
    assert_null(read_value("(function() local t = 1 for i = 1, 65 do t = { t } end return t end)()", &err));
}

static void test_calls_no_metamethod(void **state)
{
    expect_json("setmetatable({ a = 1 }, { __index = error, __len = error, __tostring = error, __eq = error, __pairs = "
                "error })",
                "{\"a\":1}");
    expect_json("setmetatable({}, { __index = function() return 'x' end, __metatable = 'locked' })", "{}");
}

static void test_reads_objects_and_lists(void **state)
{
    push_json("{\"a\":[1,2.5,\"x\",true],\"gone\":null,\"o\":{\"b\":false}}");
    lua_setglobal(vm.L, "v");
    assert_int_equal(
        luaL_dostring(vm.L, "assert(#v.a == 4 and v.a[1] == 1 and v.a[2] == 2.5 and v.a[3] == 'x' and v.a[4] == true)"
                            "assert(v.gone == nil and v.o.b == false)"),
        0);
}

static void test_round_trips(void **state)
{
    static const char *const texts[] = {
        "[]",          "{}",   "{\"a\":[],\"b\":{}}", "[[],[[]],{}]",     "[1,null,\"x\"]", "9007199254740992", "-1.25",
        "\"\\u00e9\"", "null", "\"a\\u0000b\"",       "-9007199254740992"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct err err, unread;
        push_json(texts[i]);
        marshal_prepare(vm.L);
        struct doc *back = marshal_read(vm.L, -1, "value", &err);
        assert_non_null(back);
        struct doc *original = doc_parse(texts[i], strlen(texts[i]), &unread);
        assert_true(node_equal(doc_root(back), doc_root(original)));
        doc_free(original);
        doc_free(back);
    }
}

static int push_too_large(lua_State *L)
{
    marshal_push(L, lua_touserdata(L, 1));
    return 0;
}

static void test_a_number_that_would_be_rounded_is_refused(void **state)
{
    static const char *const texts[] = {"9007199254740993", "-9007199254740993", "18446744073709551615",
                                        "[{\"a\":9223372036854775807}]"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct err err;
        struct doc *doc = doc_parse(texts[i], strlen(texts[i]), &err);
        assert_int_equal(lua_cpcall(vm.L, push_too_large, doc_root(doc)), LUA_ERRRUN);
        assert_string_equal(lua_tostring(vm.L, -1), "a number beyond 2^53 would not be exact in a script");
        lua_pop(vm.L, 1);
        doc_free(doc);
    }
}

static void test_keys_with_a_nul_are_whole(void **state)
{
    push_json("{\"a\\u0000b\":1}");
    lua_setglobal(vm.L, "v");
    assert_int_equal(luaL_dostring(vm.L, "assert(v['a\\0b'] == 1 and v.a == nil)"), 0);
}

static void test_scripts_cannot_take_the_mark_off(void **state)
{
    push_json("[]");
    lua_setglobal(vm.L, "list");
    assert_int_equal(
        luaL_dostring(vm.L, "assert(getmetatable(list) == false) assert(not pcall(setmetatable, list, nil))"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_writes_scalars),
        TEST(test_writes_whole_numbers_as_integers),
        TEST(test_tells_lists_from_objects),
        TEST(test_writes_members_in_the_order_of_their_names),
        TEST(test_refusals_name_the_path),
        TEST(test_refuses_mixed_and_holed_tables),
        TEST(test_reads_what_is_large),
        TEST(test_refuses_what_has_no_end),
        TEST(test_depth_of_64_is_fine),
        TEST(test_calls_no_metamethod),
        TEST(test_reads_objects_and_lists),
        TEST(test_round_trips),
        TEST(test_a_number_that_would_be_rounded_is_refused),
        TEST(test_keys_with_a_nul_are_whole),
        TEST(test_scripts_cannot_take_the_mark_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
