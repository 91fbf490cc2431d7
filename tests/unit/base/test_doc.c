#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "base/doc.h"
#include "base/mem.h"
#include "base/str.h"

static struct doc *parse(const char *text)
{
    struct err err = {0};
    struct doc *doc = doc_parse(text, strlen(text), &err);
    if (!doc)
        fail_msg("%s: %s", text, err.text);
    return doc;
}

static void assert_text(const struct node *n, const char *want)
{
    char *text = node_to_text(n);
    assert_string_equal(text, want);
    mem_free(text);
}

static void assert_sorted(const char *text, const char *want)
{
    struct doc *doc = parse(text);
    struct buf b;
    buf_init(&b, 10000);
    assert_true(node_write_sorted(doc_root(doc), &b));
    assert_string_equal(buf_str(&b), want);
    buf_fini(&b);
    doc_free(doc);
}

static void what_is_read_is_written_back(void **state)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "{\"b\":[],\"a\":{},\"c\":null,\"d\":\"\"}",
        "[9223372036854775807,-9223372036854775808,18446744073709551615,9007199254740993]",
        "[123456789012345678901234567890,1e400,-1e400]",
        "[1.5,0.1,-0.25,true,false]",
        "\"a\\u0000b\\n\xC3\xA9\"",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct doc *doc = parse(texts[i]);
        assert_text(doc_root(doc), texts[i]);
        struct doc *copy = doc_copy(doc_root(doc));
        doc_free(doc);
        assert_text(doc_root(copy), texts[i]);
        doc_free(copy);
    }
}

static void bad_json_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *text, *place;
    } cases[] = {
        {"", "JSON 1:1: "},         {" ", "JSON 1:"},
        {"{\"a\":}", "JSON 1:6: "}, {"[1,\n 2,\n x]", "JSON 3:2: "},
        {"[1] 2", "JSON 1:5: "},    {"[01]", "JSON 1:"},
        {"[1,]", "JSON 1:"},        {"{'a':1}", "JSON 1:2: "},
        {"[NaN]", "JSON 1:2: "},    {"\"\xFF\"", "JSON 1:2: "},
        {"\"a\nb\"", "JSON 1:3: "}, {"\"\\ud800\"", "JSON 1:"},
        {"// x\n1", "JSON 1:1: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        assert_null(doc_parse(cases[i].text, strlen(cases[i].text), &err));
        assert_int_equal(err.code, ERR_PARSE);
        if (!str_has_prefix(err.text, cases[i].place))
            fail_msg("%s: %s", cases[i].text, err.text);
    }
}

static void nesting_ends_at_256(void **state)
{
    char text[2 * 257 + 1] = "";
    struct err err = {0};
    memset(text, '[', 256);
    memset(text + 256, ']', 256);
    struct doc *doc = doc_parse(text, 512, &err);
    assert_non_null(doc);
    doc_free(doc);
    memset(text, '[', 257);
    memset(text + 257, ']', 257);
    assert_null(doc_parse(text, 514, &err));
    assert_string_equal(err.text, "JSON 1:257: nested deeper than 256 levels");
    /* Brackets in strings do not count. */
    memset(text, '[', 514);
    text[0] = text[513] = '"';
    doc = doc_parse(text, 514, &err);
    assert_non_null(doc);
    doc_free(doc);
    /* A string ends at a quote before which backslashes stand in pairs. */
    text[511] = text[512] = '\\';
    doc = doc_parse(text, 514, &err);
    assert_non_null(doc);
    doc_free(doc);
    memcpy(text, "[\"\\\\\",\"\\\"[\",", 13);
    memset(text + 13, '[', 514 - 13);
    assert_null(doc_parse(text, 514, &err));
    assert_string_equal(err.text, "JSON 1:269: nested deeper than 256 levels");
}

