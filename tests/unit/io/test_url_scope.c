#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/url_scope.h"

static const char declared[] = "https://queue.example.com/api";

static void what_stands_below_a_url_is_in_its_scope(void **state)
{
    static const char *const below[] = {
        "https://queue.example.com/api",       "https://queue.example.com/api/",
        "https://queue.example.com/api/v1",    "https://queue.example.com/api?q=../x",
        "https://queue.example.com/api#part",  "HTTPS://Queue.Example.COM/api/v1?q=1",
        "https://queue.example.com:443/api/x", "https://queue.example.com/api/..x/v1.2/a..",
    };
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
        assert_true(url_scope_has(declared, below[i]));
    }
}

static void nothing_else_is(void **state)
{
    static const char *const others[] = {
        "http://queue.example.com/api",
        "https://queue.example.com/",
        "https://queue.example.com",
        "https://queue.example.com/apis",
        "https://queue.example.com/api%2f..%2fadmin",
        "https://queue.example.com/API",
        "https://queue.example.com:8443/api",
        "https://queue.example.com.evil.org/api",
        "https://evil.org/api",
        "https://queue.example.com@evil.org/api",
        "https://evil.org#queue.example.com/api",
        "https://evil.org\\@queue.example.com/api",
        "https://queue.example.com%2fapi",
        "https://queue.example.com./api",
        "https:/queue.example.com/api",
        "ftp://queue.example.com/api",
        "//queue.example.com/api",
        "",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(url_scope_has(declared, others[i]));
    }
}

static void a_path_that_climbs_is_in_no_scope(void **state)
{
    static const char *const paths[] = {
        "https://queue.example.com/api/../admin",     "https://queue.example.com/api/..",
        "https://queue.example.com/api/./x",          "https://queue.example.com/api/%2e%2E/admin",
        "https://queue.example.com/api/.%2e/admin",   "https://queue.example.com/api/..%2fadmin",
        "https://queue.example.com/api/..%5cadmin",   "https://queue.example.com/api/..\\admin",
        "https://queue.example.com/api/..;/admin",    "https://queue.example.com/api/x/../../admin",
        "https://queue.example.com/api/..;a=b/admin", "https://queue.example.com/api/..?q",
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_false(url_scope_has(declared, paths[i]));
    }
}

static void a_host_alone_has_all_its_paths(void **state)
{
    assert_true(url_scope_has("http://queue", "http://queue/any/path"));
    assert_true(url_scope_has("http://queue/", "http://queue:80?q=1"));
    assert_true(url_scope_has("http://[::1]:9/", "http://[::1]:9/x"));
    assert_false(url_scope_has("http://queue", "http://queue:81/any"));
    assert_false(url_scope_has("http://queue:81", "http://queue/any"));
}

static void what_cannot_be_declared_is_told(void **state)
{
    static const char *const wrong[][2] = {
        {"", "a URL of http or https with a host, and without a user, is wanted"},
        {"queue.example.com/api", "a URL of http or https with a host, and without a user, is wanted"},
        {"ftp://queue", "a URL of http or https with a host, and without a user, is wanted"},
        {"https://", "a URL of http or https with a host, and without a user, is wanted"},
        {"https://me:word@queue", "a URL of http or https with a host, and without a user, is wanted"},
        {"https://*.example.com", "a URL of http or https with a host, and without a user, is wanted"},
        {"https://queue/a b", "a URL has neither blanks nor what is no ASCII"},
        {"https://qu\xc3\xa4ue/", "a URL has neither blanks nor what is no ASCII"},
        {"https://queue/api?key=1", "a URL without a query and a fragment is wanted"},
        {"https://queue/api/../x", "a path without the parts . and .. is wanted"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct err err = {0};
        assert_false(url_scope_is_sound(wrong[i][0], &err));
        assert_string_equal(err.text, wrong[i][1]);
    }
    struct err err = {0};
    assert_true(url_scope_is_sound(declared, &err));
    assert_true(url_scope_is_sound("http://169.254.169.254", &err));
    assert_true(url_scope_is_sound("http://[fe80::1]:80/", &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_below_a_url_is_in_its_scope), cmocka_unit_test(nothing_else_is),
        cmocka_unit_test(a_path_that_climbs_is_in_no_scope),       cmocka_unit_test(a_host_alone_has_all_its_paths),
        cmocka_unit_test(what_cannot_be_declared_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
