#include "board_world.h"

static int setup(void **state)
{
    *state = world_open("");
    return 0;
}

static int teardown(void **state)
{
    world_close(*state);
    return 0;
}

/* The rows of the last event of this name, as "shop Progressing 20 " each. */
static void expect_rows(const struct page *page, const char *event, const char *wanted)
{
    struct buf told;
    struct doc *data = page_last(page, event);
    buf_init(&told, 4096);
    struct node_iter it = node_iterate(node_get(doc_root(data), "rows"));
    while (node_next(&it)) {
        buf_printf(&told, "%s %s %lld ", node_str(node_get(it.value, "name")),
                   node_str_or(node_get(it.value, "phase"), "-"),
                   (long long)node_int_or(node_get(it.value, "weight"), -1));
    }
    assert_string_equal(buf_str(&told), wanted);
    buf_fini(&told);
    doc_free(data);
}

static void leave(struct page *page)
{
    page_leave(page);
    page_fini(page);
}

static void a_page_is_sent_all_and_then_what_changes(void **state)
{
    struct world *w = *state;
    struct page page;
    world_canary(w, "test", "books");
    world_canary(w, "test", "shop");
    world_run(w, 1000);
    world_ask(w, &page, "/feed", "");
    assert_int_equal(page.status, 200);
    assert_string_equal(page.type, "text/event-stream; charset=utf-8");
    assert_string_equal(page_header(&page, "Cache-Control"), "no-store");
    expect_rows(&page, "overview", "books - -1 shop - -1 ");
    world_patch(w, &KUBE_CANARIES, "test", "shop", "status",
                "{'status': {'phase': 'Progressing', 'canaryWeight': 20}}");
    expect_rows(&page, "rows", "shop Progressing 20 ");
    leave(&page);
}

static int count_of(const struct page *page, const char *text)
{
    int count = 0;
    for (const char *at = buf_str(&page->body); (at = strstr(at, text)) != NULL; at++) {
        count++;
    }
    return count;
}

static void delete_canary(struct world *w, const char *name);

/* Each has a reason of 200 KB, so a message has three. What goes in the middle is told by an overview anew, once. */
static void many_canaries_come_in_pieces(void **state)
{
    enum { MANY = 7, REASON = 200 * 1024 };
    struct world *w = *state;
    struct page page;
    char *reason = mem_alloc(REASON + 1);
    memset(reason, 'x', REASON);
    reason[REASON] = '\0';
    char *patch = str_format("{'metadata': {'annotations': {'sluice.dev/pause': '%s'}}}", reason);
    for (int i = 0; i < MANY; i++) {
        char name[] = {'c', (char)('0' + i), '\0'};
        world_canary(w, "test", name);
        world_patch(w, &KUBE_CANARIES, "test", name, NULL, patch);
    }
    page_init(&page, "GET", "/feed", "", NULL);
    page.reads = false;
    board_serve(w->board, &page.exchange);
    assert_int_equal(count_of(&page, "\"name\":\"c"), 3);
    delete_canary(w, "c0");
    page.reads = true;
    page.unread = 0;
    world_run(w, 2000);
    assert_int_equal(count_of(&page, "event: overview"), 2);
    assert_int_equal(count_of(&page, "\"name\":\"c"), 3 + MANY - 1);
    assert_int_equal(count_of(&page, "\"more\":true}"), 2); /* the first, and the next but its last piece */
    leave(&page);
    str_free(&patch);
    mem_free(reason);
}

static bool is_done;
static void on_deleted(void *ctx, const struct doc *answer, const struct err *err)
{
    is_done = err->code == ERR_NONE;
}

static void delete_canary(struct world *w, const char *name)
{
    struct kube_request request = {.verb = KUBE_DELETE, .resource = &KUBE_CANARIES, .namespace = "test", .name = name};
    is_done = false;
    kube_start(w->kube, &request, on_deleted, NULL);
    world_run(w, 1000);
    assert_true(is_done);
}

static void one_that_went_is_missing_from_the_next_overview(void **state)
{
    struct world *w = *state;
    struct page page;
    world_canary(w, "test", "books");
    world_canary(w, "test", "shop");
    world_run(w, 1000);
    world_ask(w, &page, "/feed", "");
    delete_canary(w, "books");
    expect_rows(&page, "overview", "shop - -1 ");
    leave(&page);
}

