#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/utf8.h"

static void setting_clears_what_the_last_error_left(void **state)
{
    struct err err = {.http_status = 503, .retry_after_ms = 1000};
    assert_false(err_set(&err, ERR_NOT_FOUND, "canary %s: gone", "a"));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_int_equal(err.http_status, 0);
    assert_int_equal(err.retry_after_ms, 0);
    assert_string_equal(err.text, "canary a: gone");
    err_clear(&err);
    assert_int_equal(err.code, ERR_NONE);
    assert_string_equal(err.text, "");
}

static void wrapping_puts_context_in_front(void **state)
{
    struct err err = {0};
    err_set(&err, ERR_PARSE, "line 3");
    err.http_status = 400;
    assert_false(err_wrap(&err, "kubeconfig %s", "/x"));
    assert_string_equal(err.text, "kubeconfig /x: line 3");
    assert_int_equal(err.code, ERR_PARSE);
    assert_int_equal(err.http_status, 400);
}

static void an_error_may_be_told_in_its_own_words(void **state)
{
    struct err err = {0};
    err_set(&err, ERR_IO, "disk");
    err_set(&err, ERR_IO, "again: %s", err.text);
    assert_string_equal(err.text, "again: disk");
    err_wrap(&err, "twice %s", err.text);
    assert_string_equal(err.text, "twice again: disk: again: disk");
}

static void long_texts_are_cut_between_characters(void **state)
{
    char euros[3 * 700 + 1];
    for (int i = 0; i < 700; i++)
        memcpy(euros + 3 * i, "\xE2\x82\xAC", 4);
    for (int shift = 0; shift < 3; shift++) {
        struct err err = {0};
        err_set(&err, ERR_IO, "%.*s%s", shift, "xx", euros);
        assert_true(utf8_valid(err.text, strlen(err.text)));
        assert_true(strlen(err.text) >= sizeof err.text - 4);
        err_wrap(&err, "%.*s", shift + 1, "yyy");
        assert_true(utf8_valid(err.text, strlen(err.text)));
        err_wrap(&err, "%s", euros);
        assert_true(utf8_valid(err.text, strlen(err.text)));
        assert_true(strlen(err.text) >= sizeof err.text - 4);
    }
}

static void names_and_transience(void **state)
{
    assert_string_equal(err_code_name(ERR_NONE), "none");
    assert_string_equal(err_code_name(ERR_EXISTS), "already-exists");
    assert_string_equal(err_code_name(ERR_FENCED), "fenced");
    assert_string_equal(err_code_name((enum err_code)999), "unknown");
    enum err_code found = ERR_NONE;
    assert_true(err_code_find("fenced", &found));
    assert_int_equal(found, ERR_FENCED);
    assert_false(err_code_find("unknown", &found));
    for (int code = ERR_NONE; code <= ERR_FENCED; code++) {
        struct err err = {.code = (enum err_code)code};
        bool want = code == ERR_SERVER || code == ERR_TIMEOUT || code == ERR_UNREACHABLE;
        assert_int_equal(err_is_transient(&err), want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_clears_what_the_last_error_left),
        cmocka_unit_test(wrapping_puts_context_in_front),
        cmocka_unit_test(an_error_may_be_told_in_its_own_words),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(names_and_transience),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