static void the_last_of_equal_keys_wins(void **state)
{
    struct doc *doc =
        parse("{\"a\":1,\"b\":{\"z\":1,\"z\":[2]},\"a\":{\"c\":1,\"c\":2},\"d\":0,\"a\":{\"c\":3,\"c\":4}}");
    assert_text(doc_root(doc), "{\"a\":{\"c\":4},\"b\":{\"z\":[2]},\"d\":0}");
    assert_int_equal(node_count(doc_root(doc)), 3);
    assert_true(doc_had_duplicates(doc));
    doc_free(doc);
    doc = parse("{\"a\":{\"a\":1}}");
    assert_false(doc_had_duplicates(doc));
    doc_free(doc);
    /* Duplicates at both ends. */
    doc = parse("{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"k\":1,\"l\":1,"
                "\"l\":2,\"a\":2}");
    assert_text(doc_root(doc),
                "{\"a\":2,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"k\":1,\"l\":2}");
    node_remove(node_get(doc_root(doc), "x"), "x");
    node_set_int(doc, doc_root(doc), "m", 3);
    assert_int_equal(node_count(doc_root(doc)), 13);
    assert_int_equal(node_int_or(node_get(doc_root(doc), "m"), 0), 3);
    doc_free(doc);
    doc = parse("{\"a\":1,\"a\":2}");
    assert_text(doc_root(doc), "{\"a\":2}");
    doc_free(doc);
    doc = parse("{\"\":1,\"b\":1,\"\":2}");
    assert_text(doc_root(doc), "{\"\":2,\"b\":1}");
    doc_free(doc);
}

/* Of few members and of many. */
static void equal_keys_are_found_among_any_number(void **state)
{
    for (size_t count = 1; count < 120; count++) {
        struct buf b;
        buf_init(&b, 64 * 1024);
        for (size_t i = 0; i <= count; i++) {
            buf_printf(&b, "%s\"key-%zu\":%zu", i == 0 ? "{" : ",", i % count, i);
        }
        buf_append_char(&b, '}');
        struct doc *doc = parse(buf_str(&b));
        assert_int_equal(node_count(doc_root(doc)), count);
        assert_int_equal(node_int_or(node_get(doc_root(doc), "key-0"), 0), count);
        doc_free(doc);
        buf_fini(&b);
    }
}

static void absent_is_answered_all_the_way_down(void **state)
{
    assert_int_equal(node_type(NULL), NODE_ABSENT);
    assert_null(doc_root(NULL));
    assert_null(node_get(NULL, "a"));
    assert_null(node_at(NULL, "a", "b"));
    assert_null(node_item(NULL, 0));
    assert_int_equal(node_count(NULL), 0);
    assert_null(node_str(NULL));
    assert_string_equal(node_str_or(NULL, "x"), "x");
    int64_t i;
    double d;
    assert_false(node_int(NULL, &i));
    assert_false(node_real(NULL, &d));
    assert_int_equal(node_int_or(NULL, 7), 7);
    assert_true(node_bool_or(NULL, true));
    assert_false(node_is(NULL, "x") || node_is(NULL, NULL));
    struct node_iter it = node_iterate(NULL);
    assert_false(node_next(&it));
    assert_true(node_equal(NULL, NULL));
    assert_text(NULL, "null");

    struct doc *doc = parse("{\"a\":{\"b\":[10,20]},\"s\":\"t\"}");
    struct node *root = doc_root(doc);
    assert_int_equal(node_int_or(node_item(node_at(root, "a", "b"), 1), 0), 20);
    assert_null(node_item(node_at(root, "a", "b"), 2));
    assert_null(node_at(root, "s", "b"));
    assert_null(node_item(root, 0));
    assert_true(node_is(node_get(root, "s"), "t"));
    assert_false(node_equal(root, NULL));
    doc_free(doc);
}

