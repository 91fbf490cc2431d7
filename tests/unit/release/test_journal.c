#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "release/journal.h"

static struct doc *json(const char *text)
{
    struct err err;
    struct doc *doc = doc_parse(text, strlen(text), &err);
    assert_non_null(doc);
    return doc;
}

/* Enters a word; the result's text when it is on record (str_free), else NULL. */
static char *enter(struct journal *j, const char *word, const char *args, int64_t now, int64_t *started)
{
    struct doc *a = json(args), *result = NULL;
    struct err err = {0};
    enum journal_step step = journal_enter(j, word, doc_root(a), now, &result, started, &err);
    doc_free(a);
    char *text = NULL;
    if (step == JOURNAL_RECORDED) {
        text = node_to_text(doc_root(result));
    } else {
        assert_int_equal(step, JOURNAL_NEW);
    }
    doc_free(result);
    return text;
}

static void leave(struct journal *j, const char *result)
{
    struct doc *r = json(result);
    struct err err = {0};
    assert_true(journal_leave(j, doc_root(r), &err));
    doc_free(r);
}

static void word(struct journal *j, const char *name, const char *result, int64_t now)
{
    int64_t started;
    assert_null(enter(j, name, "{}", now, &started));
    leave(j, result);
}

static void expect(struct journal *j, const char *name, const char *result, int64_t started_ms)
{
    int64_t started = -1;
    char *text = enter(j, name, "{}", 999999, &started);
    assert_non_null(text);
    assert_string_equal(text, result);
    assert_int_equal(started, started_ms);
    str_free(&text);
}

static enum journal_step ask(struct journal *j, const char *operation, const char *args, char **text)
{
    struct doc *a = json(args), *result = NULL;
    struct err err = {0};
    enum journal_step step = journal_ask(j, operation, doc_root(a), &result, &err);
    *text = result != NULL ? node_to_text(doc_root(result)) : NULL;
    doc_free(a);
    doc_free(result);
    return step;
}

static void answer(struct journal *j, const char *text)
{
    struct doc *doc = json(text);
    journal_answer(j, doc_root(doc));
    doc_free(doc);
}

/* As after a crash: the record is written and read by another process. */
static struct journal *reload(struct journal *j)
{
    struct doc *doc = doc_new();
    struct node *status = node_new_object(doc);
    struct err err;
    journal_write(j, doc, status);
    char *text = node_to_text(status);
    journal_free(j);
    doc_free(doc);
    doc = json(text);
    struct journal *again = journal_load(doc_root(doc), &err);
    assert_non_null(again);
    str_free(&text);
    doc_free(doc);
    return again;
}

static size_t entry_count(struct journal *j)
{
    struct doc *doc = doc_new();
    struct node *status = node_new_object(doc);
    journal_write(j, doc, status);
    size_t count = node_count(node_get(status, "entries"));
    doc_free(doc);
    return count;
}

static void test_finished_words_are_answered_without_their_bodies(void **state)
{
    struct journal *j = journal_new();
    word(j, "begin", "{\"ok\":true}", 1000);
    word(j, "round", "{\"weight\":10}", 2000);
    word(j, "shift", "20", 2001);
    j = reload(j);
    assert_true(journal_is_replaying(j));
    expect(j, "begin", "{\"ok\":true}", 1000);
    expect(j, "round", "{\"weight\":10}", 2000);
    assert_true(journal_is_replaying(j));
    expect(j, "shift", "20", 2001);
    assert_false(journal_is_replaying(j));
    int64_t started;
    assert_null(enter(j, "round", "{}", 3000, &started));
    assert_int_equal(started, 3000);
    assert_int_equal(journal_words(j), 4);
    journal_free(j);
}

