#include "script/chunks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include <lauxlib.h>
#include <string.h>

#include "base/str.h"
#include "script/module.h"
#include "script/vm.h"

enum { MEMORY_MAX = 1024 * 1024 };

static const char good[] = "return 6 * 7";
static const char wrong[] = "\n\nlocal t = nil\nreturn t.x";
static const char unreadable[] = "return (";

/* What a text gives, or its error, in a VM of its own. */
static char *result_of(struct chunks *chunks, const char *text)
{
    struct vm vm;
    struct err err = {0};
    assert_true(vm_init(&vm, MEMORY_MAX, &err));
    if (chunks_load(chunks, vm.L, text, strlen(text), "@stdlib/t.lua") == 0) {
        lua_pcall(vm.L, 0, 1, 0);
    }
    char *result = str_dup(lua_tostring(vm.L, -1));
    vm_fini(&vm);
    return result;
}

static void expect(struct chunks *chunks, const char *text, const char *wanted)
{
    char *result = result_of(chunks, text);
    assert_string_equal(wanted, result);
    str_free(&result);
}

static void bytecode_does_what_its_text_does(void **state)
{
    struct chunks *chunks = chunks_new();
    for (int i = 0; i < 3; i++) {
        expect(chunks, good, "42");
        expect(chunks, wrong, "stdlib/t.lua:4: attempt to index local 't' (a nil value)");
        expect(chunks, unreadable, "stdlib/t.lua:1: unexpected symbol near '<eof>'");
        if (i == 1) {
            chunks_clear(chunks);
        }
    }
    chunks_free(chunks);
}

/* The text is changed under the same address: whoever goes by what was compiled before does not see it. */
static void the_shared_ones_stay(void **state)
{
    static char text[] = "return 1";
    expect(chunks_shared(), text, "1");
    text[strlen(text) - 1] = '2';
    chunks_clear(chunks_shared());
    chunks_free(chunks_shared());
    expect(chunks_shared(), text, "1");
    struct chunks *own = chunks_new();
    expect(own, text, "2");
    chunks_free(own);
}

static void without_them_a_text_is_compiled(void **state)
{
    expect(NULL, good, "42");
    expect(NULL, wrong, "stdlib/t.lua:4: attempt to index local 't' (a nil value)");
}

/* Bytes that the VM took, garbage included. */
static size_t taken_by(struct chunks *chunks, const char *text)
{
    struct vm vm;
    struct err err = {0};
    assert_true(vm_init(&vm, MEMORY_MAX, &err));
    size_t before = vm.arena.used;
    assert_int_equal(0, chunks_load(chunks, vm.L, text, strlen(text), "@stdlib/t.lua"));
    size_t taken = vm.arena.used - before;
    vm_fini(&vm);
    return taken;
}

static void a_vm_that_gets_bytecode_takes_less(void **state)
{
    struct buf text;
    buf_init(&text, MEMORY_MAX);
    for (int i = 0; i < 100; i++) {
        buf_printf(&text, "local function f%d(a, b) if a then return b + %d end return { a, b } end\n", i, i);
    }
    struct chunks *chunks = chunks_new();
    assert_true(taken_by(chunks, buf_str(&text)) < taken_by(NULL, buf_str(&text)) * 3 / 4);
    chunks_free(chunks);
    buf_fini(&text);
}

/* A module's value, loaded as task.c does it. */
static char *value_of(struct module_set *set, const char *name)
{
    struct vm vm;
    struct err err = {0};
    assert_true(vm_init(&vm, MEMORY_MAX, &err));
    lua_pushlightuserdata(vm.L, set);
    lua_pushcclosure(vm.L, module_load, 1);
    lua_pushstring(vm.L, name);
    lua_pushstring(vm.L, "@t.lua");
    lua_newtable(vm.L);
    lua_call(vm.L, 3, 1);
    lua_call(vm.L, 0, 1);
    char *value = str_dup(lua_tostring(vm.L, -1));
    vm_fini(&vm);
    return value;
}

static void a_pinned_text_is_never_taken_for_the_binarys(void **state)
{
    static const struct embedded_module embedded[] = {{"strategies.t", good, sizeof good - 1}};
    struct doc *pinned = doc_new();
    struct module_set set = {.embedded = embedded, .embedded_count = 1, .chunks = chunks_new()};
    char *own = value_of(&set, "strategies.t");
    doc_set_root(pinned, node_new_object(pinned));
    node_set_str(pinned, doc_root(pinned), "strategies.t", "return 'another'");
    set.pinned = doc_root(pinned);
    char *other = value_of(&set, "strategies.t");
    node_set_str(pinned, doc_root(pinned), "strategies.t", good);
    char *same = value_of(&set, "strategies.t");
    assert_string_equal("42", own);
    assert_string_equal("another", other);
    assert_string_equal("42", same);
    str_free(&own);
    str_free(&other);
    str_free(&same);
    chunks_free(set.chunks);
    doc_free(pinned);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytecode_does_what_its_text_does),
        cmocka_unit_test(the_shared_ones_stay),
        cmocka_unit_test(without_them_a_text_is_compiled),
        cmocka_unit_test(a_vm_that_gets_bytecode_takes_less),
        cmocka_unit_test(a_pinned_text_is_never_taken_for_the_binarys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
