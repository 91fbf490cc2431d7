#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/api/selector.h"

static struct doc *parse(const char *text)
{
    struct err err;
    struct doc *doc = doc_parse(text, strlen(text), &err);
    assert_non_null(doc);
    return doc;
}

static void labels_are_matched(void **state)
{
    static const struct {
        const char *text;
        bool matches;
    } table[] = {
        {"", true},
        {"app=x", true},
        {"app == x , tier", true},
        {"app!=x", false},
        {"none!=x", true},
        {"app in (w, x)", true},
        {"app in ()", false},
        {"app notin (w,x)", false},
        {"!tier", false},
        {"!none", true},
        {"tier=", false},
        {"in=x", false},
        {"sluice.dev/id=7", true},
    };
    struct doc *object =
        parse("{\"metadata\":{\"labels\":{\"app\":\"x\",\"tier\":\"front\",\"sluice.dev/id\":\"7\"}}}");
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct err err;
        struct selector *selector = selector_parse_labels(table[i].text, &err);
        if (!selector)
            fail_msg("%s: %s", table[i].text, err.text);
        if (selector_matches(selector, doc_root(object)) != table[i].matches)
            fail_msg("%s should%s match", table[i].text, table[i].matches ? "" : " not");
        selector_free(selector);
    }
    doc_free(object);
}

static void what_is_wrong_is_said_as_a_server_says_it(void **state)
{
    static const char *const table[][2] = {
        {"app===x", "unable to parse requirement: found '=', expected: identifier"},
        {"app in x", "unable to parse requirement: found 'x' expected: '('"},
        {"app in (x", "unable to parse requirement: found '', expected: ')'"},
        {"=x", "found '=', expected: !, identifier, or 'end of string'"},
        {"a,", "found '', expected: identifier after ','"},
        {"a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct err err;
        assert_null(selector_parse_labels(table[i][0], &err));
        assert_string_equal(err.text, table[i][1]);
    }
}

static void fields_are_read_from_their_path(void **state)
{
    struct err err;
    struct doc *object = parse("{\"metadata\":{\"name\":\"a\"},\"spec\":{\"count\":3,\"on\":true}}");
    struct selector *selector =
        selector_parse_fields("metadata.name==a,spec.count=3,spec.on=true,spec.none=,metadata.name!=b", &err);
    assert_true(selector_matches(selector, doc_root(object)));
    assert_string_equal(selector_field(selector, 1), "spec.count");
    assert_null(selector_field(selector, 5));
    selector_free(selector);
    selector = selector_parse_fields("metadata.name!=a", &err);
    assert_false(selector_matches(selector, doc_root(object)));
    selector_free(selector);
    assert_null(selector_parse_fields("nonsense", &err));
    assert_string_equal(err.text, "invalid selector: 'nonsense'; can't understand 'nonsense'");
    doc_free(object);
}

static void the_selector_of_a_workload_is_read(void **state)
{
    struct err err;
    struct doc *wanted = parse("{\"matchLabels\":{\"app\":\"x\"},\"matchExpressions\":[{\"key\":\"tier\",\"operator\":"
                               "\"In\",\"values\":[\"a\",\"b\"]},{\"key\":\"gone\",\"operator\":\"DoesNotExist\"}]}");
    struct doc *yes = parse("{\"app\":\"x\",\"tier\":\"b\"}"),
               *no = parse("{\"app\":\"x\",\"tier\":\"b\",\"gone\":\"\"}");
    struct selector *selector = selector_from_node(doc_root(wanted), &err);
    assert_true(selector_matches_labels(selector, doc_root(yes)));
    assert_false(selector_matches_labels(selector, doc_root(no)));
    selector_free(selector);
    doc_free(wanted);
    wanted = parse("{\"matchExpressions\":[{\"key\":\"a\",\"operator\":\"Like\"}]}");
    assert_null(selector_from_node(doc_root(wanted), &err));
    assert_string_equal(err.text, "\"Like\" is not a valid label selector operator");
    doc_free(wanted);
    doc_free(yes);
    doc_free(no);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_matched),
        cmocka_unit_test(what_is_wrong_is_said_as_a_server_says_it),
        cmocka_unit_test(fields_are_read_from_their_path),
        cmocka_unit_test(the_selector_of_a_workload_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