/* However much happens meanwhile, one message waits for a page that is slow. */
static void a_slow_page_is_sent_the_state_and_no_queue(void **state)
{
    struct world *w = *state;
    struct page page;
    world_canary(w, "test", "shop");
    world_run(w, 1000);
    world_ask(w, &page, "/feed", "");
    page.reads = false;
    world_patch(w, &KUBE_CANARIES, "test", "shop", "status", "{'status': {'canaryWeight': 1}}");
    expect_rows(&page, "rows", "shop - 1 ");
    size_t had = page.body.len;
    for (int weight = 2; weight < 12; weight++) {
        char *text = str_format("{'status': {'canaryWeight': %d}}", weight);
        world_patch(w, &KUBE_CANARIES, "test", "shop", "status", text);
        str_free(&text);
    }
    assert_int_equal(page.body.len, had);
    page.unread = 0; /* it reads */
    world_run(w, 1000);
    expect_rows(&page, "rows", "shop - 11 ");
    leave(&page);
}

static void a_page_that_reads_nothing_is_dropped(void **state)
{
    struct world *w = *state;
    struct page page;
    world_canary(w, "test", "shop");
    world_run(w, 1000);
    page_init(&page, "GET", "/feed", "", NULL);
    page.reads = false;
    board_serve(w->board, &page.exchange);
    world_run(w, FEED_PATIENCE_MS - 1000);
    assert_false(page.cut);
    page.unread--; /* a byte is a sign of life */
    world_run(w, FEED_PATIENCE_MS - 1000);
    assert_false(page.cut);
    world_run(w, 2000);
    assert_true(page.cut);
    page_fini(&page);
    assert_int_equal(clock_pending(w->clock) > 0, true);
}

/* Proxies close what is silent for a minute, and a page cannot tell silence from a cut cable. */
static void a_silent_cluster_has_a_heartbeat(void **state)
{
    struct world *w = *state;
    struct page page;
    world_ask(w, &page, "/feed", "");
    size_t had = page.body.len;
    world_run(w, 20 * 1000);
    struct doc *health = page_last(&page, "health");
    fake_doc_expect(node_get(doc_root(health), "health"), "{'synced': true, 'trouble': ''}");
    doc_free(health);
    assert_true(page.body.len > had);
    leave(&page);
}

static void no_more_pages_than_that_are_open(void **state)
{
    struct world *w = *state;
    static struct page pages[FEED_PAGES_MAX];
    struct page late;
    for (size_t i = 0; i < FEED_PAGES_MAX; i++) {
        world_ask(w, &pages[i], "/feed", "");
        assert_int_equal(pages[i].status, 200);
    }
    for (int i = 0; i < 3; i++) {
        world_ask(w, &late, "/feed", "");
        assert_int_equal(late.status, 503);
        assert_string_equal(page_header(&late, "Retry-After"), "30");
        page_fini(&late);
    }
    leave(&pages[7]);
    world_ask(w, &pages[7], "/feed", "");
    assert_int_equal(pages[7].status, 200);
    for (size_t i = 0; i < FEED_PAGES_MAX; i++) {
        leave(&pages[i]);
    }
}

static void expect_synced(const struct page *page, bool synced)
{
    struct doc *health = page_last(page, "health");
    assert_int_equal(node_bool_or(node_at(doc_root(health), "health", "synced"), !synced), synced);
    doc_free(health);
}

/* A page that was open first is told at once that there is nothing, rather than that nothing is known. */
static void the_end_of_the_first_list_is_told(void **state)
{
    struct world *w = world_begin("");
    struct page page;
    world_ask(w, &page, "/feed", "");
    expect_synced(&page, false);
    world_run(w, 2000);
    expect_synced(&page, true);
    expect_rows(&page, "rows", "");
    leave(&page);
    world_close(w);
}

/* A board that closes ends its pages' exchanges. */
static void open_pages_end_with_the_board(void **state)
{
    struct world *w = world_open("");
    struct page overview, release;
    world_canary(w, "test", "shop");
    world_ask(w, &overview, "/feed", "");
    world_ask(w, &release, "/feed", "namespace=test&canary=shop");
    world_run(w, 1000);
    world_close(w);
    assert_true(overview.ended && release.ended);
    page_fini(&overview);
    page_fini(&release);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_page_is_sent_all_and_then_what_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(many_canaries_come_in_pieces, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_went_is_missing_from_the_next_overview, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slow_page_is_sent_the_state_and_no_queue, setup, teardown),
        cmocka_unit_test_setup_teardown(a_page_that_reads_nothing_is_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(a_silent_cluster_has_a_heartbeat, setup, teardown),
        cmocka_unit_test_setup_teardown(no_more_pages_than_that_are_open, setup, teardown),
        cmocka_unit_test(the_end_of_the_first_list_is_told),
        cmocka_unit_test(open_pages_end_with_the_board),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
