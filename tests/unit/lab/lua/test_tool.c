/* The state in which the commands for authors run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lab/lua/tool.h"

static void test_nothing_is_compiled(void **state)
{
    struct err err = {0};
    struct tool *tool = tool_open();
    struct doc *compiles = tool_call(tool, "jit", "status", NULL, &err);
    assert_non_null(compiles);
    assert_true(node_type(doc_root(compiles)) == NODE_BOOL);
    assert_false(node_bool_or(doc_root(compiles), true));
    doc_free(compiles);
    tool_close(tool);
}

static void test_what_is_missing_is_told(void **state)
{
    struct err err = {0};
    struct tool *tool = tool_open();
    assert_null(tool_call(tool, "tool.nothing", "run", NULL, &err));
    assert_true(err.text[0] != '\0');
    tool_close(tool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_compiled),
        cmocka_unit_test(test_what_is_missing_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
