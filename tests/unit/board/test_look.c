#include "board_world.h"

#define FIRST_CHECK                                                                                                    \
    "{'at': '2026-11-29T10:01:00Z', 'metric': 'success', 'verdict': 'pass', 'value': 99.6, 'min': 99, 'unit': '%', "   \
    "'round': 1, 'weight': 10}"
#define SECOND_CHECK                                                                                                   \
    "{'at': '2026-11-29T10:02:00Z', 'metric': 'success', 'verdict': 'fail', 'value': 96.1, 'min': 99, 'unit': '%', "   \
    "'round': 2, 'weight': 10, 'failed': 1, 'threshold': 2}"
#define RUNNING "'state': 'Running', 'started': '2026-11-29T10:00:00Z', 'images': {'from': 'shop:1', 'to': 'shop:2'}"

static int setup(void **state)
{
    struct world *w = *state = world_open("");
    world_canary(w, "test", "shop");
    world_run(w, 1000);
    return 0;
}

static int teardown(void **state)
{
    world_close(*state);
    return 0;
}

static struct doc *look_of(const struct page *page)
{
    struct doc *data = page_last(page, "release");
    assert_non_null(data);
    struct doc *look = doc_copy(node_get(doc_root(data), "look"));
    doc_free(data);
    return look;
}

static void leave(struct page *page)
{
    page_leave(page);
    page_fini(page);
}

/* The texts of a list, a line each. */
static void expect_texts(const struct doc *look, const char *list, const char *wanted)
{
    struct buf told;
    buf_init(&told, 65536);
    struct node_iter it = node_iterate(node_at(doc_root(look), "release", list));
    while (node_next(&it)) {
        buf_printf(&told, "%s\n", node_str(node_get(it.value, "text")));
    }
    assert_string_equal(buf_str(&told), wanted);
    buf_fini(&told);
}

static void a_release_is_drawn_in_the_words_of_why(void **state)
{
    struct world *w = *state;
    struct page page;
    world_release(w, "shop", 1, "{'status': {" RUNNING ", 'evidence': [" FIRST_CHECK "]}}");
    world_ask(w, &page, "/feed", "namespace=test&canary=shop");
    world_run(w, 1000);
    struct doc *look = look_of(&page);
    expect_texts(look, "decisions", "new revision (shop:1 → 2)\nsuccess 99.6 % (round 1)\n");
    const struct node *release = node_get(doc_root(look), "release");
    fake_doc_expect(node_at(release, "checks"),
                    "[{'name': 'success', 'unit': '%', 'points': [{'at_ms': 1795946460000, 'value': 99.6, 'min': 99, "
                    "'verdict': 'pass', 'text': 'success 99.6 %'}]}]");
    fake_doc_expect(node_get(release, "outcome"), "'under way'");
    fake_doc_expect(node_at(doc_root(look), "canary", "name"), "'shop'");
    fake_doc_expect(node_at(doc_root(look), "problems"), "[]");
    doc_free(look);
    leave(&page);
}

/* Fed from the watch: nobody asks again. */
static void what_is_decided_reaches_an_open_page(void **state)
{
    struct world *w = *state;
    struct page page;
    world_release(w, "shop", 1, "{'status': {" RUNNING ", 'evidence': [" FIRST_CHECK "]}}");
    world_ask(w, &page, "/feed", "namespace=test&canary=shop");
    world_run(w, 1000);
    world_patch(w, &KUBE_RELEASES, "test", "shop-1", "status",
                "{'status': {'evidence': [" FIRST_CHECK ", " SECOND_CHECK "]}}");
    struct doc *look = look_of(&page);
    expect_texts(look, "decisions",
                 "new revision (shop:1 → 2)\nsuccess 99.6 % (round 1)\n"
                 "success 96.1 %, at least 99 % wanted, short by 2.9 % (round 2)\n");
    doc_free(look);
    leave(&page);
}

static void the_latest_release_is_followed_and_an_older_one_is_not_left(void **state)
{
    struct world *w = *state;
    struct page latest, first;
    world_release(w, "shop", 1, "{'status': {'state': 'Failed', 'reason': 'x', 'started': '2026-11-29T09:00:00Z'}}");
    world_ask(w, &latest, "/feed", "namespace=test&canary=shop");
    world_ask(w, &first, "/feed", "namespace=test&canary=shop&number=1");
    world_run(w, 1000);
    world_release(w, "shop", 2, "{'status': {" RUNNING "}}");
    world_run(w, 1000);
    struct doc *look = look_of(&latest), *old = look_of(&first);
    fake_doc_expect(node_at(doc_root(look), "release", "name"), "'shop-2'");
    fake_doc_expect(node_at(doc_root(old), "release", "name"), "'shop-1'");
    assert_int_equal(node_count(node_get(doc_root(old), "releases")), 2);
    doc_free(look);
    doc_free(old);
    leave(&latest);
    leave(&first);
}

