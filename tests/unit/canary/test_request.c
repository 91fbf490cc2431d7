/* What people ask of a Canary: every good form, and what is said of each bad one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "canary/request.h"

static struct doc *canary_with(const char *key, const char *value)
{
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_object(doc));
    struct node *metadata = node_ensure_object(doc, doc_root(doc), "metadata");
    node_set_str(doc, node_ensure_object(doc, metadata, "annotations"), key, value);
    return doc;
}

static enum request_found read_annotation(const char *text, struct request *request, struct err *err)
{
    struct doc *canary = canary_with(REQUEST_ANNOTATION, text);
    err_clear(err);
    enum request_found found = request_read(request, doc_root(canary), err);
    doc_free(canary);
    return found;
}

static void test_without_the_annotation_nothing_is_asked(void **state)
{
    struct doc *canary = canary_with("another", "promote podinfo-7");
    struct request request;
    struct err err = {0};
    assert_int_equal(request_read(&request, doc_root(canary), &err), REQUEST_NONE);
    request_fini(&request);
    doc_free(canary);
}

static void test_each_field_is_read(void **state)
{
    struct request request;
    struct err err = {0};
    enum request_found found = read_annotation(
        " {\"verb\":\"approve\",\"release\":\"podinfo-7\",\"generation\":4,\"gate\":\"confirm-promotion\","
        "\"reason\":\"INC-4711\\nsecond line\",\"by\":\"alice\",\"at\":\"2026-03-11T08:15:07Z\",\"id\":\"x1\"}",
        &request, &err);
    assert_int_equal(found, REQUEST_READ);
    assert_int_equal(request.verb, REQUEST_APPROVE);
    assert_string_equal(request.release, "podinfo-7");
    assert_int_equal(request.generation, 4);
    assert_string_equal(request.gate, "confirm-promotion");
    assert_string_equal(request.reason, "INC-4711 second line");
    assert_string_equal(request.by, "alice");
    assert_string_equal(request.at, "2026-03-11T08:15:07Z");
    assert_string_equal(request.id, "x1");
    request_fini(&request);
}

static void test_the_short_form(void **state)
{
    static const struct {
        const char *text;
        enum request_verb verb;
        const char *release, *gate, *reason;
    } cases[] = {
        {"promote podinfo-7", REQUEST_PROMOTE, "podinfo-7", NULL, NULL},
        {"promote podinfo-7 -- INC-4711 \"it\" -- x", REQUEST_PROMOTE, "podinfo-7", NULL, "INC-4711 \"it\" -- x"},
        {"approve podinfo-7 gate -- {now}\nplease", REQUEST_APPROVE, "podinfo-7", "gate", "{now} please"},
        {"pause -- approve podinfo-7", REQUEST_PAUSE, NULL, NULL, "approve podinfo-7"},
        {" rollback\tpodinfo-7\n", REQUEST_ROLLBACK, "podinfo-7", NULL, NULL},
        {"retry podinfo-7", REQUEST_RETRY, "podinfo-7", NULL, NULL},
        {"approve podinfo-7", REQUEST_APPROVE, "podinfo-7", NULL, NULL},
        {"approve podinfo-7 canary-gate", REQUEST_APPROVE, "podinfo-7", "canary-gate", NULL},
        {"resume", REQUEST_RESUME, NULL, NULL, NULL},
        {"pause", REQUEST_PAUSE, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request request;
        struct err err = {0};
        if (read_annotation(cases[i].text, &request, &err) != REQUEST_READ) {
            fail_msg("%s: %s", cases[i].text, err.text);
        }
        assert_int_equal(request.verb, cases[i].verb);
        assert_true(str_equal(request.release, cases[i].release));
        assert_true(str_equal(request.gate, cases[i].gate));
        assert_true(str_equal(request.reason, cases[i].reason));
        request_fini(&request);
    }
}

static void test_bad_input_is_named(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "it is empty"},
        {" \n ", "it is empty"},
        {"rolback podinfo-7",
         "unknown verb 'rolback': promote, rollback, retry, approve, pause or resume is wanted, as in "
         "promote podinfo-7, or JSON"},
        {"Promote podinfo-7", "unknown verb 'Promote': promote, rollback"},
        {"promote", "promote: the release that it is meant for is wanted"},
        {"rollback podinfo-7 INC-5", "'INC-5' stands behind the release: ' -- ' and a reason are wanted there, as in "
                                     "rollback podinfo-7 -- INC-4711"},
        {"promote podinfo-7--by git", "'git' stands behind the release: ' -- ' and a reason"},
        {"approve podinfo-7 gate more", "'more' stands behind the gate: ' -- ' and a reason"},
        {"promote podinfo-7 --", "'--' stands behind the release: ' -- ' and a reason"},
        {"promote -- INC-4711", "promote: the release that it is meant for is wanted"},
        {"-- INC-4711", "unknown verb '--': promote, rollback"},
        {"{\"verb\":\"promote\"", "JSON"},
        {"{}", "verb: promote, rollback, retry, approve, pause or resume is wanted, got nothing"},
        {"{\"verb\":3,\"release\":\"a-1\"}",
         "verb: promote, rollback, retry, approve, pause or resume is wanted, got 3"},
        {"{\"verb\":\"promote\\u0000x\",\"release\":\"a-1\"}", "verb: promote, rollback"},
        {"{\"verb\":\"promote\",\"release\":\"a-1\\u0000b\"}", "release: a name is wanted"},
        {"{\"verb\":\"promote\",\"release\":7}", "release: a name is wanted, got 7"},
        {"{\"verb\":\"promote\",\"release\":\"\"}", "release: a name is wanted, got \"\""},
        {"{\"verb\":\"promote\",\"generation\":0}", "generation: a whole number above 0 is wanted, got 0"},
        {"{\"verb\":\"promote\",\"generation\":\"4\"}", "generation: a whole number above 0 is wanted, got \"4\""},
        {"{\"verb\":\"promote\",\"release\":\"a-1\",\"gate\":\"g\"}",
         "gate: only approve has one, and this is promote"},
        {"{\"verb\":\"approve\",\"release\":\"a-1\",\"gaet\":\"g\"}", "there is no field 'gaet'"},
        {"{\"verb\":\"approve\",\"verb\":\"promote\",\"release\":\"a-1\"}", "a field stands there twice"},
        {"{\"verb\":\"promote\",\"release\":\"a-1\",\"at\":\"noon\"}", "at: a time such as"},
        {"{\"verb\":\"promote\",\"release\":\"a-1\",\"id\":\"\"}", "id: a text of 1 to 128 bytes is wanted"},
        {"{\"verb\":\"promote\",\"release\":\"a-1\",\"reason\":[]}", "reason: a text is wanted, got []"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request request;
        struct err err = {0};
        assert_int_equal(read_annotation(cases[i].text, &request, &err), REQUEST_BAD);
        if (strstr(err.text, cases[i].says) == NULL || !str_has_prefix(err.text, "annotation " REQUEST_ANNOTATION)) {
            fail_msg("%s: %s", cases[i].text, err.text);
        }
        assert_false(str_empty(request.id)); /* or it could not be answered */
        assert_null(request.release);
        request_fini(&request);
    }
}