static void types_are_told_apart(void **state)
{
    struct doc *doc = parse("[null,true,1,-1,18446744073709551615,1.0,1e400,\"\",[],{}]");
    static const enum node_type want[] = {NODE_NULL, NODE_BOOL, NODE_INT,    NODE_INT,   NODE_INT,
                                          NODE_REAL, NODE_REAL, NODE_STRING, NODE_ARRAY, NODE_OBJECT};
    struct node_iter it = node_iterate(doc_root(doc));
    while (node_next(&it)) {
        assert_int_equal(node_type(it.value), want[it.index]);
        assert_null(it.key);
    }
    assert_int_equal(it.index, 9);
    doc_free(doc);
}

static void integers_are_exact_or_refused(void **state)
{
    static const struct {
        const char *text;
        bool is_int;
        int64_t want;
    } cases[] = {
        {"0", true, 0},
        {"9007199254740993", true, 9007199254740993},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"1.0", true, 1},
        {"-0.0", true, 0},
        {"1e3", true, 1000},
        {"1.5", false, 0},
        {"1e19", false, 0},
        {"123456789012345678901234567890", false, 0},
        {"\"1\"", false, 0},
        {"true", false, 0},
        {"null", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct doc *doc = parse(cases[i].text);
        int64_t value = -77;
        assert_int_equal(node_int(doc_root(doc), &value), cases[i].is_int);
        if (cases[i].is_int)
            assert_true(value == cases[i].want);
        doc_free(doc);
    }
}

static void any_number_is_a_real(void **state)
{
    struct doc *doc = parse("[1,1.5,-3,18446744073709551615,100000000000000000000,1e400,\"1\"]");
    static const double want[] = {1, 1.5, -3, 18446744073709551615.0, 1e20};
    double value;
    for (size_t i = 0; i < 5; i++) {
        assert_true(node_real(node_item(doc_root(doc), i), &value));
        assert_true(value == want[i]);
    }
    assert_false(node_real(node_item(doc_root(doc), 5), &value)); /* no double holds it */
    assert_false(node_real(node_item(doc_root(doc), 6), &value));
    doc_free(doc);
}

static void an_object_is_walked_in_its_order(void **state)
{
    struct doc *doc = parse("{\"z\":1,\"a\":2,\"m\":3}");
    static const char *const keys[] = {"z", "a", "m"};
    struct node_iter it = node_iterate(doc_root(doc));
    size_t seen = 0;
    while (node_next(&it)) {
        assert_int_equal(it.index, seen);
        assert_string_equal(it.key, keys[seen]);
        assert_int_equal(node_int_or(it.value, 0), ++seen);
    }
    assert_int_equal(seen, 3);
    assert_false(node_next(&it));
    doc_free(doc);
    doc = parse("[]");
    it = node_iterate(doc_root(doc));
    assert_false(node_next(&it));
    doc_free(doc);
}

static void equality_is_of_values_not_of_text(void **state)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        {"{\"a\":1,\"b\":[2]}", "{\"b\":[2],\"a\":1}", true},
        {"1", "1.0", true},
        {"-1", "-1.0", true},
        {"0", "-0.0", true},
        {"18446744073709551615", "18446744073709551615", true},
        {"18446744073709551615", "-1", false},
        {"9007199254740993", "9007199254740992.0", false},
        {"9223372036854775808", "9223372036854775808.0", true},
        {"1e400", "1e400", true},
        {"1e400", "1e401", false},
        {"[]", "{}", false},
        {"[1,2]", "[2,1]", false},
        {"[1]", "[1,1]", false},
        {"{\"a\":1}", "{\"a\":1,\"b\":1}", false},
        {"{\"a\":1}", "{\"b\":1}", false},
        {"{\"a\":null}", "{}", false},
        {"\"a\"", "\"a\"", true},
        {"\"a\"", "\"b\"", false},
        {"\"a\\u0000b\"", "\"a\\u0000c\"", false},
        {"\"1\"", "1", false},
        {"true", "true", true},
        {"true", "false", false},
        {"null", "null", true},
        {"null", "false", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct doc *a = parse(cases[i].a);
        struct doc *b = parse(cases[i].b);
        if (node_equal(doc_root(a), doc_root(b)) != cases[i].equal ||
            node_equal(doc_root(b), doc_root(a)) != cases[i].equal)
            fail_msg("%s and %s", cases[i].a, cases[i].b);
        doc_free(a);
        doc_free(b);
    }
}

