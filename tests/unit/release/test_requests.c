/* What people asked of a release, as its record has it, and what follows from that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/str.h"
#include "fake_doc.h"
#include "release/requests.h"

enum { NOW_MS = 1000 };

static void read_text(struct requests *requests, const char *text)
{
    struct doc *release = fake_doc(text);
    requests_read(requests, doc_root(release));
    doc_free(release);
}

static void add(struct requests *requests, enum request_verb verb, const char *id, const char *gate)
{
    char own[REQUEST_ID_MAX];
    str_copy(own, sizeof own, id);
    struct request request = {.verb = verb, .id = own, .by = (char[]){"alice"}, .reason = (char[]){"INC-4711"}};
    requests_add(requests, &request, gate, NOW_MS);
}

static bool take(struct requests *requests, const char *gate)
{
    char *who = NULL;
    bool taken = requests_take_approval(requests, gate, NOW_MS, &who);
    if (taken) {
        assert_string_equal(who, "alice: INC-4711");
    }
    str_free(&who);
    return taken;
}

static void test_an_entry_is_written_and_found(void **state)
{
    struct requests requests;
    read_text(&requests, "{'spec':{'request':{'id':'r','verb':'retry'}}}");
    assert_null(requests_promotion(&requests));
    assert_false(requests_are_due(&requests, NOW_MS - 1));
    add(&requests, REQUEST_PROMOTE, "p", NULL);
    assert_non_null(requests_promotion(&requests));
    assert_true(requests_are_due(&requests, NOW_MS - 1));
    assert_non_null(requests_entry(&requests, "p"));
    assert_non_null(requests_entry(&requests, "r"));
    assert_null(requests_entry(&requests, "x"));
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_object(doc));
    requests_write(&requests, doc, doc_root(doc));
    fake_doc_expect(doc_root(doc), "{'requests':[{'id':'p','verb':'promote','by':'alice','reason':'INC-4711',"
                                   "'acted':'1970-01-01T00:00:01.000Z'}]}");
    doc_free(doc);
    requests_fini(&requests);
}

static void test_a_release_without_requests_says_nothing_of_them(void **state)
{
    struct requests requests;
    read_text(&requests, "{'status':{}}");
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_object(doc));
    requests_write(&requests, doc, doc_root(doc));
    fake_doc_expect(doc_root(doc), "{}");
    doc_free(doc);
    requests_fini(&requests);
}

static void test_an_entry_is_found_in_an_object(void **state)
{
    struct doc *release = fake_doc("{'spec':{'request':{'id':'r'}},'status':{'requests':[{'id':'a'},{'id':'b'}]}}");
    assert_non_null(requests_find(doc_root(release), "r"));
    assert_non_null(requests_find(doc_root(release), "b"));
    assert_null(requests_find(doc_root(release), "c"));
    assert_null(requests_find(NULL, "c"));
    doc_free(release);
    release = fake_doc("{'spec':{'request':'r'},'status':{'requests':'b'}}");
    assert_null(requests_find(doc_root(release), "b"));
    doc_free(release);
}

static void test_a_gate_that_is_passed_once_stays_open_and_others_are_opened_once(void **state)
{
    static const struct {
        const char *gate;
        bool stays;
    } cases[] = {
        {"confirm-rollout", true}, {"confirm-promotion", true}, {"confirm-traffic-increase", false}, {"own", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct requests requests;
        read_text(&requests, "{}");
        assert_false(take(&requests, cases[i].gate));
        add(&requests, REQUEST_APPROVE, "a", cases[i].gate);
        assert_false(take(&requests, "another"));
        assert_true(take(&requests, cases[i].gate));
        assert_int_equal(take(&requests, cases[i].gate), cases[i].stays);
        add(&requests, REQUEST_APPROVE, "b", cases[i].gate);
        assert_true(take(&requests, cases[i].gate));
        requests_fini(&requests);
    }
}

static void test_a_full_list_drops_what_is_spent(void **state)
{
    struct requests requests;
    read_text(&requests, "{}");
    add(&requests, REQUEST_APPROVE, "held", "confirm-rollout");
    for (int i = 0; i < 2 * REQUESTS_MAX; i++) {
        char *id = str_format("a%d", i);
        add(&requests, REQUEST_APPROVE, id, "own");
        assert_true(take(&requests, "own"));
        str_free(&id);
    }
    assert_int_equal(node_count(doc_root(requests.list)), REQUESTS_MAX);
    assert_non_null(requests_entry(&requests, "held"));
    assert_null(requests_entry(&requests, "a0"));
    requests_fini(&requests);
}

static void expect_list(const struct requests *requests, const char *text)
{
    fake_doc_expect(doc_root(requests->list), text);
}

static void test_a_pause_is_held_until_it_is_resumed(void **state)
{
    struct requests requests;
    struct request alice = {.verb = REQUEST_PAUSE, .id = (char[]){"a"}, .by = (char[]){"alice"}};
    struct request bob = {.verb = REQUEST_RESUME, .id = (char[]){"b"}, .by = (char[]){"bob"}};
    struct pause freeze = {.through = PAUSE_ANNOTATION, .reason = (char[]){"freeze"}};
    struct pause suspend = {.through = PAUSE_SUSPEND};
    struct pause nothing = {0};
    read_text(&requests, "{}");
    assert_null(requests_pause(doc_root(requests.list)));
    requests_add_pause(&requests, &freeze, &alice, NOW_MS);
    expect_list(&requests,
                "[{'id':'a','verb':'pause','by':'alice','reason':'freeze','acted':'1970-01-01T00:00:01.000Z'}]");
    const struct node *held = requests_pause(doc_root(requests.list));
    assert_true(requests_is_pause(held, &freeze));
    assert_false(requests_is_pause(held, &suspend));
    assert_false(requests_is_pause(held, &nothing));
    assert_false(requests_is_pause(NULL, &nothing));
    requests_add_resume(&requests, &bob, NOW_MS);
    assert_null(requests_pause(doc_root(requests.list)));
    assert_string_equal(node_str(node_get(requests_last_pause(doc_root(requests.list)), "id")), "b");
    requests_fini(&requests);
}

static void test_a_pause_without_a_request_says_through_what_it_came(void **state)
{
    struct requests requests;
    struct pause suspend = {.through = PAUSE_SUSPEND};
    read_text(&requests, "{}");
    requests_add_pause(&requests, &suspend, NULL, NOW_MS);
    assert_true(requests_is_pause(requests_pause(doc_root(requests.list)), &suspend));
    requests_add_resume(&requests, NULL, NOW_MS);
    expect_list(&requests, "[{'verb':'pause','acted':'1970-01-01T00:00:01.000Z','through':'spec.suspend'},"
                           "{'verb':'resume','acted':'1970-01-01T00:00:01.000Z','through':'spec.suspend'}]");
    requests_fini(&requests);
}

static void test_what_is_asked_in_the_millisecond_of_a_look_brings_one_more(void **state)
{
    struct requests requests;
    struct pause suspend = {.through = PAUSE_SUSPEND};
    read_text(&requests, "{}");
    requests_note_look(&requests);
    add(&requests, REQUEST_APPROVE, "a", "own");
    assert_true(requests_are_due(&requests, NOW_MS));
    requests_note_look(&requests); /* which may be in the same millisecond, too */
    assert_false(requests_are_due(&requests, NOW_MS));
    assert_false(requests_are_due(&requests, NOW_MS + 1));
    requests_add_pause(&requests, &suspend, NULL, NOW_MS + 1);
    requests_add_resume(&requests, NULL, NOW_MS + 2);
    assert_false(requests_are_due(&requests, NOW_MS)); /* the rest of the interval counts */
    assert_false(requests_are_due(&requests, NOW_MS + 1));
    requests_fini(&requests);
    read_text(&requests, "{'status':{'requests':[{'verb':'promote','acted':'1970-01-01T00:00:01.000Z'}]}}");
    assert_true(requests_are_due(&requests, NOW_MS)); /* nobody knows what the engine before has heard */
    requests_fini(&requests);
}

