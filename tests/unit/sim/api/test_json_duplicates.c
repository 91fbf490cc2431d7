#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sim/api/json_duplicates.h"

static void expect(const char *text, const char *wanted)
{
    struct str_list found = {0};
    char *seen = str_dup("");
    json_duplicates(text, strlen(text), &found);
    for (size_t i = 0; i < found.count; i++) {
        char *longer = str_format("%s%s;", seen, found.items[i]);
        mem_free(seen);
        seen = longer;
    }
    assert_string_equal(seen, wanted);
    mem_free(seen);
    str_list_fini(&found);
}

static void keys_that_stand_twice_are_found(void **state)
{
    expect("{\"a\":1,\"b\":{\"a\":1}}", "");
    expect("{\"a\":1,\"a\":2}", "duplicate field \"a\";");
    expect(" { \"m\" : { \"n\" : \"x\" , \"n\" : \"y\" } } ", "duplicate field \"m.n\";");
    expect("{\"c\":[{\"x\":1},{\"x\":1,\"x\":[],\"y\":{}}]}", "duplicate field \"c[1].x\";");
    expect("{\"a\":\"}\\\"{\",\"b\":[1,2.5,true,null,\"]\"],\"b\":null}", "duplicate field \"b\";");
    expect("[]", "");
    expect("", "");
    expect("{\"a\":{},\"a\":{},\"a\":{}}", "duplicate field \"a\";");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keys_that_stand_twice_are_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
