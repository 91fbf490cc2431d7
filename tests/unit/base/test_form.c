#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/form.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"

/* A text and its form, for the time of a test. */
struct paper {
    struct form form;
    struct doc *doc;
    struct yaml_places *places;
    struct err err;
};

static void paper_init(struct paper *paper, const char *yaml)
{
    *paper = (struct paper){.places = yaml_places_new()};
    paper->doc = yaml_parse_placed("f.yaml", yaml, strlen(yaml), paper->places, &paper->err);
    if (!paper->doc)
        fail_msg("%s", paper->err.text);
    paper->form =
        (struct form){.file = "f.yaml", .root = doc_root(paper->doc), .places = paper->places, .err = &paper->err};
}

static void paper_fini(struct paper *paper)
{
    doc_free(paper->doc);
    yaml_places_free(paper->places);
}

static const char *const words[] = {"open", "closed", NULL};
static const char *const names[] = {"a", "b", NULL};

/* The field "v" read as `type`. */
static bool read_as(struct paper *paper, const char *type)
{
    const struct form *form = &paper->form;
    const struct node *root = form->root, *node = NULL;
    const char *text = NULL;
    int64_t number = 0;
    double real = 0;
    bool truth = false;
    int word = 0;
    if (str_equal(type, "str"))
        return form_str(form, root, "v", &text);
    if (str_equal(type, "bool"))
        return form_bool(form, root, "v", &truth);
    if (str_equal(type, "int"))
        return form_int(form, root, "v", 1, 10, &number);
    if (str_equal(type, "amount"))
        return form_amount(form, root, "v", &real);
    if (str_equal(type, "duration"))
        return form_duration(form, root, "v", &number);
    if (str_equal(type, "share"))
        return form_share(form, root, "v", &real);
    if (str_equal(type, "word"))
        return form_word(form, root, "v", words, &word);
    if (str_equal(type, "list"))
        return form_list(form, root, "v", &node);
    if (str_equal(type, "mapping"))
        return form_mapping(form, root, "v", &node);
    return str_equal(type, "fields") ? form_fields(form, node_get(root, "v"), names) : form_need(form, root, "v");
}

static void what_is_refused_is_said_with_its_place(void **state)
{
    static const struct {
        const char *type, *yaml, *said;
    } cases[] = {
        {"str", "v: 1", "f.yaml:1:4: v: 1, wanted a text"},
        {"str", "v: ''", "f.yaml:1:4: v: \"\", wanted a text"},
        {"str", "v: {}", "f.yaml:1:4: v: a mapping, wanted a text"},
        {"bool", "v: 'true'", "f.yaml:1:4: v: \"true\", wanted true or false"},
        {"int", "v: 11", "f.yaml:1:4: v: 11, wanted a whole number from 1 to 10"},
        {"int", "v: 0", "f.yaml:1:4: v: 0, wanted a whole number from 1 to 10"},
        {"int", "v: 1.5", "f.yaml:1:4: v: 1.5, wanted a whole number from 1 to 10"},
        {"amount", "v: -1", "f.yaml:1:4: v: -1, wanted a number that is not negative"},
        {"amount", "v: x", "f.yaml:1:4: v: \"x\", wanted a number that is not negative"},
        {"duration", "v: 90", "f.yaml:1:4: v: 90, wanted a duration such as 90s or 1m30s"},
        {"duration", "v: soon", "f.yaml:1:4: v: \"soon\", wanted a duration such as 90s or 1m30s"},
        {"duration", "v: -5s", "f.yaml:1:4: v: \"-5s\", wanted a duration that is not negative"},
        {"share", "v: 0.5", "f.yaml:1:4: v: 0.5, wanted a share from 0% to 100%"},
        {"share", "v: 101%", "f.yaml:1:4: v: \"101%\", wanted a share from 0% to 100%"},
        {"share", "v: -1%", "f.yaml:1:4: v: \"-1%\", wanted a share from 0% to 100%"},
        {"share", "v: 0x10%", "f.yaml:1:4: v: \"0x10%\", wanted a share from 0% to 100%"},
        {"share", "v: 5", "f.yaml:1:4: v: 5, wanted a share from 0% to 100%"},
        {"word", "v: ajar", "f.yaml:1:4: v: \"ajar\", wanted open or closed"},
        {"list", "v: {}", "f.yaml:1:4: v: a mapping, wanted a list"},
        {"mapping", "v: []", "f.yaml:1:4: v: a list, wanted a mapping"},
        {"fields", "v:\n  a: 1\n  c: 2", "f.yaml:3:3: v.c: unknown field, known are a and b"},
        {"fields", "v: [1]", "f.yaml:1:4: v: a list, wanted a mapping"},
        {"need", "w: 1", "f.yaml:1:1: the field v is missing"},
        {"need", "v:", "f.yaml:1:3: v: the field v is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct paper paper;
        paper_init(&paper, cases[i].yaml);
        assert_false(read_as(&paper, cases[i].type));
        assert_string_equal(paper.err.text, cases[i].said);
        assert_int_equal(paper.err.code, ERR_INVALID);
        paper_fini(&paper);
    }
}

static void what_is_right_is_read(void **state)
{
    struct paper paper;
    const char *text = NULL;
    int64_t number = 0, ms = 0;
    double share = 0, amount = 0;
    bool truth = false;
    int word = -1;
    paper_init(&paper, "{s: x, b: true, i: 7, a: 1.5, d: 1m30s, p: 12.5%, w: closed}");
    const struct form *form = &paper.form;
    assert_true(form_str(form, form->root, "s", &text) && form_bool(form, form->root, "b", &truth));
    assert_true(form_int(form, form->root, "i", 1, 10, &number) && form_amount(form, form->root, "a", &amount));
    assert_true(form_duration(form, form->root, "d", &ms) && form_share(form, form->root, "p", &share));
    assert_true(form_word(form, form->root, "w", words, &word) && form_need(form, form->root, "s"));
    assert_string_equal(text, "x");
    assert_true(truth && number == 7 && amount == 1.5 && ms == 90000 && share == 0.125 && word == 1);
    paper_fini(&paper);
}

static void what_is_absent_stays_as_it_is(void **state)
{
    static const char *const types[] = {"str", "bool", "int", "amount", "duration", "share", "word", "list", "mapping"};
    static const char *const texts[] = {"w: 1", "v:"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        for (size_t j = 0; j < 2; j++) {
            struct paper paper;
            paper_init(&paper, texts[j]);
            assert_true(read_as(&paper, types[i]));
            paper_fini(&paper);
        }
    }
}

static void a_path_goes_through_lists(void **state)
{
    struct paper paper;
    paper_init(&paper, "acts:\n- {}\n- after:\n    x: 1\n");
    const struct node *x = node_at(node_item(node_get(paper.form.root, "acts"), 1), "after", "x");
    char *place = form_place(&paper.form, x);
    assert_string_equal(place, "f.yaml:4:8: acts[1].after.x");
    mem_free(place);
    paper_fini(&paper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_refused_is_said_with_its_place),
        cmocka_unit_test(what_is_right_is_read),
        cmocka_unit_test(what_is_absent_stays_as_it_is),
        cmocka_unit_test(a_path_goes_through_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
