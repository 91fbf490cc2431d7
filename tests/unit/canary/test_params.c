/* Parameters of scripts: declarations against what a Canary gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "canary/params.h"

static struct doc *parse(const char *json)
{
    struct err err;
    struct doc *doc = doc_parse(json, strlen(json), &err);
    if (doc == NULL) {
        fail_msg("%s: %s", json, err.text);
    }
    return doc;
}

static void expect_reasons(struct str_list *reasons, const char *wanted)
{
    char *text = str_list_join(reasons, "; ");
    assert_string_equal(text, wanted);
    str_free(&text);
    str_list_fini(reasons);
}

#define PERCENT "a number from 0 to 100, or a text like \"5%\""

static void test_what_is_given_is_checked_by_type(void **state)
{
    static const char *const cases[][3] = {
        /* declaration of x, what is given, reasons */
        {"{\"type\":\"number\"}", "{\"x\":1.5}", ""},
        {"{\"type\":\"number\"}", "{\"x\":\"1\"}", "p.x: \"1\" is not a number"},
        {"{\"type\":\"integer\"}", "{\"x\":3.0}", ""},
        {"{\"type\":\"integer\"}", "{\"x\":1.5}", "p.x: 1.5 is not a whole number"},
        {"{\"type\":\"integer\"}", "{\"x\":1e300}", "p.x: 1e300 is not a whole number that is at most 2^53 from 0"},
        {"{\"type\":\"integer\",\"min\":2}", "{\"x\":1}", "p.x: at least 2 is wanted, got 1"},
        {"{\"type\":\"integer\",\"max\":2}", "{\"x\":2}", ""},
        {"{\"type\":\"percent\"}", "{\"x\":\"5 %\"}", ""},
        {"{\"type\":\"percent\"}", "{\"x\":\"5.\"}", "p.x: \"5.\" is not " PERCENT},
        {"{\"type\":\"percent\"}", "{\"x\":\"0x5%\"}", "p.x: \"0x5%\" is not " PERCENT},
        {"{\"type\":\"percent\"}", "{\"x\":\"5e0%\"}", "p.x: \"5e0%\" is not " PERCENT},
        {"{\"type\":\"percent\"}", "{\"x\":\"5.5.5%\"}", "p.x: \"5.5.5%\" is not " PERCENT},
        {"{\"type\":\"percent\"}", "{\"x\":\"5%\\u0000\"}", "p.x: \"5%\\u0000\" is not " PERCENT},
        {"{\"type\":\"duration\"}", "{\"x\":\"5m\\u0000s\"}", "p.x: \"5m\\u0000s\" is not a duration like \"1m30s\""},
        {"{\"type\":\"string\"}", "{\"x\":\"a\\u0000b\"}", "p.x: \"a\\u0000b\" is not a text without a NUL"},
        {"{\"type\":\"choice\",\"values\":[\"a\"]}", "{\"x\":\"a\\u0000b\"}",
         "p.x: \"a\\u0000b\" is not a text without a NUL"},
        {"{\"type\":\"percent\"}", "{\"x\":100}", ""},
        {"{\"type\":\"percent\"}", "{\"x\":100.5}", "p.x: at most 100 is wanted, got 100.5"},
        {"{\"type\":\"percent\"}", "{\"x\":-1}", "p.x: at least 0 is wanted, got -1"},
        {"{\"type\":\"percent\"}", "{\"x\":\"%\"}", "p.x: \"%\" is not a number from 0 to 100, or a text like \"5%\""},
        {"{\"type\":\"weight\"}", "{\"x\":\"5%\"}", ""},
        {"{\"type\":\"weight\"}", "{\"x\":2.5}", "p.x: 2.5 is not a whole number from 0 to 100, or a text like \"5%\""},
        {"{\"type\":\"weight\"}", "{\"x\":101}", "p.x: at most 100 is wanted, got 101"},
        {"{\"type\":\"duration\",\"min\":\"1m\"}", "{\"x\":\"60s\"}", ""},
        {"{\"type\":\"duration\",\"min\":\"1m\"}", "{\"x\":\"59s\"}", "p.x: at least \"1m\" is wanted, got \"59s\""},
        {"{\"type\":\"duration\"}", "{\"x\":\"0s\"}", "p.x: at least \"1s\" is wanted, got \"0s\""},
        {"{\"type\":\"duration\",\"min\":\"0s\"}", "{\"x\":\"0s\"}", ""},
        {"{\"type\":\"duration\"}", "{\"x\":\"720h1ns\"}", "p.x: at most \"720h\" is wanted, got \"720h1ns\""},
        {"{\"type\":\"duration\"}", "{\"x\":60}", "p.x: 60 is not a duration like \"1m30s\""},
        {"{\"type\":\"duration\"}", "{\"x\":\"-1s\"}", "p.x: \"-1s\" is not a duration like \"1m30s\""},
        {"{\"type\":\"boolean\"}", "{\"x\":false}", ""},
        {"{\"type\":\"boolean\"}", "{\"x\":0}", "p.x: 0 is not true or false"},
        {"{\"type\":\"string\"}", "{\"x\":null}", "p.x: null is not a text"},
        {"{\"type\":\"choice\",\"values\":[\"a\",\"b\"]}", "{\"x\":\"b\"}", ""},
        {"{\"type\":\"choice\",\"values\":[\"a\",\"b\"]}", "{\"x\":\"c\"}", "p.x: \"c\" is not one of a, b"},
        {"{\"type\":\"list\",\"of\":{\"type\":\"percent\"}}", "{\"x\":[]}", ""},
        {"{\"type\":\"list\",\"of\":{\"type\":\"percent\"},\"min\":1}", "{\"x\":[]}",
         "p.x: a list of 1 to 100 elements is wanted, got 0"},
        {"{\"type\":\"list\",\"of\":{\"type\":\"integer\",\"min\":1}}", "{\"x\":[1,0,true]}",
         "p.x[1]: at least 1 is wanted, got 0; p.x[2]: true is not a whole number"},
        {"{\"type\":\"list\",\"of\":{\"type\":\"percent\"}}", "{\"x\":{}}", "p.x: {} is not a list"},
        {"{\"type\":\"number\"}", "{}", "p.x is missing: the script declares it without a default"},
        {"{\"type\":\"number\",\"default\":1}", "{}", ""},
        {"{\"type\":\"number\",\"default\":1}", "{\"y\":1}", "p.y: there is no such parameter, known are x"},
        {"{\"type\":\"number\",\"default\":1}", "[1]", "p: [1] is not an object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *declaration = str_format("{\"x\":%s}", cases[i][0]);
        struct doc *declared = parse(declaration), *given = parse(cases[i][1]);
        struct str_list reasons = {0};
        assert_int_equal(params_fit(doc_root(declared), doc_root(given), "p", &reasons), cases[i][2][0] == '\0');
        expect_reasons(&reasons, cases[i][2]);
        doc_free(declared);
        doc_free(given);
        str_free(&declaration);
    }
}

