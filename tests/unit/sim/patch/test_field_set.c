#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "fake_doc.h"
#include "sim/patch/field_written.h"

static struct field_set set_of(const char *fields)
{
    struct field_set set = {0};
    struct doc *doc = fake_doc(fields);
    field_set_read(&set, doc_root(doc));
    doc_free(doc);
    return set;
}

static void expect(struct field_set *set, const char *want)
{
    struct doc *doc = doc_new();
    fake_doc_expect(field_set_write(set, doc), want);
    doc_free(doc);
    field_set_fini(set);
}

static void test_sets_are_read_and_written(void **state)
{
    static const struct {
        const char *fields, *want;
    } cases[] = {
        {"{}", "{}"},
        {"{'f:a':{}}", "{'f:a':{}}"},
        {"{'f:a':{'.':{},'f:b':{}}}", "{'f:a':{'.':{},'f:b':{}}}"},
        {"{'f:a':{'f:b':{}}}", "{'f:a':{'f:b':{}}}"},
        {"{'f:a':{'.':{}}}", "{'f:a':{}}"},
        {"{'f:a':{'nonsense':{}},'.':{}}", "{}"},
        {"{'v:1':{},'f:x':{}}", "{'f:x':{},'v:1':{}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct field_set set = set_of(cases[i].fields);
        expect(&set, cases[i].want);
    }
}

static void test_two_sets(void **state)
{
    static const struct {
        const char *a, *b, *both, *without, *shared;
    } cases[] = {
        {"{'f:a':{}}", "{'f:b':{}}", "{'f:a':{},'f:b':{}}", "{'f:a':{}}", "{}"},
        {"{'f:a':{}}", "{'f:a':{}}", "{'f:a':{}}", "{}", "{'f:a':{}}"},
        /* A parent is not its children. */
        {"{'f:a':{}}", "{'f:a':{'f:b':{}}}", "{'f:a':{'.':{},'f:b':{}}}", "{'f:a':{}}", "{}"},
        {"{'f:a':{'.':{},'f:b':{},'f:c':{}}}", "{'f:a':{'f:b':{}}}", "{'f:a':{'.':{},'f:b':{},'f:c':{}}}",
         "{'f:a':{'.':{},'f:c':{}}}", "{'f:a':{'f:b':{}}}"},
        {"{'f:a':{'f:b':{}}}", "{'f:a':{}}", "{'f:a':{'.':{},'f:b':{}}}", "{'f:a':{'f:b':{}}}", "{}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct field_set b = set_of(cases[i].b), sets[] = {set_of(cases[i].a), set_of(cases[i].a), set_of(cases[i].a)};
        field_set_add(&sets[0], &b);
        field_set_subtract(&sets[1], &b);
        field_set_intersect(&sets[2], &b);
        expect(&sets[0], cases[i].both);
        expect(&sets[1], cases[i].without);
        expect(&sets[2], cases[i].shared);
        field_set_fini(&b);
    }
}

static void test_a_part_goes_with_all_below(void **state)
{
    struct field_set set = set_of("{'f:a':{'.':{},'f:b':{'f:c':{}}},'f:d':{}}");
    field_set_drop(&set, "f:nothing");
    assert_true(field_set_has(&set, "f:a"));
    assert_false(field_set_has(field_set_child(&set, "f:a"), "f:b"));
    assert_null(field_set_child(NULL, "f:a"));
    field_set_drop(&set, "f:a");
    assert_false(field_set_empty(&set));
    expect(&set, "{'f:d':{}}");
}

/* What is canonical may stay as it was written: reading and writing it gives the same text. */
static void test_what_is_written_as_a_set_is_told_apart(void **state)
{
    static const struct {
        const char *fields;
        bool is_canonical;
    } cases[] = {
        {"{'f:a':{}}", true},
        {"{'f:a':{'.':{},'f:b':{}},'k:{}':{'f:x':{}},'v:2':{},'v:10':{}}", true},
        {"{}", false},
        {"{'.':{},'f:a':{}}", false},
        {"{'f:a':{'.':{}}}", false},
        {"{'f:a':{'f:b':{},'.':{}}}", false},
        {"{'f:a':{'.':{'f:x':{}},'f:b':{}}}", false},
        {"{'f:b':{},'f:a':{}}", false},
        {"{'v:10':{},'v:2':{}}", false},
        {"{'f:a':{'nonsense':{}}}", false},
        {"{'f:a':null}", false},
        {"['f:a']", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct doc *doc = fake_doc(cases[i].fields);
        assert_int_equal(field_written_is_canonical(doc_root(doc)), cases[i].is_canonical);
        if (cases[i].is_canonical) {
            struct field_set set = set_of(cases[i].fields);
            assert_true(field_written_has_all(doc_root(doc), &set));
            expect(&set, cases[i].fields);
        }
        doc_free(doc);
    }
}

static void test_members_are_found_in_what_is_written(void **state)
{
    static const struct {
        const char *fields, *set;
        bool has_any, has_all;
    } cases[] = {
        {"{'f:a':{},'f:b':{}}", "{'f:b':{}}", true, true},
        {"{'f:a':{},'f:b':{}}", "{'f:b':{},'f:c':{}}", true, false},
        {"{'f:a':{},'f:b':{}}", "{'f:c':{}}", false, false},
        {"{'f:a':{}}", "{}", false, true},
        /* A parent is not its children. */
        {"{'f:a':{'f:b':{}}}", "{'f:a':{}}", false, false},
        {"{'f:a':{'.':{},'f:b':{}}}", "{'f:a':{}}", true, true},
        {"{'f:a':{}}", "{'f:a':{'f:b':{}}}", false, false},
        {"{'f:a':{'f:b':{},'f:c':{}}}", "{'f:a':{'f:c':{}}}", true, true},
        {"{'f:a':{'f:b':{}}}", "{'f:a':{'.':{},'f:b':{}}}", true, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct doc *doc = fake_doc(cases[i].fields);
        struct field_set set = set_of(cases[i].set);
        assert_int_equal(field_written_has_any(doc_root(doc), &set), cases[i].has_any);
        assert_int_equal(field_written_has_all(doc_root(doc), &set), cases[i].has_all);
        field_set_fini(&set);
        doc_free(doc);
    }
}

static void collect(void *ctx, const char *path)
{
    struct buf *b = ctx;
    buf_printf(b, "%s ", path);
}

/* As conflicts are listed: at each place members first, fields before keys before values, numbers by their size. */
static void test_paths_have_an_order(void **state)
{
    struct field_set set = set_of(
        "{'f:spec':{'f:ports':{'k:{\\'port\\':9090,\\'protocol\\':\\'TCP\\'}':{},'k:{\\'port\\':10000}':{'.':{},'f:x':{"
        "}},"
        "'k:{\\'port\\':80}':{'f:name':{}}},'f:b':{},'f:a':{'f:z':{}},'f:f':{'v:\\'h/b\\'':{},'v:\\'h/"
        "a\\'':{}}},'f:data':{}}");
    struct buf b;
    buf_init(&b, 10000);
    field_set_each(&set, collect, &b);
    assert_string_equal(
        buf_str(&b),
        ".data .spec.b .spec.a.z .spec.f[=\"h/a\"] .spec.f[=\"h/b\"] .spec.ports[port=9090,protocol=\"TCP\"] "
        ".spec.ports[port=10000] .spec.ports[port=80].name .spec.ports[port=10000].x ");
    buf_fini(&b);
    field_set_fini(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets_are_read_and_written),
        cmocka_unit_test(test_two_sets),
        cmocka_unit_test(test_what_is_written_as_a_set_is_told_apart),
        cmocka_unit_test(test_members_are_found_in_what_is_written),
        cmocka_unit_test(test_a_part_goes_with_all_below),
        cmocka_unit_test(test_paths_have_an_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
