#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/yaml.h"

struct expectation {
    const char *yaml, *json;
};

static void check(const struct expectation *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct err err = {0};
        struct doc *doc = yaml_parse("f.yaml", cases[i].yaml, strlen(cases[i].yaml), &err);
        if (!doc)
            fail_msg("%s: %s", cases[i].yaml, err.text);
        char *text = node_to_text(doc_root(doc));
        if (strcmp(text, cases[i].json) != 0)
            fail_msg("%s: got %s, want %s", cases[i].yaml, text, cases[i].json);
        mem_free(text);
        doc_free(doc);
    }
}

#define CHECK(cases) check((cases), sizeof(cases) / sizeof *(cases))

static void plain_words_mean_what_kubectl_thinks(void **state)
{
    static const struct expectation cases[] = {
        {"[y, Y, yes, Yes, YES, on, On, ON, true, True, TRUE]",
         "[true,true,true,true,true,true,true,true,true,true,true]"},
        {"[n, N, no, No, NO, off, Off, OFF, false, False, FALSE]",
         "[false,false,false,false,false,false,false,false,false,false,false]"},
        {"[tRUE, yEs, nULL, oN]", "[\"tRUE\",\"yEs\",\"nULL\",\"oN\"]"},
        {"[~, null, Null, NULL]", "[null,null,null,null]"},
        {"a:\nb: ''", "{\"a\":null,\"b\":\"\"}"},
        {"[0777, 0o777, 0x1F, 0b101, 1_000, +1, -0, -0x10]", "[511,511,31,5,1000,1,0,-16]"},
        {"[080, 09, -08]", "[80,9,-8]"},
        {"[1., .5, 1e3, 1E5, 1.0, 1.10, -2.5]", "[1,0.5,1000,100000,1,1.1,-2.5]"},
        {"[9007199254740993, 9223372036854775807, -9223372036854775808, 18446744073709551615]",
         "[9007199254740993,9223372036854775807,-9223372036854775808,18446744073709551615]"},
        {"[1:30, 190:20:30, 2001-12-14, 2001-12-14T21:59:43Z, 1.2.3, 1e400]",
         "[\"1:30\",\"190:20:30\",\"2001-12-14\",\"2001-12-14T21:59:43Z\",\"1.2.3\",\"1e400\"]"},
        {"[\"123\", '080', \"on\", '~']", "[\"123\",\"080\",\"on\",\"~\"]"},
        {"[-, +, 0x, 0b2, 1e, ., 1s, _1]", "[\"-\",\"+\",\"0x\",\"0b2\",\"1e\",\".\",\"1s\",\"_1\"]"},
        {"|\n  on\n", "\"on\\n\""},
    };
    CHECK(cases);
}

static void tags_decide(void **state)
{
    static const struct expectation cases[] = {
        {"[!!str 1, !!str on, !!int \"3\", !!float 3, !!bool \"yes\", !!null '']", "[\"1\",\"on\",3,3,true,null]"},
        {"[!!binary aGk=, !!binary aGkh, !!binary \"\"]", "[\"hi\",\"hi!\",\"\"]"},
        {"[!custom x, !custom 1, !!map {}, !!seq []]", "[\"x\",\"1\",{},[]]"},
    };
    CHECK(cases);
}

static void keys_become_strings(void **state)
{
    static const struct expectation cases[] = {
        {"1: a\n1.5: b\non: c\n0x10: d\n'q': e", "{\"1\":\"a\",\"1.5\":\"b\",\"true\":\"c\",\"16\":\"d\",\"q\":\"e\"}"},
        {"&k key: *k", "{\"key\":\"key\"}"},
    };
    CHECK(cases);
}

static void anchors_are_copied_and_merged(void **state)
{
    static const struct expectation cases[] = {
        {"a: &x {k: 1}\nb: *x\nc: *x", "{\"a\":{\"k\":1},\"b\":{\"k\":1},\"c\":{\"k\":1}}"},
        {"a: &x 1\nb: &x 2\nc: *x", "{\"a\":1,\"b\":2,\"c\":2}"},
        {"b: &b {k: 1, l: 2}\nc:\n  <<: *b\n  l: 3", "{\"b\":{\"k\":1,\"l\":2},\"c\":{\"l\":3,\"k\":1}}"},
        {"b: &b {k: 1}\nc: {k: 2, <<: *b}", "{\"b\":{\"k\":1},\"c\":{\"k\":2}}"},
        {"{<<: [{k: 1}, {k: 2, l: 2}], m: 3}", "{\"m\":3,\"k\":1,\"l\":2}"},
        {"{\"<<\": 1}", "{\"<<\":1}"},
    };
    CHECK(cases);
}