static void test_a_word_in_progress_runs_again_over_its_operations(void **state)
{
    struct journal *j = journal_new();
    char *text;
    int64_t started;
    word(j, "begin", "null", 1);
    assert_null(enter(j, "shift", "{\"to\":20}", 50, &started));
    assert_int_equal(ask(j, "facts", "{}", &text), JOURNAL_NEW);
    answer(j, "{\"weight\":10}");
    assert_int_equal(ask(j, "act", "[1]", &text), JOURNAL_NEW);
    struct doc *intent = json("[{\"kind\":\"route\"}]");
    journal_intend(j, doc_root(intent));
    doc_free(intent);
    j = reload(j);

    expect(j, "begin", "null", 1);
    assert_null(enter(j, "shift", "{\"to\":20}", 9000, &started));
    assert_int_equal(started, 50); /* when it first began */
    assert_int_equal(ask(j, "facts", "{}", &text), JOURNAL_RECORDED);
    assert_string_equal(text, "{\"weight\":10}");
    str_free(&text);
    assert_true(journal_is_replaying(j));
    /* An intent is done as recorded, whatever the script makes of it now. */
    assert_int_equal(ask(j, "act", "[2]", &text), JOURNAL_PENDING);
    assert_string_equal(text, "[{\"kind\":\"route\"}]");
    str_free(&text);
    assert_false(journal_is_replaying(j));
    answer(j, "{\"ok\":true}");
    leave(j, "20");
    j = reload(j);
    expect(j, "begin", "null", 1);
    int64_t at;
    text = enter(j, "shift", "{\"to\":20}", 1, &at);
    assert_string_equal(text, "20");
    str_free(&text);
    journal_free(j);
}

static void test_a_week_of_a_closed_gate_costs_one_entry(void **state)
{
    struct journal *j = journal_new();
    for (int i = 0; i < 10000; i++) {
        word(j, "gate", "false", i);
    }
    assert_int_equal(entry_count(j), 1);
    word(j, "gate", "true", 20000);
    for (int i = 0; i < 5000; i++) {
        word(j, "round", "{\"weight\":10}", 30000 + i);
        word(j, "open", "false", 30000 + i);
    }
    assert_true(entry_count(j) <= 6);
    j = reload(j);
    for (int i = 0; i < 9999; i++) {
        expect(j, "gate", "false", 9999);
    }
    expect(j, "gate", "false", 9999);
    expect(j, "gate", "true", 20000);
    for (int i = 0; i < 5000; i++) {
        int64_t started;
        char *text = enter(j, "round", "{}", 1, &started);
        assert_string_equal(text, "{\"weight\":10}");
        str_free(&text);
        text = enter(j, "open", "{}", 1, &started);
        assert_string_equal(text, "false");
        str_free(&text);
    }
    assert_int_equal(journal_words(j), 20001);
    assert_false(journal_is_replaying(j));
    assert_false(journal_is_full(j));
    journal_free(j);
}

static void test_a_gate_that_is_asked_every_other_round_costs_two(void **state)
{
    struct journal *j = journal_new();
    for (int i = 0; i < 5000; i++) {
        word(j, "round", "{\"iterations\":2}", i);
        word(j, "open", "false", i);
        word(j, "round", "{\"iterations\":1}", i);
        word(j, "iterate", "true", i);
    }
    assert_true(entry_count(j) <= 8);
    assert_false(journal_is_full(j));
    journal_free(j);
}

/* Rounds of few kinds in any order, some of them long: whatever was folded, the same words come again in the same
 * order. */
static void test_what_was_folded_is_replayed_as_it_was(void **state)
{
    for (unsigned seed = 1; seed <= 300; seed++) {
        struct journal *j = journal_new();
        unsigned dice = seed * 2654435761u, kinds = 1 + seed % 4, kind[60];
        for (size_t i = 0; i < 60; i++) {
            dice = dice * 1103515245u + 12345u;
            bool repeats = i >= 2 && (dice >> 16) % 3 != 0;
            kind[i] = repeats ? kind[i - 1 - (dice >> 20) % 2] : (dice >> 24) % kinds;
            char result[16];
            snprintf(result, sizeof result, "%u", kind[i]);
            word(j, "round", result, 1);
            if (kind[i] % 2 == 1) {
                word(j, "open", result, 1);
            }
        }
        j = reload(j);
        for (size_t i = 0; i < 60; i++) {
            char result[16];
            snprintf(result, sizeof result, "%u", kind[i]);
            expect(j, "round", result, 1);
            if (kind[i] % 2 == 1) {
                expect(j, "open", result, 1);
            }
        }
        assert_true(journal_words(j) >= 60);
        assert_false(journal_is_replaying(j));
        journal_free(j);
    }
}

static void test_rounds_that_differ_stay_apart(void **state)
{
    struct journal *j = journal_new();
    for (int i = 0; i < 5; i++) {
        char result[32];
        snprintf(result, sizeof result, "{\"weight\":%d}", i);
        word(j, "round", result, i);
        word(j, "shift", "true", i);
    }
    assert_int_equal(entry_count(j), 10);
    journal_free(j);
}