static void test_declarations_are_checked_too(void **state)
{
    static const char *const cases[][2] = {
        {"{\"type\":\"percent\",\"default\":\"5%\",\"min\":1,\"max\":10}", ""},
        {"{\"type\":\"integer\",\"min\":9,\"max\":3}", "x.min: 9 is above max, 3: nothing fits"},
        {"{\"type\":\"duration\",\"min\":\"2m\",\"max\":\"90s\"}", "x.min: \"2m\" is above max, \"90s\": nothing fits"},
        {"{\"type\":\"list\",\"of\":{\"type\":\"percent\"},\"min\":2,\"max\":1}",
         "x.min: 2 is above max, 1: nothing fits"},
        {"{\"type\":\"percent\",\"default\":20,\"max\":10}", "x.default: at most 10 is wanted, got 20"},
        {"{\"type\":\"colour\"}", "x: colour is not a type of a parameter"},
        {"{}", "x: nothing is not a type of a parameter"},
        {"{\"type\":\"list\"}", "x: nothing is not a type of a parameter"},
        {"{\"type\":\"choice\"}", "x: a choice without values"},
        {"{\"type\":\"choice\",\"values\":[\"a\",5]}", "x.values[1]: 5 is not a text"},
        {"{\"type\":\"boolean\",\"min\":1}", "x.min: a boolean has no bounds"},
        {"{\"type\":\"duration\",\"max\":5}", "x.max: 5 is not a duration like \"1m30s\""},
        {"{\"type\":\"list\",\"of\":{\"type\":\"string\"},\"max\":0.5}", "x.max: 0.5 is not a whole number"},
        {"{\"type\":\"string\",\"doc\":5}", "x.doc: 5 is not a text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *declaration = str_format("{\"x\":%s}", cases[i][0]);
        struct doc *declared = parse(declaration);
        struct str_list reasons = {0};
        assert_int_equal(params_are_sound(doc_root(declared), &reasons), cases[i][1][0] == '\0');
        expect_reasons(&reasons, cases[i][1]);
        doc_free(declared);
        str_free(&declaration);
    }
}

/* A declaration stands in a status, and its defaults in each Release. */
static void test_declarations_have_an_end(void **state)
{
    static const struct {
        int name, doc, value;
        const char *told;
    } cases[] = {
        {63, 1000, 1000, ""},
        {64, 1, 1, "…: a name of at most 63 bytes is wanted, got 64"},
        {1, 1001, 1, "x.doc: a text of at most 1000 bytes is wanted, got 1001"},
        {1, 1, 70000, "x: with those before it, at most 65536 bytes of JSON are wanted, got 70040"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *declaration = str_format("{\"%0*d\":{\"type\":\"string\",\"doc\":\"%0*d\",\"default\":\"%0*d\"}}",
                                       cases[i].name, 0, cases[i].doc, 0, cases[i].value, 0);
        declaration[2] = 'x';
        struct doc *declared = parse(declaration);
        struct str_list reasons = {0};
        assert_int_equal(params_are_sound(doc_root(declared), &reasons), cases[i].told[0] == '\0');
        assert_int_equal(reasons.count, cases[i].told[0] != '\0');
        if (reasons.count > 0) {
            assert_string_equal(reasons.items[0] + (cases[i].told[0] == 'x' ? 0 : 63), cases[i].told);
        }
        str_list_fini(&reasons);
        doc_free(declared);
        str_free(&declaration);
    }
}

static void test_a_list_declares_nothing(void **state)
{
    struct err err;
    struct str_list reasons = {0};
    struct doc *declared = doc_parse("[{\"type\":\"percent\"}]", strlen("[{\"type\":\"percent\"}]"), &err);
    assert_false(params_are_sound(doc_root(declared), &reasons));
    assert_int_equal(reasons.count, 1);
    assert_string_equal(reasons.items[0], "[]: declarations by their names are wanted, got a list");
    str_list_fini(&reasons);
    doc_free(declared);
}

static void test_defaults_fill_what_is_not_given(void **state)
{
    struct doc *declared =
        parse("{\"steps\":{\"type\":\"list\",\"of\":{\"type\":\"percent\"},\"default\":[5]},"
              "\"drop\":{\"type\":\"percent\",\"default\":\"7 %\"},\"region\":{\"type\":\"string\"}}");
    struct doc *given = parse("{\"steps\":[\"10%\",50],\"region\":\"eu\"}"), *filled = doc_new();
    doc_set_root(filled, params_fill(filled, doc_root(declared), doc_root(given)));
    struct doc *wanted = parse("{\"steps\":[10,50],\"drop\":7,\"region\":\"eu\"}");
    assert_true(node_equal(doc_root(filled), doc_root(wanted)));
    doc_free(wanted);
    doc_free(filled);
    doc_free(given);
    doc_free(declared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_given_is_checked_by_type), cmocka_unit_test(test_declarations_are_checked_too),
        cmocka_unit_test(test_declarations_have_an_end),         cmocka_unit_test(test_a_list_declares_nothing),
        cmocka_unit_test(test_defaults_fill_what_is_not_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
