#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "load/payload.h"

static void expect(const char *text, const char *canary, const char *cmd)
{
    struct payload payload;
    struct err err = {0};
    if (!payload_read(text, strlen(text), &payload, &err)) {
        fail_msg("%s: %s", text, err.text);
    }
    assert_string_equal(payload.canary, canary);
    const char *got = payload_metadata(&payload, "cmd");
    assert_string_equal(got != NULL ? got : "(none)", cmd);
    payload_fini(&payload);
}

static void expect_refused(const char *text, size_t len, const char *want)
{
    struct payload payload;
    struct err err = {0};
    assert_false(payload_read(text, len, &payload, &err));
    assert_string_equal(err.text, want);
    payload_fini(&payload);
}

static void payloads_are_read_as_go_reads_them(void **state)
{
    expect("{\"name\":\"podinfo\",\"namespace\":\"test\",\"phase\":\"Progressing\",\"checksum\":\"1\",\"metadata\":"
           "{\"cmd\":\"hey\",\"x\":null}}",
           "podinfo.test", "hey");
    expect("{\"NAME\":\"a\",\"Namespace\":\"b\",\"name\":\"c\"}", "c.b", "(none)");
    expect("{\"name\":null,\"metadata\":{\"cmd\":null},\"other\":[1]}", ".", "");
    expect("null", ".", "(none)");
    expect("{\"metadata\":null}", ".", "(none)");
}

static void other_types_are_refused_by_field(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", "the body is no JSON: JSON 1:1: the text is empty"},
        {"[]", "the body: an object wanted, got a list"},
        {"{\"name\":1}", "name: a text wanted, got a number"},
        {"{\"namespace\":{}}", "namespace: a text wanted, got an object"},
        {"{\"phase\":true}", "phase: a text wanted, got a boolean"},
        {"{\"checksum\":1.5}", "checksum: a text wanted, got a number"},
        {"{\"metadata\":[]}", "metadata: an object wanted, got a list"},
        {"{\"metadata\":{\"cmd\":[]}}", "metadata: cmd: a text wanted, got a list"},
        {"{\"metadata\":{\"cmd\":\"a\\u0000b\"}}", "metadata: cmd: a text without NUL wanted"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_refused(cases[i].text, strlen(cases[i].text), cases[i].want);
    }
}

static void names_are_not_longer_than_in_kubernetes(void **state)
{
    char text[400] = "{\"name\":\"";
    memset(text + 9, 'a', 254);
    strcpy(text + 9 + 254, "\"}");
    expect_refused(text, strlen(text), "name: 254 characters, at most 253 wanted");
    const char *namespace = "{\"namespace\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}";
    expect_refused(namespace, strlen(namespace), "namespace: 64 characters, at most 63 wanted");
    static const char forged[] = "{\"namespace\":\"test\\nerror: forged\"}";
    expect_refused(forged, strlen(forged), "namespace: it has a control character");
}

static void flags_are_read_as_go_reads_them(void **state)
{
    static const char text[] =
        "{\"metadata\":{\"a\":\"true\",\"b\":\"1\",\"c\":\"T\",\"d\":\"yes\",\"e\":\"\",\"f\":\"0\"}}";
    struct payload payload;
    struct err err = {0};
    assert_true(payload_read(text, strlen(text), &payload, &err));
    assert_true(payload_flag(&payload, "a") && payload_flag(&payload, "b") && payload_flag(&payload, "c"));
    assert_false(payload_flag(&payload, "d") || payload_flag(&payload, "e") || payload_flag(&payload, "f"));
    assert_false(payload_flag(&payload, "g"));
    payload_fini(&payload);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payloads_are_read_as_go_reads_them),
        cmocka_unit_test(other_types_are_refused_by_field),
        cmocka_unit_test(names_are_not_longer_than_in_kubernetes),
        cmocka_unit_test(flags_are_read_as_go_reads_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