/* Anybody who may write Events writes what they say. */
static void events_are_told_as_they_are(void **state)
{
    struct world *w = *state;
    struct page page;
    world_release(w, "shop", 1, "{'status': {" RUNNING "}}");
    world_create(w, "{'apiVersion': 'v1', 'kind': 'Event', 'metadata': {'name': 'shop.1', 'namespace': 'test'}, "
                    "'involvedObject': {'kind': 'Canary', 'name': 'shop', 'namespace': 'test'}, 'type': 'Warning', "
                    "'reason': 'Synced', 'message': '<img src=x onerror=alert(1)>', "
                    "'firstTimestamp': '2026-11-29T10:00:30Z', 'lastTimestamp': '2026-11-29T10:00:30Z'}");
    world_create(w, "{'apiVersion': 'v1', 'kind': 'Event', 'metadata': {'name': 'other.1', 'namespace': 'test'}, "
                    "'involvedObject': {'kind': 'Canary', 'name': 'other', 'namespace': 'test'}, 'type': 'Normal', "
                    "'reason': 'Synced', 'message': 'not ours', "
                    "'firstTimestamp': '2026-11-29T10:00:30Z', 'lastTimestamp': '2026-11-29T10:00:30Z'}");
    world_ask(w, &page, "/feed", "namespace=test&canary=shop");
    world_run(w, 1000);
    struct doc *look = look_of(&page);
    expect_texts(look, "events", "<img src=x onerror=alert(1)>\n");
    doc_free(look);
    leave(&page);
}

static void a_record_that_is_none_is_a_problem_that_is_told(void **state)
{
    struct world *w = *state;
    struct page page;
    world_release(w, "shop", 1, "{'status': {" RUNNING ", 'evidence': [{'verdict': 'maybe'}]}}");
    world_ask(w, &page, "/feed", "namespace=test&canary=shop");
    world_run(w, 1000);
    struct doc *look = look_of(&page);
    fake_doc_expect(node_get(doc_root(look), "problems"),
                    "['shop-1: Release shop-1: status.evidence[0].verdict: pass, fail or blind is wanted, "
                    "got \\'maybe\\'']");
    doc_free(look);
    leave(&page);
}

static struct network_fate refuse_events(void *ctx, const struct http_request *request)
{
    bool is_events = strstr(request->url, "/events") != NULL;
    *(int *)ctx += is_events;
    return (struct network_fate){.status = is_events ? 403 : 0, .body = "{\"message\": \"events are forbidden\"}"};
}

static void a_role_that_may_not_read_events_sees_all_else(void **state)
{
    struct world *w = *state;
    struct page page;
    int asked = 0;
    network_fates(cluster_network(w->stage.cluster), refuse_events, &asked);
    world_release(w, "shop", 1, "{'status': {" RUNNING "}}");
    world_ask(w, &page, "/feed", "namespace=test&canary=shop");
    world_run(w, 20 * 1000);
    struct doc *look = look_of(&page);
    fake_doc_expect(node_at(doc_root(look), "release", "name"), "'shop-1'");
    assert_true(asked > 0);
    doc_free(look);
    leave(&page);
}

static int watches;
static void count_watches(void *ctx, const struct http_request *request)
{
    watches += strstr(request->url, "fieldSelector") != NULL;
}

/* A name that somebody made up opens no watch, and pages of one release share theirs. */
static void watches_are_for_what_is_there(void **state)
{
    struct world *w = *state;
    struct page made_up, one, two;
    network_listen(cluster_network(w->stage.cluster), count_watches, NULL);
    watches = 0;
    world_ask(w, &made_up, "/feed", "namespace=test&canary=gone");
    world_run(w, 2000);
    assert_int_equal(watches, 0);
    world_release(w, "shop", 1, "{'status': {" RUNNING "}}");
    world_ask(w, &one, "/feed", "namespace=test&canary=shop");
    world_ask(w, &two, "/feed", "namespace=test&canary=shop");
    world_run(w, 2000);
    assert_int_equal(watches, 4); /* a list and a watch, of the record and of the events */
    leave(&made_up);
    leave(&one);
    leave(&two);
    network_listen(cluster_network(w->stage.cluster), NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_release_is_drawn_in_the_words_of_why, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_decided_reaches_an_open_page, setup, teardown),
        cmocka_unit_test_setup_teardown(the_latest_release_is_followed_and_an_older_one_is_not_left, setup, teardown),
        cmocka_unit_test_setup_teardown(events_are_told_as_they_are, setup, teardown),
        cmocka_unit_test_setup_teardown(a_record_that_is_none_is_a_problem_that_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(a_role_that_may_not_read_events_sees_all_else, setup, teardown),
        cmocka_unit_test_setup_teardown(watches_are_for_what_is_there, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