static void a_document_is_built(void **state)
{
    struct doc *doc = doc_new();
    assert_null(doc_root(doc));
    struct node *root = node_new_object(doc);
    doc_set_root(doc, root);
    char key[] = "name";
    node_set_str(doc, root, key, "x");
    key[0] = 'X'; /* keys and strings are copied */
    node_set_str(doc, root, "absent", NULL);
    node_set(doc, root, "absent", NULL);
    node_set_int(doc, root, "n", -5);
    node_set_bool(doc, root, "b", true);
    struct node *meta = node_ensure_object(doc, root, "meta");
    assert_ptr_equal(node_ensure_object(doc, root, "meta"), meta);
    struct node *list = node_new_array(doc);
    node_push_str(doc, list, "one");
    node_push(list, node_new_null(doc));
    node_push(list, node_new_real(doc, 0.5));
    node_push(list, node_new_real(doc, NAN));
    node_set(doc, meta, "list", list);
    assert_text(root, "{\"name\":\"x\",\"n\":-5,\"b\":true,\"meta\":{\"list\":[\"one\",null,0.5,null]}}");

    node_set_int(doc, root, "name", 1); /* replaced where it stood */
    node_remove(root, "b");
    node_remove(root, "never");
    assert_text(root, "{\"name\":1,\"n\":-5,\"meta\":{\"list\":[\"one\",null,0.5,null]}}");
    assert_int_equal(node_count(root), 3);
    doc_free(doc);
}

static void what_stood_as_a_scalar_becomes_the_object_asked_for(void **state)
{
    struct doc *doc = parse("{\"meta\":null}");
    node_set_int(doc, node_ensure_object(doc, doc_root(doc), "meta"), "a", 1);
    assert_text(doc_root(doc), "{\"meta\":{\"a\":1}}");
    doc_free(doc);
}

static void bytes_that_are_no_utf8_stay_writable(void **state)
{
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_object(doc));
    node_set(doc, doc_root(doc), "k\xFF", node_new_str_n(doc, "a\xC3", 2));
    assert_text(doc_root(doc), "{\"k\xEF\xBF\xBD\":\"a\xEF\xBF\xBD\"}");
    doc_free(doc);
}

static void copies_go_across_documents(void **state)
{
    struct doc *from = parse("{\"spec\":{\"args\":[],\"n\":9007199254740993}}");
    struct doc *to = doc_new();
    doc_set_root(to, node_new_object(to));
    node_set(to, doc_root(to), "copy", node_copy(to, node_get(doc_root(from), "spec")));
    node_set(to, doc_root(to), "none", node_copy(to, node_get(doc_root(from), "none")));
    doc_free(from);
    assert_text(doc_root(to), "{\"copy\":{\"args\":[],\"n\":9007199254740993}}");
    doc_free(to);
}

static void sorted_text_is_the_same_for_equal_values(void **state)
{
    assert_sorted("{\"b\":1.0,\"a\":{\"d\":[],\"c\":{}},\"B\":\"x\"}",
                  "{\"B\":\"x\",\"a\":{\"c\":{},\"d\":[]},\"b\":1}");
    assert_sorted("{\"ab\":1,\"a\":2,\"a\\u0000\":3}", "{\"a\":2,\"a\\u0000\":3,\"ab\":1}");
    assert_sorted("[-0.0,1e3,1.5,9223372036854775808.0,1e400]", "[0,1000,1.5,9223372036854775808,1e400]");
    assert_sorted("7", "7");
}

