#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

struct thing {
    int number;
    char *text;
};

static void what_is_new_is_zeroed(void **state)
{
    struct thing *thing = mem_new(struct thing);
    assert_int_equal(thing->number, 0);
    assert_null(thing->text);
    mem_free(thing);
    unsigned char *bytes = mem_alloc_array(7, 3);
    for (int i = 0; i < 21; i++)
        assert_int_equal(bytes[i], 0);
    mem_free(bytes);
}

static void nothing_is_something_too(void **state)
{
    void *p = mem_alloc(0);
    assert_non_null(p);
    p = mem_resize(p, 0);
    assert_non_null(p);
    mem_free(p);
    p = mem_alloc_array(0, 8);
    assert_non_null(p);
    mem_free(p);
    mem_free(NULL);
}

static void resizing_keeps_the_bytes(void **state)
{
    char *p = mem_resize(NULL, 4);
    memcpy(p, "abc", 4);
    p = mem_resize(p, 4096);
    assert_string_equal(p, "abc");
    mem_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_new_is_zeroed),
        cmocka_unit_test(nothing_is_something_too),
        cmocka_unit_test(resizing_keeps_the_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
