#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"

static void an_empty_buffer_reads_as_empty_text(void **state)
{
    struct buf b;
    buf_init(&b, 10);
    assert_string_equal(buf_str(&b), "");
    assert_true(buf_append(&b, NULL, 0));
    char *text = buf_take(&b);
    assert_string_equal(text, "");
    mem_free(text);
    buf_fini(&b);
}

static void pieces_add_up(void **state)
{
    struct buf b;
    buf_init(&b, 1000);
    assert_true(buf_append_str(&b, "ab"));
    assert_true(buf_append_char(&b, 'c'));
    assert_true(buf_printf(&b, "%d:%s", 7, "x"));
    assert_true(buf_append(&b, "\0z", 2));
    assert_int_equal(b.len, 8);
    assert_memory_equal(b.data, "abc7:x\0z", 9);
    buf_fini(&b);
}

static void the_ceiling_holds_for_every_kind_of_piece(void **state)
{
    struct buf b;
    buf_init(&b, 5);
    assert_true(buf_append_str(&b, "12345"));
    assert_false(b.overflow);
    assert_false(buf_append_char(&b, '6'));
    assert_true(b.overflow);
    assert_string_equal(buf_str(&b), "12345");

    buf_clear(&b);
    assert_false(b.overflow);
    assert_false(buf_printf(&b, "%s", "123456"));
    assert_int_equal(b.len, 0);
    assert_false(buf_append_char(&b, 'x')); /* what is kept is a true beginning: nothing after a gap */

    buf_clear(&b);
    assert_false(buf_append_url(&b, "a/b/"));
    assert_true(buf_append_url(&b, "") == false);
    buf_fini(&b);
}

static void growth_reaches_the_ceiling_exactly(void **state)
{
    struct buf b;
    buf_init(&b, 1000);
    for (int i = 0; i < 1000; i++)
        assert_true(buf_append_char(&b, 'x'));
    assert_int_equal(b.len, 1000);
    assert_true(b.capacity <= 1001);
    assert_false(buf_append_char(&b, 'x'));
    buf_fini(&b);
}

static void urls_are_percent_encoded(void **state)
{
    struct buf b;
    buf_init(&b, 100);
    assert_true(buf_append_url(&b, "aZ0-._~ /?&=+%\xC3\xA9"));
    assert_string_equal(buf_str(&b), "aZ0-._~%20%2F%3F%26%3D%2B%25%C3%A9");
    buf_fini(&b);
}

static void taking_leaves_a_buffer_that_works(void **state)
{
    struct buf b;
    buf_init(&b, 3);
    buf_append_str(&b, "abc");
    char *text = buf_take(&b);
    assert_string_equal(text, "abc");
    mem_free(text);
    assert_int_equal(b.len, 0);
    assert_true(buf_append_str(&b, "def"));
    assert_false(buf_append_char(&b, 'g'));
    buf_fini(&b);
}

static void consuming_drops_the_front(void **state)
{
    struct buf b;
    buf_init(&b, 100);
    buf_append_str(&b, "one\ntwo");
    buf_consume(&b, 4);
    assert_string_equal(buf_str(&b), "two");
    buf_consume(&b, 3);
    assert_string_equal(buf_str(&b), "");
    assert_int_equal(b.len, 0);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_reads_as_empty_text),
        cmocka_unit_test(pieces_add_up),
        cmocka_unit_test(the_ceiling_holds_for_every_kind_of_piece),
        cmocka_unit_test(growth_reaches_the_ceiling_exactly),
        cmocka_unit_test(urls_are_percent_encoded),
        cmocka_unit_test(taking_leaves_a_buffer_that_works),
        cmocka_unit_test(consuming_drops_the_front),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