static void test_words_inside_words_are_part_of_the_outer_one(void **state)
{
    struct journal *j = journal_new();
    int64_t started;
    assert_null(enter(j, "promote", "{}", 5, &started));
    assert_null(enter(j, "open", "{}", 6, &started));
    assert_int_equal(started, 5);
    leave(j, "true");
    leave(j, "\"done\"");
    assert_int_equal(entry_count(j), 1);
    j = reload(j);
    expect(j, "promote", "\"done\"", 5);
    journal_free(j);
}

static void test_another_script_than_the_recorded_one_is_noticed(void **state)
{
    struct journal *j = journal_new();
    word(j, "begin", "null", 1);
    j = reload(j);
    struct doc *result = NULL;
    struct err err = {0};
    int64_t started;
    struct journal_ahead ahead;
    assert_int_equal(journal_enter(j, "round", NULL, 2, &result, &started, &err), JOURNAL_DIVERGED);
    assert_true(journal_look_ahead(j, &ahead));
    assert_string_equal(ahead.word, "begin");
    assert_string_equal(ahead.result, "null");
    assert_int_equal(ahead.started_ms, 1);
    assert_non_null(strstr(err.text, "begin"));
    assert_non_null(strstr(err.text, "round"));
    expect(j, "begin", "null", 1);
    assert_false(journal_look_ahead(j, &ahead));
    journal_free(j);
}

static void test_a_record_that_is_none_is_refused(void **state)
{
    static const char *const bad[] = {
        "{\"entries\":[{\"a\":\"x\"}]}",
        "{\"entries\":[{\"w\":\"round\",\"n\":0}]}",
        "{\"entries\":[{\"w\":\"round\",\"n\":2,\"s\":3}]}",
        "{\"open\":[{\"r\":1}]}",
        "{\"entries\":[{\"w\":\"round\",\"n\":9223372036854775807}]}",
        "{\"entries\":[{\"w\":\"round\",\"n\":2,\"s\":9223372036854775807}]}",
        "{\"entries\":[{\"w\":\"round\",\"t\":9223372036854775807}]}",
        "{\"entries\":[{\"w\":\"round\",\"n\":1500000},{\"w\":\"round\",\"n\":1500000}]}",
        "{\"entries\":[{\"w\":\"round\",\"n\":2,\"s\":2},{\"w\":\"open\",\"n\":2}]}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct doc *doc = json(bad[i]);
        struct err err = {0};
        assert_null(journal_load(doc_root(doc), &err));
        assert_int_equal(err.code, ERR_INVALID);
        doc_free(doc);
    }
}

static void test_evidence_is_bounded_and_an_ended_record_is_trimmed(void **state)
{
    struct journal *j = journal_new();
    struct doc *evidence = json("{\"query\":\"up\",\"value\":1}");
    for (int i = 0; i < 3 * JOURNAL_EVIDENCE_MAX; i++) {
        journal_evidence(j, doc_root(evidence), "canary.lua:12");
    }
    doc_free(evidence);
    struct doc *doc = doc_new();
    struct node *status = node_new_object(doc);
    journal_write(j, doc, status);
    assert_int_equal(node_count(node_get(status, "evidence")), JOURNAL_EVIDENCE_MAX);
    assert_true(node_is(node_get(node_item(node_get(status, "evidence"), 0), "where"), "canary.lua:12"));
    doc_free(doc);
    for (int i = 0; i < 500; i++) {
        char result[128];
        snprintf(result, sizeof result, "{\"n\":%d,\"text\":\"a result of some length, as real ones have\"}", i);
        word(j, "round", result, i);
    }
    journal_trim(j, 8 * 1024);
    doc = doc_new();
    status = node_new_object(doc);
    journal_write(j, doc, status);
    char *text = node_to_text(status);
    assert_true(strlen(text) <= 8 * 1024);
    assert_true(node_count(node_get(status, "entries")) > 10);
    const struct node *dropped = node_get(status, "dropped");
    assert_int_equal(node_int_or(node_get(dropped, "evidence"), 0), 3 * JOURNAL_EVIDENCE_MAX);
    assert_int_equal(node_int_or(node_get(dropped, "entries"), 0), 500 - node_count(node_get(status, "entries")));
    str_free(&text);
    doc_free(doc);
    journal_free(j);
}

static char *evidence_text(struct journal *j)
{
    struct doc *doc = doc_new();
    struct node *status = node_new_object(doc);
    journal_write(j, doc, status);
    char *text = node_to_text(node_get(status, "evidence"));
    doc_free(doc);
    return text;
}

