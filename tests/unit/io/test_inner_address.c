#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/inner_address.h"

static void this_machine_and_metadata_servers_are_inner(void **state)
{
    static const char *const inner[] = {
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "169.254.169.254",  "169.254.0.1",   "100.100.100.200",       "::1",
        "::",        "fe80::1",   "febf::1", "::ffff:127.0.0.1", "fd00:ec2::254", "::ffff:169.254.169.254"};
    for (size_t i = 0; i < sizeof inner / sizeof inner[0]; i++) {
        assert_true(inner_address_is(inner[i]));
    }
}

static void others_are_not(void **state)
{
    static const char *const others[] = {
        "10.0.0.1",    "192.168.1.1", "172.16.0.1", "169.253.0.1", "128.0.0.1",       "1.1.1.1", "100.100.100.201",
        "2001:db8::1", "::2",         "fec0::1",    "fd00::1",     "::ffff:10.0.0.1", "queue",   "",
        "127.1"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(inner_address_is(others[i]));
    }
}

/* "127.1" and "0x7f.1" are no addresses to us: libc may take them for one, so they are looked at when it has. */
static void a_name_may_hide_one(void **state)
{
    static const char *const names[] = {"queue", "queue.example.com", "127.1", "0x7f.1", "2130706433", "localhost."};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_true(inner_address_may_hide(names[i]));
    }
    static const char *const plain[] = {"127.0.0.1", "169.254.169.254", "[::1]", "localhost", "LocalHost"};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        assert_false(inner_address_may_hide(plain[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_machine_and_metadata_servers_are_inner),
        cmocka_unit_test(others_are_not),
        cmocka_unit_test(a_name_may_hide_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