static void test_a_text_is_not_cut_at_a_nul(void **state)
{
    struct doc *canary = canary_with("another", "");
    struct node *annotations = node_at(doc_root(canary), "metadata", "annotations");
    node_set(canary, annotations, REQUEST_ANNOTATION, node_new_str_n(canary, "promote podinfo-7\0 not", 22));
    struct request request;
    struct err err = {0};
    assert_int_equal(request_read(&request, doc_root(canary), &err), REQUEST_BAD);
    assert_non_null(strstr(err.text, "there is a NUL in it"));
    request_fini(&request);
    doc_free(canary);
}

static void test_a_long_text_is_refused_and_has_a_short_id(void **state)
{
    char text[REQUEST_SIZE_MAX + 2];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct request request;
    struct err err = {0};
    assert_int_equal(read_annotation(text, &request, &err), REQUEST_BAD);
    assert_non_null(strstr(err.text, "it is longer than 8192 bytes"));
    assert_true(strlen(request.id) <= REQUEST_ID_MAX);
    request_fini(&request);
}

static void test_a_long_reason_is_cut(void **state)
{
    char reason[3 * REQUEST_TEXT_MAX];
    memset(reason, 'r', sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    char *text = str_format("{\"verb\":\"rollback\",\"release\":\"a-1\",\"reason\":\"%s\"}", reason);
    struct request request;
    struct err err = {0};
    assert_int_equal(read_annotation(text, &request, &err), REQUEST_READ);
    assert_true(strlen(request.reason) <= REQUEST_TEXT_MAX + strlen("..."));
    request_fini(&request);
    str_free(&text);
}

static void test_the_text_is_the_id_where_none_is_said(void **state)
{
    struct request request;
    struct err err = {0};
    assert_int_equal(read_annotation("promote podinfo-7", &request, &err), REQUEST_READ);
    assert_string_equal(request.id, "promote podinfo-7");
    struct doc *canary = doc_new();
    doc_set_root(canary, node_new_object(canary));
    assert_false(request_is_answered(&request, doc_root(canary)));
    struct node *status = node_ensure_object(canary, doc_root(canary), "status");
    node_set_str(canary, node_ensure_object(canary, status, "lastRequest"), "id", "promote podinfo-7");
    assert_true(request_is_answered(&request, doc_root(canary)));
    doc_free(canary);
    request_fini(&request);
}

static void test_whom_it_is_meant_for(void **state)
{
    struct request both = {.release = "podinfo-7", .generation = 4}, generation = {.generation = 4};
    assert_true(request_is_for(&both, "podinfo-7", 4));
    assert_false(request_is_for(&both, "podinfo-8", 4));
    assert_false(request_is_for(&both, "podinfo-7", 5));
    assert_true(request_is_for(&generation, "podinfo-8", 4));
    assert_false(request_is_for(&generation, "podinfo-8", 5));
}

static void test_a_pause_is_there_or_not(void **state)
{
    static const struct {
        const char *text, *pause;
    } cases[] = {{"INC-4711", "INC-4711"}, {"", ""}, {"true", "true"}, {"false", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct doc *canary = canary_with(PAUSE_ANNOTATION, cases[i].text);
        assert_true(str_equal(request_pause(doc_root(canary)), cases[i].pause));
        doc_free(canary);
    }
    assert_null(request_pause(NULL));
}

static void test_a_patch_reads_back(void **state)
{
    struct request asked = {.verb = REQUEST_APPROVE,
                            .id = "x1",
                            .release = "podinfo-7",
                            .generation = 4,
                            .gate = "a \"gate\"",
                            .reason = "INC-4711",
                            .by = "alice",
                            .at = "2026-03-11T08:15:07Z"};
    struct doc *patch = request_patch(&asked);
    struct request read;
    struct err err = {0};
    assert_int_equal(request_read(&read, doc_root(patch), &err), REQUEST_READ);
    assert_int_equal(read.verb, asked.verb);
    assert_int_equal(read.generation, asked.generation);
    const char *const pairs[][2] = {{read.id, asked.id},         {read.release, asked.release}, {read.gate, asked.gate},
                                    {read.reason, asked.reason}, {read.by, asked.by},           {read.at, asked.at}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        assert_string_equal(pairs[i][0], pairs[i][1]);
    }
    char *who = request_who(&read);
    assert_string_equal(who, "alice: INC-4711");
    str_free(&who);
    request_fini(&read);
    doc_free(patch);
}

/* The API server's policy allows no escapes by number, and the engine no annotation above its bound. */
static void test_a_reason_is_written_as_one_line(void **state)
{
    char *letters = mem_alloc(100 * 1000);
    memset(letters, 'x', 100 * 1000);
    letters[100 * 1000 - 1] = '\0';
    struct request pause = {.verb = REQUEST_PAUSE, .id = "x1", .reason = "\x1b[31mred\nline"};
    struct doc *patch = request_patch(&pause);
    const struct node *annotations = node_at(doc_root(patch), "metadata", "annotations");
    assert_string_equal(node_str(node_get(annotations, REQUEST_ANNOTATION)),
                        "{\"verb\":\"pause\",\"reason\":\"\xef\xbf\xbd[31mred line\",\"id\":\"x1\"}");
    assert_string_equal(request_pause(doc_root(patch)), "\xef\xbf\xbd[31mred line");
    doc_free(patch);
    pause.reason = letters;
    patch = request_patch(&pause);
    struct request read;
    struct err err = {0};
    assert_int_equal(request_read(&read, doc_root(patch), &err), REQUEST_READ);
    assert_true(strlen(request_pause(doc_root(patch))) <= REQUEST_TEXT_MAX + strlen("…"));
    request_fini(&read);
    doc_free(patch);
    mem_free(letters);
}

static void test_a_pause_holds_until_resume(void **state)
{
    struct request pause = {.verb = REQUEST_PAUSE, .id = "x1", .reason = "INC-4711"};
    struct doc *patch = request_patch(&pause);
    assert_string_equal(request_pause(doc_root(patch)), "INC-4711");
    doc_free(patch);
    pause.reason = NULL;
    patch = request_patch(&pause);
    assert_string_equal(request_pause(doc_root(patch)), "by hand");
    doc_free(patch);
    struct request resume = {.verb = REQUEST_RESUME, .id = "x2"};
    patch = request_patch(&resume);
    const struct node *annotations = node_at(doc_root(patch), "metadata", "annotations");
    assert_int_equal(node_type(node_get(annotations, PAUSE_ANNOTATION)), NODE_NULL);
    doc_free(patch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_the_annotation_nothing_is_asked),
        cmocka_unit_test(test_each_field_is_read),
        cmocka_unit_test(test_the_short_form),
        cmocka_unit_test(test_bad_input_is_named),
        cmocka_unit_test(test_a_text_is_not_cut_at_a_nul),
        cmocka_unit_test(test_a_long_text_is_refused_and_has_a_short_id),
        cmocka_unit_test(test_a_long_reason_is_cut),
        cmocka_unit_test(test_the_text_is_the_id_where_none_is_said),
        cmocka_unit_test(test_whom_it_is_meant_for),
        cmocka_unit_test(test_a_pause_is_there_or_not),
        cmocka_unit_test(test_a_patch_reads_back),
        cmocka_unit_test(test_a_reason_is_written_as_one_line),
        cmocka_unit_test(test_a_pause_holds_until_resume),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
