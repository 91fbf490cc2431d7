/* What comes in the course of a watch, and how it ends. */
#include "watch_world.h"

/* --- ends of a watch --- */

static void test_a_watch_cut_in_mid_line_goes_on_from_the_last_version(void **state)
{
    struct world *w = *state;
    static const enum err_code ends[] = {ERR_NONE, ERR_UNREACHABLE};
    open_listed(w);
    for (size_t i = 0; i < 2; i++) {
        buf_clear(&w->heard);
        stream(w, i == 0 ? EVENT("MODIFIED", "podinfo", "11") : EVENT("MODIFIED", "podinfo", "13"));
        stream(w, "{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"namespace\":\"test\",\"name\":\"podinfo\"");
        end(w, ends[i]);
        expect_heard(w, "podinfo ");
        assert_true(store_has(w->store, "test", "podinfo"));
        expect_pause(until_next_request(w), 250, 500);
        expect_query(w, i == 0 ? "watch=true&allowWatchBookmarks=true&resourceVersion=11&" : "&resourceVersion=13&");
    }
    stream(w, EVENT("DELETED", "podinfo", "14"));
    assert_false(store_has(w->store, "test", "podinfo"));
    assert_int_equal(fake_http_count(w->fh, "GET", "limit="), 1);
}

static void test_bookmarks_move_the_version(void **state)
{
    struct world *w = *state;
    open_listed(w);
    buf_clear(&w->heard);
    stream(w, "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"700\"}}}\n");
    stream(w, "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{}}}\n");
    end(w, ERR_NONE);
    until_next_request(w);
    expect_query(w, "&resourceVersion=700&");
    expect_heard(w, "");
}

static void put(struct world *w, const char *text)
{
    struct err err;
    struct doc *object = doc_parse(text, strlen(text), &err);
    store_put(w->store, object);
    doc_free(object);
}

/* What follows the version in these lines is no JSON: they would lead to a new list if they were parsed. */
static void test_an_event_of_an_own_write_moves_the_version_and_is_not_parsed(void **state)
{
    struct world *w = *state;
    open_listed(w);
    put(w, ITEM("podinfo", "12"));
    buf_clear(&w->heard);
    stream(w, "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"resourceVersion\":\"12\"}, no JSON\n");
    assert_string_equal(watch_trouble(w->watch), "");
    expect_heard(w, "");
    stream(w, EVENT("MODIFIED", "podinfo", "13")); /* somebody else's */
    expect_heard(w, "podinfo ");
    stream(w, EVENT("DELETED", "podinfo", "13"));
    expect_heard(w, "podinfo ");
    end(w, ERR_NONE);
    until_next_request(w);
    expect_query(w, "&resourceVersion=13&");
}

static void test_after_a_list_the_versions_of_own_writes_say_nothing(void **state)
{
    struct world *w = *state;
    open_listed(w);
    put(w, ITEM("podinfo", "12"));
    fake_http_once(w->fh, "GET", "limit=", 200, LIST("3", ITEM("podinfo", "2")));
    stream(w, "no event\n"); /* the server was restored from a backup */
    until_next_request(w);
    buf_clear(&w->heard);
    stream(w, EVENT("MODIFIED", "podinfo", "12"));
    expect_heard(w, "podinfo ");
}

/* Ends the watch by `line` and shows the list that follows. */
static void expect_relist(struct world *w, const char *line, const char *trouble)
{
    stream(w, EVENT("MODIFIED", "podinfo", "30"));
    fake_clock_advance(w->fc, 5000); /* all is well until then */
    stream(w, line);
    fake_clock_run(w->fc);
    assert_string_equal(watch_trouble(w->watch), trouble);
    expect_pause(until_next_request(w), 250, 500);
    assert_string_equal(watch_trouble(w->watch), "");
    expect_query(w, "watch=true&allowWatchBookmarks=true&resourceVersion=20&");
}