static void structure_is_kept(void **state)
{
    static const struct expectation cases[] = {
        {"", "null"},
        {"# only a comment\n", "null"},
        {"---\n...\n", "null"},
        {"a: []\nb: {}\nc:\n- x\n- k: 1\n  z: 2\n", "{\"a\":[],\"b\":{},\"c\":[\"x\",{\"k\":1,\"z\":2}]}"},
        {"a: |\n  x\n  y\nb: >-\n  p\n  q\n", "{\"a\":\"x\\ny\\n\",\"b\":\"p q\"}"},
        {"z: 1\na: 2", "{\"z\":1,\"a\":2}"},
        {"first: 1\n---\nsecond: 2\n", "{\"first\":1}"},
        {"\"\\u20ac\\0\"", "\"\xE2\x82\xAC\\u0000\""},
    };
    CHECK(cases);
}

static void the_last_of_repeated_keys_may_count(void **state)
{
    static const struct {
        const char *text, *wanted, *repeated;
    } cases[] = {
        {"a: 1\nb: 2\na: 3\n", "{\"a\":3,\"b\":2}", "f.yaml:3:1: the key \"a\" is there twice\n"},
        {"{a: {b: 1, 'b': {c: 2}}, d: 3}", "{\"a\":{\"b\":{\"c\":2}},\"d\":3}",
         "f.yaml:1:12: the key \"b\" is there twice\n"},
        {"a: 1\na: 2\na: 3\non: 4\ny: 5\n", "{\"a\":3,\"true\":5}",
         "f.yaml:2:1: the key \"a\" is there twice\nf.yaml:3:1: the key \"a\" is there twice\n"
         "f.yaml:5:1: the key \"true\" is there twice\n"},
        {"x: &x {a: 1, a: 2}\nz: {<<: *x, b: 3}\n", "{\"x\":{\"a\":2},\"z\":{\"b\":3,\"a\":2}}",
         "f.yaml:1:14: the key \"a\" is there twice\n"},
        {"a: 1\nb: 2\n", "{\"a\":1,\"b\":2}", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str_list repeated = {0};
        struct buf told;
        struct err err = {0};
        struct doc *doc = yaml_parse_last("f.yaml", cases[i].text, strlen(cases[i].text), &repeated, &err);
        assert_non_null(doc);
        assert_int_equal(err.code, ERR_NONE);
        char *text = node_to_text(doc_root(doc));
        assert_string_equal(text, cases[i].wanted);
        buf_init(&told, 4096);
        for (size_t n = 0; n < repeated.count; n++) {
            buf_printf(&told, "%s\n", repeated.items[n]);
        }
        assert_string_equal(buf_str(&told), cases[i].repeated);
        buf_fini(&told);
        str_list_fini(&repeated);
        mem_free(text);
        doc_free(doc);
    }
}

static void errors_name_file_line_and_column(void **state)
{
    static const struct expectation cases[] = {
        {"a: .inf", "f.yaml:1:4: infinity and not-a-number cannot become JSON"},
        {"- 1\n- .NaN", "f.yaml:2:3: infinity and not-a-number cannot become JSON"},
        {"a: 1\nb: 2\na: 3", "f.yaml:3:1: the key \"a\" is there twice"},
        {"on: 1\ny: 2", "f.yaml:2:1: the key \"true\" is there twice"},
        {"1: 1\n'1': 2", "f.yaml:2:1: the key \"1\" is there twice"},
        {"? [a]\n: b", "f.yaml:1:3: a key must be a string, a number or a bool"},
        {"~: b", "f.yaml:1:1: a key must be a string, a number or a bool"},
        {"a: &a [*a]", "f.yaml:1:8: the alias stands inside its own anchor"},
        {"a: &a\n  <<: *a", "f.yaml:2:7: the alias stands inside its own anchor"},
        {"a: *x", "f.yaml:1:4: the alias has no anchor"},
        {"<<: 1", "f.yaml:1:1: << wants a mapping or a list of mappings"},
        {"<<: [{}, 1]", "f.yaml:1:1: << wants a mapping or a list of mappings"},
        {"!!int x", "f.yaml:1:1: the value is not of the type its tag names"},
        {"!!binary a", "f.yaml:1:1: !!binary wants base64"},
        {"!!binary \"a===\"", "f.yaml:1:1: !!binary wants base64"},
        {"a: b: c", "f.yaml:1:5: mapping values are not allowed in this context"},
        {"a: \x01", "f.yaml:1:1: control characters are not allowed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        struct doc *doc = yaml_parse("f.yaml", cases[i].yaml, strlen(cases[i].yaml), &err);
        assert_null(doc);
        assert_int_equal(err.code, ERR_PARSE);
        assert_string_equal(err.text, cases[i].json);
    }
}

static void aliases_do_not_explode(void **state)
{
    struct buf b;
    buf_init(&b, 10000);
    buf_append_str(&b, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 10; i++) {
        buf_printf(&b, "a%d: &a%d [", i, i);
        for (int j = 0; j < 10; j++)
            buf_printf(&b, "%s*a%d", j ? "," : "", i - 1);
        buf_append_str(&b, "]\n");
    }
    struct err err = {0};
    assert_null(yaml_parse("f.yaml", b.data, b.len, &err));
    assert_string_equal(err.text, "f.yaml:5:38: the aliases expand to more than 100000 values");
    buf_fini(&b);
}

static void nesting_ends_at_256_also_through_aliases(void **state)
{
    struct err err = {0};
    char text[1100] = "";
    memset(text, '[', 256);
    memset(text + 256, ']', 256);
    struct doc *doc = yaml_parse("f.yaml", text, 512, &err);
    assert_non_null(doc);
    doc_free(doc);
    memset(text, '[', 257);
    assert_null(yaml_parse("f.yaml", text, 257, &err));
    assert_string_equal(err.text, "f.yaml:1:257: nested deeper than 256 levels");

    struct buf b;
    buf_init(&b, 10000);
    buf_append_str(&b, "a: &a ");
    for (int i = 0; i < 200; i++)
        buf_append_char(&b, '[');
    for (int i = 0; i < 200; i++)
        buf_append_char(&b, ']');
    buf_append_str(&b, "\nb: ");
    for (int i = 0; i < 100; i++)
        buf_append_char(&b, '[');
    buf_append_str(&b, " *a");
    assert_null(yaml_parse("f.yaml", b.data, b.len, &err));
    assert_string_equal(err.text, "f.yaml:2:105: nested deeper than 256 levels");
    buf_fini(&b);
}

static void all_documents_come_without_the_empty_ones(void **state)
{
    static const char text[] = "---\n---\na: &x 1\n---\n# nothing\n---\n- 2\n...\n";
    struct err err = {0};
    struct doc *doc = yaml_parse_all("f.yaml", text, strlen(text), &err);
    assert_non_null(doc);
    char *json = node_to_text(doc_root(doc));
    assert_string_equal(json, "[{\"a\":1},[2]]");
    mem_free(json);
    doc_free(doc);

    static const char second_bad[] = "a: &x 1\n---\nb: *x\n"; /* an anchor ends with its document */
    assert_null(yaml_parse_all("f.yaml", second_bad, strlen(second_bad), &err));
    assert_string_equal(err.text, "f.yaml:3:4: the alias has no anchor");

    doc = yaml_parse_all("f.yaml", "", 0, &err);
    assert_int_equal(node_type(doc_root(doc)), NODE_ARRAY);
    assert_int_equal(node_count(doc_root(doc)), 0);
    doc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_words_mean_what_kubectl_thinks),
        cmocka_unit_test(tags_decide),
        cmocka_unit_test(keys_become_strings),
        cmocka_unit_test(anchors_are_copied_and_merged),
        cmocka_unit_test(structure_is_kept),
        cmocka_unit_test(the_last_of_repeated_keys_may_count),
        cmocka_unit_test(errors_name_file_line_and_column),
        cmocka_unit_test(aliases_do_not_explode),
        cmocka_unit_test(nesting_ends_at_256_also_through_aliases),
        cmocka_unit_test(all_documents_come_without_the_empty_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
