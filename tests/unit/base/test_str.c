#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"

static void copies_and_formats(void **state)
{
    assert_null(str_dup(NULL));
    char *s = str_dup_n("abcdef", 3);
    assert_string_equal(s, "abc");
    str_free(&s);
    assert_null(s);
    /* Around what fits at once. */
    for (size_t len = 250; len < 520; len++) {
        s = str_format("%*s", (int)len, "x");
        assert_int_equal(strlen(s), len);
        assert_int_equal(s[len - 1], 'x');
        str_free(&s);
    }
    s = str_format("%s-%d", "x", 42);
    assert_string_equal(s, "x-42");
    mem_free(s);
}

static void compares_null_safely(void **state)
{
    assert_true(str_equal(NULL, NULL));
    assert_false(str_equal(NULL, ""));
    assert_true(str_equal("a", "a"));
    assert_false(str_equal("a", "b"));
    assert_true(str_empty(NULL) && str_empty("") && !str_empty("x"));
}

static void sees_both_ends(void **state)
{
    assert_true(str_has_prefix("canary-primary", "canary"));
    assert_false(str_has_prefix("can", "canary"));
    assert_true(str_has_suffix("podinfo-primary", "-primary"));
    assert_false(str_has_suffix("primary", "-primary"));
    assert_true(str_has_suffix("x", ""));
    assert_false(str_has_prefix(NULL, "") || str_has_suffix(NULL, ""));
}

static void copy_into_an_array_is_terminated_and_says_when_it_cut(void **state)
{
    char to[4];
    assert_true(str_copy(to, sizeof to, "abc"));
    assert_string_equal(to, "abc");
    assert_false(str_copy(to, sizeof to, "abcd"));
    assert_string_equal(to, "abc");
    assert_true(str_copy(to, sizeof to, NULL));
    assert_string_equal(to, "");
}

static void split_keeps_empty_parts(void **state)
{
    struct str_list list = {0};
    str_list_split(&list, "a,,b ,", ',');
    static const char *const want[] = {"a", "", "b ", ""};
    assert_int_equal(list.count, 4);
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(list.items[i], want[i]);
    assert_true(str_list_has(&list, "b "));
    assert_false(str_list_has(&list, "b"));
    str_list_fini(&list);
    str_list_split(&list, "", ',');
    assert_int_equal(list.count, 1);
    assert_string_equal(list.items[0], "");
    str_list_fini(&list);
    assert_int_equal(list.count, 0);
}

static void expect_list(const char *written, const char *joined)
{
    struct str_list list = {0};
    str_list_read(&list, written);
    char *got = str_list_join(&list, "|");
    assert_string_equal(got, joined);
    mem_free(got);
    str_list_fini(&list);
}

static void a_written_list_has_no_empty_parts(void **state)
{
    expect_list("curl,grep", "curl|grep");
    expect_list(" curl , grep,,\tcurl,", "curl|grep");
    expect_list("", "");
    expect_list(",", "");
    expect_list(" , ", "");
    expect_list("curl grep, a b c ", "curl grep|a b c");
}

static void a_list_grows(void **state)
{
    struct str_list list = {0};
    for (int i = 0; i < 100; i++) {
        char text[32];
        snprintf(text, sizeof text, "item %d", i);
        str_list_push(&list, text);
    }
    assert_int_equal(list.count, 100);
    assert_string_equal(list.items[0], "item 0");
    assert_string_equal(list.items[99], "item 99");
    str_list_fini(&list);
}

static void a_truth_is_read_as_go_reads_it(void **state)
{
    (void)state;
    bool value = false;
    assert_true(str_read_bool("T", &value) && value);
    assert_true(str_read_bool("False", &value) && !value);
    assert_false(str_read_bool("yes", &value));
    assert_false(str_read_bool("tRUE", &value));
    assert_false(str_read_bool("", &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_and_formats),
        cmocka_unit_test(compares_null_safely),
        cmocka_unit_test(sees_both_ends),
        cmocka_unit_test(copy_into_an_array_is_terminated_and_says_when_it_cut),
        cmocka_unit_test(split_keeps_empty_parts),
        cmocka_unit_test(a_written_list_has_no_empty_parts),
        cmocka_unit_test(a_list_grows),
        cmocka_unit_test(a_truth_is_read_as_go_reads_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
