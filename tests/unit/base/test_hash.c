#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

static void sha256_gives_the_published_digests(void **state)
{
    char out[65];
    hash_sha256("", 0, out);
    assert_string_equal(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hash_sha256("abc", 3, out);
    assert_string_equal(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void fnv_gives_the_published_digests(void **state)
{
    assert_int_equal(hash_fnv32("", 0), 0x811c9dc5u);
    assert_int_equal(hash_fnv32("a", 1), 0xe40c292cu);
    assert_int_equal(hash_fnv32("foobar", 6), 0xbf9cf968u);
}

static void safe_encoding_is_that_of_kubernetes(void **state)
{
    char out[16];
    hash_safe_encode(3148937597u, out);
    assert_string_equal(out, "758df7c9fc");
    hash_safe_encode(3009791551u, out);
    assert_string_equal(out, "744fcf5995");
    hash_safe_encode(0, out);
    assert_string_equal(out, "4");
    hash_safe_encode(UINT32_MAX, out);
    assert_string_equal(out, "86f8fbc6f9");
}

static void uuids_have_their_form_and_follow_from_the_text(void **state)
{
    char a[37], b[37], again[37];
    hash_uuid("release/1/2/0", a);
    hash_uuid("release/1/2/1", b);
    hash_uuid("release/1/2/0", again);
    assert_string_not_equal(a, b);
    assert_string_equal(a, again);
    assert_int_equal(strlen(a), 36);
    assert_int_equal(strspn(a, "0123456789abcdef-"), 36);
    assert_true(a[8] == '-' && a[13] == '-' && a[18] == '-' && a[23] == '-');
    assert_int_equal(a[14], '8');
    assert_non_null(strchr("89ab", a[19]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_digests),
        cmocka_unit_test(fnv_gives_the_published_digests),
        cmocka_unit_test(safe_encoding_is_that_of_kubernetes),
        cmocka_unit_test(uuids_have_their_form_and_follow_from_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
