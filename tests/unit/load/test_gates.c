#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "load/gates.h"

static void a_gate_is_closed_until_it_is_opened(void **state)
{
    struct gates *gates = gates_new(10);
    struct err err = {0};
    assert_false(gates_is_open(gates, "podinfo.test"));
    assert_true(gates_open(gates, "podinfo.test", &err));
    assert_true(gates_open(gates, "podinfo.test", &err));
    assert_true(gates_is_open(gates, "podinfo.test"));
    assert_false(gates_is_open(gates, "podinfo.prod"));
    gates_close(gates, "podinfo.test");
    gates_close(gates, "podinfo.test");
    assert_false(gates_is_open(gates, "podinfo.test"));
    gates_free(gates);
}

/* Closing one makes room again, and asking for gates takes none. */
static void so_many_are_open_at_most(void **state)
{
    enum { MOST = 10000 };
    struct gates *gates = gates_new(MOST);
    struct err err = {0};
    for (int i = 0; i < MOST; i++) {
        char *name = str_format("a/%d.test", i), *other = str_format("b.%d", i);
        assert_false(gates_is_open(gates, other));
        assert_true(gates_open(gates, name, &err));
        mem_free(name);
        mem_free(other);
    }
    assert_false(gates_open(gates, "one.more", &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_string_equal(err.text, "gate one.more: 10000 gates are open, -max-gates allows no more");
    assert_true(gates_open(gates, "a/7.test", &err));
    gates_close(gates, "a/7.test");
    assert_true(gates_open(gates, "one.more", &err));
    gates_free(gates);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gate_is_closed_until_it_is_opened),
        cmocka_unit_test(so_many_are_open_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