static void add_evidence(struct journal *j, const char *text)
{
    struct doc *evidence = json(text);
    journal_evidence(j, doc_root(evidence), "x:1");
    doc_free(evidence);
}

static void test_texts_of_one_metric_stand_once_and_survive_what_had_them(void **state)
{
    struct journal *j = journal_new();
    add_evidence(j, "{\"metric\":\"a\",\"query\":\"up\",\"server\":\"s\",\"n\":1}");
    add_evidence(j, "{\"metric\":\"b\",\"query\":\"up\",\"n\":2}");
    add_evidence(j, "{\"metric\":\"a\",\"query\":\"up\",\"server\":\"t\",\"n\":3}");
    add_evidence(j, "{\"metric\":\"a\",\"n\":4}");
    static const char *const want = "[{\"metric\":\"a\",\"query\":\"up\",\"server\":\"s\",\"n\":1,\"where\":\"x:1\"},"
                                    "{\"metric\":\"b\",\"query\":\"up\",\"n\":2,\"where\":\"x:1\"},"
                                    "{\"metric\":\"a\",\"server\":\"t\",\"n\":3,\"where\":\"x:1\"},"
                                    "{\"metric\":\"a\",\"n\":4,\"where\":\"x:1\",\"query\":\"\",\"server\":\"\"}]";
    char *text = evidence_text(j);
    assert_string_equal(text, want);
    char *status = str_format("{\"evidence\":%s}", text);
    struct doc *doc = json(status);
    struct err err = {0};
    struct journal *read = journal_load(doc_root(doc), &err);
    for (int i = 0; i < JOURNAL_EVIDENCE_MAX - 2; i++) {
        add_evidence(read, "{\"metric\":\"c\"}"); /* the first two are dropped */
    }
    char *after = evidence_text(read);
    assert_non_null(strstr(after, "[{\"metric\":\"a\",\"server\":\"t\",\"n\":3,\"where\":\"x:1\",\"query\":\"up\"}"));
    str_free(&after);
    str_free(&status);
    str_free(&text);
    doc_free(doc);
    journal_free(read);
    journal_free(j);
}

static void test_evidence_is_bounded_in_bytes(void **state)
{
    struct journal *j = journal_new();
    char query[4000];
    memset(query, 'q', sizeof query - 1);
    query[sizeof query - 1] = '\0';
    for (int i = 0; i < JOURNAL_EVIDENCE_MAX; i++) {
        char *text = str_format("{\"metric\":\"m%d\",\"query\":\"%s\"}", i, query);
        add_evidence(j, text);
        str_free(&text);
    }
    char *text = evidence_text(j);
    assert_true(strlen(text) <= 100 * 1024);
    assert_true(strlen(text) > 80 * 1024);
    assert_non_null(strstr(text, "\"m99\""));
    str_free(&text);
    journal_free(j);
}

static void test_a_record_that_grows_without_end_is_full(void **state)
{
    struct journal *j = journal_new();
    int words = 0;
    while (!journal_is_full(j) && words <= JOURNAL_ENTRIES_MAX) {
        char result[32];
        snprintf(result, sizeof result, "%d", words++);
        word(j, "round", result, words);
    }
    assert_true(journal_is_full(j));
    assert_true(words > JOURNAL_ENTRIES_MAX / 2); /* a normal release is far from it */
    journal_free(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finished_words_are_answered_without_their_bodies),
        cmocka_unit_test(test_a_word_in_progress_runs_again_over_its_operations),
        cmocka_unit_test(test_a_week_of_a_closed_gate_costs_one_entry),
        cmocka_unit_test(test_a_gate_that_is_asked_every_other_round_costs_two),
        cmocka_unit_test(test_what_was_folded_is_replayed_as_it_was),
        cmocka_unit_test(test_rounds_that_differ_stay_apart),
        cmocka_unit_test(test_words_inside_words_are_part_of_the_outer_one),
        cmocka_unit_test(test_another_script_than_the_recorded_one_is_noticed),
        cmocka_unit_test(test_a_record_that_is_none_is_refused),
        cmocka_unit_test(test_evidence_is_bounded_and_an_ended_record_is_trimmed),
        cmocka_unit_test(test_texts_of_one_metric_stand_once_and_survive_what_had_them),
        cmocka_unit_test(test_evidence_is_bounded_in_bytes),
        cmocka_unit_test(test_a_record_that_grows_without_end_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