static void test_a_full_list_keeps_the_pause_that_holds_it(void **state)
{
    struct requests requests;
    struct pause suspend = {.through = PAUSE_SUSPEND};
    read_text(&requests, "{}");
    add(&requests, REQUEST_PROMOTE, "promoted", NULL);
    for (int i = 0; i < REQUESTS_MAX; i++) {
        requests_add_pause(&requests, &suspend, NULL, NOW_MS);
        requests_add_resume(&requests, NULL, NOW_MS);
    }
    requests_add_pause(&requests, &suspend, NULL, NOW_MS);
    for (int i = 0; i < REQUESTS_MAX; i++) {
        char *id = str_format("a%d", i);
        add(&requests, REQUEST_APPROVE, id, "own");
        assert_true(take(&requests, "own"));
        str_free(&id);
    }
    assert_int_equal(node_count(doc_root(requests.list)), REQUESTS_MAX);
    assert_non_null(requests_promotion(&requests));
    assert_non_null(requests_pause(doc_root(requests.list)));
    requests_fini(&requests);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_entry_is_written_and_found),
        cmocka_unit_test(test_a_release_without_requests_says_nothing_of_them),
        cmocka_unit_test(test_an_entry_is_found_in_an_object),
        cmocka_unit_test(test_a_gate_that_is_passed_once_stays_open_and_others_are_opened_once),
        cmocka_unit_test(test_a_full_list_drops_what_is_spent),
        cmocka_unit_test(test_a_pause_is_held_until_it_is_resumed),
        cmocka_unit_test(test_a_pause_without_a_request_says_through_what_it_came),
        cmocka_unit_test(test_what_is_asked_in_the_millisecond_of_a_look_brings_one_more),
        cmocka_unit_test(test_a_full_list_keeps_the_pause_that_holds_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