static void test_only_too_old_and_garbage_lead_to_a_new_list(void **state)
{
    struct world *w = *state;
    open_listed(w);
    fake_http_route(w->fh, "GET", "limit=", 200, LIST("20", ITEM("podinfo", "15")));
    expect_relist(w, "{\"type\":\"ERROR\",\"object\":{\"code\":410,\"message\":\"too old resource version\"}}\n", "");
    expect_relist(w, "{\"type\":\"ERROR\",\"object\":{\"code\":500,\"message\":\"etcd lost it\"}}\n",
                  "event ERROR: etcd lost it");
    expect_relist(w, "{\"type\":\"ERROR\"}\n", "event ERROR: ");
    expect_relist(w, "{\"type\":\"SHOUTED\",\"object\":{}}\n", "a line that is no event");
    expect_relist(w, "{\"type\":\"ADDED\",\"object\":{\"metadata\":{}}}\n", "a line that is no event");
    expect_relist(w, "{\"type\":\"DELETED\"}\n", "a line that is no event");
    expect_relist(w, "[]\n", "a line that is no event");
    assert_non_null(strstr(w->logged, "watch of deployments: a line that is no event"));
    assert_int_equal(fake_http_count(w->fh, "GET", "limit="), 8);
    assert_int_equal(store_count(w->store), 1);
    stream(w, "{\"type\":\"ADDED\",\"obj\n"); /* a newline where none belongs */
    assert_true(str_has_prefix(watch_trouble(w->watch), "a line that is no event: "));
}

static void test_410_as_a_status_leads_to_a_new_list(void **state)
{
    struct world *w = *state;
    open_listed(w);
    end(w, ERR_NONE);
    fake_http_route(w->fh, "GET", "limit=", 200, LIST("20", ITEM("other", "15")));
    fake_http_once(w->fh, "GET", "watch=true", 410, "{\"message\":\"too old resource version: 10 (15)\"}");
    buf_clear(&w->heard);
    until_next_request(w);
    expect_pause(until_next_request(w), 500, 1000);
    expect_heard(w, "other podinfo ");
    expect_query(w, "&resourceVersion=20&");
}

static void test_a_refusal_of_the_version_leads_to_a_new_list(void **state)
{
    static const struct {
        int status;
        bool lists;
    } cases[] = {{400, true},  {504, true},  {500, true},  {404, true},
                 {401, false}, {403, false}, {429, false}, {503, false}};
    struct world *w = *state;
    open_listed(w);
    fake_http_route(w->fh, "GET", "limit=", 200, LIST("20", ITEM("podinfo", "15")));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        end(w, ERR_NONE);
        fake_http_once(w->fh, "GET", "watch=true", cases[i].status, "{\"message\":\"Too large resource version\"}");
        size_t lists = fake_http_count(w->fh, "GET", "limit=");
        until_next_request(w);
        assert_string_equal(watch_trouble(w->watch),
                            cases[i].status == 401
                                ? "kubeconfig /lab: the credentials were refused: Too large resource version"
                                : "Too large resource version");
        until_next_request(w);
        assert_int_equal(fake_http_count(w->fh, "GET", "limit=") - lists, cases[i].lists);
        expect_query(w, "watch=true");
        stream(w, EVENT("MODIFIED", "podinfo", "21"));
    }
}

static void test_a_line_above_4_mib_leads_to_a_new_list(void **state)
{
    struct world *w = *state;
    open_listed(w);
    size_t len = 4 * 1024 * 1024 + 1;
    char *line = mem_alloc(len);
    memset(line, 'x', len);
    fake_http_stream_n(w->fh, 1, line, len);
    mem_free(line);
    fake_clock_run(w->fc);
    assert_true(str_has_suffix(watch_trouble(w->watch), ": a line of more than 4 MiB"));
    fake_http_once(w->fh, "GET", "limit=", 200, LIST("20", ITEM("podinfo", "15")));
    until_next_request(w);
    expect_query(w, "&resourceVersion=20&");
    assert_string_equal(watch_trouble(w->watch), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_watch_cut_in_mid_line_goes_on_from_the_last_version, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bookmarks_move_the_version, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_event_of_an_own_write_moves_the_version_and_is_not_parsed, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_after_a_list_the_versions_of_own_writes_say_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_too_old_and_garbage_lead_to_a_new_list, setup, teardown),
        cmocka_unit_test_setup_teardown(test_410_as_a_status_leads_to_a_new_list, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_refusal_of_the_version_leads_to_a_new_list, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_line_above_4_mib_leads_to_a_new_list, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
