#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "io/exchange.h"

static void expect(const char *query, const char *name, const char *wanted)
{
    struct exchange exchange = {.query = query};
    char *value = exchange_param(&exchange, name);
    if (wanted)
        assert_string_equal(value, wanted);
    else
        assert_null(value);
    mem_free(value);
}

static void parameters_are_found_and_decoded(void **state)
{
    expect("a=1&b=two+words&c=%2Fx%3d", "a", "1");
    expect("a=1&b=two+words&c=%2Fx%3d", "b", "two words");
    expect("a=1&b=two+words&c=%2Fx%3d", "c", "/x=");
    expect("a=1&b=2", "c", NULL);
    expect("watch&b=2", "watch", "");
    expect("%61=x", "a", "x");
    expect("a=100%&b=%zz", "a", "100%");
    expect("a=100%&b=%zz", "b", "%zz");
    expect("a=%2", "a", "%2");
    expect("", "a", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(parameters_are_found_and_decoded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