static void the_ceiling_of_the_buffer_is_told(void **state)
{
    struct doc *doc = parse("[1,2,3]");
    struct buf b;
    buf_init(&b, 6);
    assert_false(node_write(doc_root(doc), &b));
    assert_true(b.overflow);
    assert_int_equal(b.len, 0);
    buf_fini(&b);
    doc_free(doc);
}

static void a_shared_document_is_copied_to_be_changed(void **state)
{
    struct doc *doc = parse("{\"a\":1}"), *other = doc_share(doc);
    doc_own(&other);
    assert_ptr_not_equal(doc, other);
    node_set_int(other, doc_root(other), "a", 2);
    assert_text(doc_root(doc), "{\"a\":1}");
    struct doc *same = other;
    doc_own(&same);
    assert_ptr_equal(same, other);
    doc_free(doc);
    doc_free(other);
}

static void a_member_can_be_left_out_of_a_comparison(void **state)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        {"{\"a\":1,\"x\":1}", "{\"x\":2,\"a\":1}", true},
        {"{\"a\":1,\"x\":1}", "{\"a\":1}", true},
        {"{\"a\":1}", "{\"a\":1,\"x\":1}", true},
        {"{\"a\":1,\"x\":1}", "{\"a\":2,\"x\":1}", false},
        {"{\"a\":1,\"x\":1}", "{\"x\":1}", false},
        {"{\"x\":1}", "{\"x\":1,\"b\":1}", false},
        {"{\"a\":1,\"b\":1}", "{\"a\":1,\"x\":1}", false},
        {"[1]", "[1]", true},
        {"[1]", "{}", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct doc *a = parse(cases[i].a), *b = parse(cases[i].b);
        assert_int_equal(node_equal_but(doc_root(a), doc_root(b), "x"), cases[i].equal);
        doc_free(a);
        doc_free(b);
    }
    assert_true(node_equal_but(NULL, NULL, "x"));
}

static void elements_come_and_go_anywhere(void **state)
{
    struct doc *doc = parse("[1,2]");
    node_insert(doc_root(doc), 0, node_new_int(doc, 0));
    node_insert(doc_root(doc), 3, node_new_int(doc, 3));
    assert_text(doc_root(doc), "[0,1,2,3]");
    node_remove_item(doc_root(doc), 3);
    node_remove_item(doc_root(doc), 0);
    assert_text(doc_root(doc), "[1,2]");
    node_remove_item(doc_root(doc), 0);
    node_remove_item(doc_root(doc), 0);
    node_insert(doc_root(doc), 0, node_new_int(doc, 5));
    assert_text(doc_root(doc), "[5]");
    doc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_read_is_written_back),
        cmocka_unit_test(bad_json_is_refused_with_its_place),
        cmocka_unit_test(nesting_ends_at_256),
        cmocka_unit_test(the_last_of_equal_keys_wins),
        cmocka_unit_test(equal_keys_are_found_among_any_number),
        cmocka_unit_test(a_shared_document_is_copied_to_be_changed),
        cmocka_unit_test(a_member_can_be_left_out_of_a_comparison),
        cmocka_unit_test(elements_come_and_go_anywhere),
        cmocka_unit_test(absent_is_answered_all_the_way_down),
        cmocka_unit_test(types_are_told_apart),
        cmocka_unit_test(integers_are_exact_or_refused),
        cmocka_unit_test(any_number_is_a_real),
        cmocka_unit_test(an_object_is_walked_in_its_order),
        cmocka_unit_test(equality_is_of_values_not_of_text),
        cmocka_unit_test(a_document_is_built),
        cmocka_unit_test(what_stood_as_a_scalar_becomes_the_object_asked_for),
        cmocka_unit_test(bytes_that_are_no_utf8_stay_writable),
        cmocka_unit_test(copies_go_across_documents),
        cmocka_unit_test(sorted_text_is_the_same_for_equal_values),
        cmocka_unit_test(the_ceiling_of_the_buffer_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
