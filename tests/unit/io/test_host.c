#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/host.h"

static void addresses_and_our_own_name_are_ours(void **state)
{
    static const char *const ours[] = {
        "127.0.0.1",       "127.0.0.1:8001",        "10.1.2.3:80",     "[::1]:8001",
        "[fe80::1]",       "localhost:1",           "LOCALHOST",       "lab.example",
        "Lab.Example:443", "[::ffff:127.0.0.1]:80", "localhost:65535", "127.0.0.1:00080"};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        assert_true(host_is_ours(ours[i], "lab.example"));
    }
    assert_true(host_is_ours(NULL, "127.0.0.1"));
    char large[300];
    memset(large, 'a', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    assert_false(host_is_ours(large, ""));
}

/* Each may be a name whose owner lets it lead to this machine. */
static void other_names_are_not(void **state)
{
    static const char *const others[] = {"",
                                         "evil.example",
                                         "evil.example:8001",
                                         "localhost.evil.example",
                                         "127.0.0.1.evil.example",
                                         "127.1",
                                         "2130706433",
                                         "[::1.evil.example]",
                                         "localhost:evil",
                                         "localhost:evil.example:80",
                                         "localhost:80:80",
                                         "localhost:",
                                         "localhost:0",
                                         "localhost:65536",
                                         "localhost:99999",
                                         "localhost:4294967376",
                                         "localhost:+80",
                                         "localhost: 80",
                                         "localhost:8o",
                                         "localhost.",
                                         "127.0.0.1.",
                                         " localhost",
                                         "localhost ",
                                         "a@localhost",
                                         "localhost@evil.example",
                                         "localhost:80@evil.example",
                                         "localhost/",
                                         "localhost:80/",
                                         "[::1].evil.example",
                                         "[::1]evil.example:80",
                                         "[::1]:",
                                         "[::1]:evil",
                                         "[::1]:0",
                                         "[::1",
                                         "[]",
                                         "[]:80",
                                         "::1",
                                         "[localhost]",
                                         "[127.0.0.1]",
                                         "[::1%25eth0]",
                                         "[[::1]]",
                                         "[::ffff:127.0.0.1].evil.example",
                                         "127.0.0.1:80.evil.example",
                                         "0x7f.0.0.1",
                                         "0177.0.0.1",
                                         ":80",
                                         ":"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(host_is_ours(others[i], ""));
        assert_false(host_is_ours(others[i], "127.0.0.1"));
    }
}

static void who_listens_beyond_this_machine_is_known(void **state)
{
    assert_true(host_is_loopback("127.0.0.1"));
    assert_true(host_is_loopback("127.9.9.9"));
    assert_true(host_is_loopback("localhost"));
    assert_true(host_is_loopback("[::1]"));
    assert_true(host_is_loopback("::1"));
    assert_true(host_is_loopback("[0:0::0:1]"));
    assert_true(host_is_loopback("[::ffff:127.0.0.2]"));
    assert_true(host_is_loopback("LOCALHOST"));
    assert_false(host_is_loopback("[::ffff:10.0.0.1]"));
    assert_false(host_is_loopback("localhost.evil.example"));
    assert_false(host_is_loopback("[::1].evil.example"));
    assert_false(host_is_loopback(""));
    assert_false(host_is_loopback("0.0.0.0"));
    assert_false(host_is_loopback("[::]"));
    assert_false(host_is_loopback("10.0.0.1"));
    assert_false(host_is_loopback("lab.example"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_and_our_own_name_are_ours),
        cmocka_unit_test(other_names_are_not),
        cmocka_unit_test(who_listens_beyond_this_machine_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
