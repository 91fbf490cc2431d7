#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/load_flags.h"
#include "base/mem.h"

static struct load_flags flags;
static struct err err;

/* Up to three words; borrowed by `flags`. */
static bool read(const char *const words[3])
{
    char *argv[3];
    int argc = 0;
    err = (struct err){0};
    for (; argc < 3 && words[argc] != NULL; argc++) {
        argv[argc] = (char *)words[argc];
    }
    return load_flags_read(&flags, argc, argv, &err);
}

static void expect_allowed(const char *word, const char *joined)
{
    assert_true(read((const char *const[3]){word}));
    char *got = str_list_join(&flags.allowed, "|");
    assert_string_equal(got, joined);
    mem_free(got);
    load_flags_fini(&flags);
}

/* A name with a blank in it is kept, so that it is refused by its name. */
static void a_list_has_no_empty_parts(void **state)
{
    expect_allowed("-allow-commands=curl,grep", "curl|grep");
    expect_allowed("-allow-commands= , ", "");
    expect_allowed("-allow-commands=curl grep, a b c ", "curl grep|a b c");
}

static void expect_place(const char *const words[3], const char *host, int port)
{
    assert_true(read(words));
    assert_string_equal(flags.host, host);
    assert_int_equal(flags.port, port);
    load_flags_fini(&flags);
}

static void hooks_are_served_where_one_flag_says(void **state)
{
    expect_place((const char *const[3]){NULL}, "", 9090);
    expect_place((const char *const[3]){"-port=80", "-port=81"}, "", 81);
    expect_place((const char *const[3]){"-listen=127.0.0.1:80"}, "127.0.0.1", 80);
    expect_place((const char *const[3]){"--listen", "[::1]:0"}, "[::1]", 0);
    expect_place((const char *const[3]){"-listen=:80"}, "", 80);
    assert_false(read((const char *const[3]){"-port=80", "-listen=127.0.0.1:80"}));
    assert_string_equal(err.text, "-port and -listen both say where hooks are served: one of them wanted");
    load_flags_fini(&flags);
    assert_false(read((const char *const[3]){"-listen=9090"}));
    assert_string_equal(err.text, "-listen 9090: expected HOST:PORT, as in 127.0.0.1:8090");
    load_flags_fini(&flags);
}

static void no_load_has_more_than_all(void **state)
{
    assert_true(read((const char *const[3]){"-max-load-rate=1000"}));
    load_flags_fini(&flags);
    assert_false(read((const char *const[3]){"-max-load-rate=51", "-max-rate=50"}));
    assert_string_equal(err.text, "-max-load-rate 51: no load can have more than the 50 of -max-rate");
    load_flags_fini(&flags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_has_no_empty_parts),
        cmocka_unit_test(hooks_are_served_where_one_flag_says),
        cmocka_unit_test(no_load_has_more_than_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
