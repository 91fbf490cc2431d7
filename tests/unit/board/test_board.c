#include "board_world.h"

#include "board/files.h"

static void ask(struct world *w, struct page *page, const char *method, const char *path, const char *query,
                const struct page_header *asked)
{
    page_init(page, method, path, query, asked);
    board_serve(w->board, &page->exchange);
}

static void expect_status(struct world *w, const char *method, const char *path, const char *query, int status)
{
    struct page page;
    ask(w, &page, method, path, query, NULL);
    assert_int_equal(page.status, status);
    assert_non_null(page_header(&page, "Content-Security-Policy"));
    assert_string_equal(page_header(&page, "X-Content-Type-Options"), "nosniff");
    if (status != 200 || strstr(path, "feed") == NULL) {
        assert_true(page.ended);
    } else {
        page_leave(&page);
    }
    page_fini(&page);
}

static void the_page_and_its_files_are_served(void **state)
{
    struct world *w = world_open("");
    struct page page;
    ask(w, &page, "GET", "/", "canary=test/shop", NULL);
    assert_string_equal(page.type, "text/html; charset=utf-8");
    assert_non_null(strstr(buf_str(&page.body), "<script type=\"module\" src=\"main.js\">"));
    page_fini(&page);
    for (size_t i = 0; i < web_files_count; i++) {
        char *path = str_format("/%s", web_files[i].name);
        expect_status(w, "GET", path, "", 200);
        str_free(&path);
    }
    ask(w, &page, "GET", "/uplot.js", "", NULL);
    assert_string_equal(page.type, "text/javascript; charset=utf-8");
    page_fini(&page);
    expect_status(w, "GET", "/other.js", "", 404);
    expect_status(w, "GET", "/../main.js", "", 404);
    expect_status(w, "POST", "/", "", 405);
    expect_status(w, "HEAD", "/", "", 200);
    expect_status(w, "HEAD", "/feed", "", 404);
    world_close(w);
}

static void a_copy_that_is_the_same_is_not_sent_again(void **state)
{
    struct world *w = world_open("");
    struct page page;
    ask(w, &page, "GET", "/main.js", "", NULL);
    char *tag = str_dup(page_header(&page, "ETag"));
    page_fini(&page);
    const struct page_header same[] = {{"If-None-Match", tag}, {0}}, other[] = {{"If-None-Match", "\"x\""}, {0}};
    ask(w, &page, "GET", "/main.js", "", same);
    assert_int_equal(page.status, 304);
    page_fini(&page);
    ask(w, &page, "GET", "/main.js", "", other);
    assert_int_equal(page.status, 200);
    page_fini(&page);
    str_free(&tag);
    world_close(w);
}

static void all_of_it_is_below_the_prefix(void **state)
{
    struct world *w = world_open("/team/sluice");
    struct page page;
    expect_status(w, "GET", "/team/sluice/", "", 200);
    expect_status(w, "GET", "/team/sluice/main.js", "", 200);
    expect_status(w, "GET", "/team/sluice/feed", "", 200);
    expect_status(w, "GET", "/main.js", "", 404);
    expect_status(w, "GET", "/", "", 404);
    expect_status(w, "GET", "/team/sluicery", "", 404);
    ask(w, &page, "GET", "/team/sluice", "", NULL);
    assert_int_equal(page.status, 301);
    assert_string_equal(page_header(&page, "Location"), "sluice/");
    page_fini(&page);
    ask(w, &page, "GET", "/team/sluice", "canary=test/shop", NULL);
    assert_string_equal(page_header(&page, "Location"), "sluice/?canary=test/shop");
    page_fini(&page);
    world_close(w);
}

static void foreign_names_and_pages_get_nothing(void **state)
{
    struct world *w = world_open("");
    struct page page;
    const struct page_header rebound[] = {{"Host", "evil.example"}, {0}},
                             foreign[] = {{"Host", "127.0.0.1:1"}, {"Origin", "http://evil.example"}, {0}};
    const struct page_header *const headers[] = {rebound, foreign};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        ask(w, &page, "GET", "/feed", "", headers[i]);
        assert_int_equal(page.status, 403);
        assert_true(page.ended);
        page_fini(&page);
    }
    world_close(w);
}

static void a_link_opens_the_page_alone(void **state)
{
    static const struct {
        const char *path;
        int status;
    } cases[] = {{"/team/", 200}, {"/team", 301}, {"/team/feed", 403}, {"/team/main.js", 403}};
    const struct page_header link[] = {
        {"Host", "127.0.0.1:1"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}, {0}};
    struct world *w = world_open("/team");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct page page;
        ask(w, &page, "GET", cases[i].path, "", link);
        assert_int_equal(page.status, cases[i].status);
        page_fini(&page);
    }
    world_close(w);
}

static void what_is_no_name_is_refused(void **state)
{
    struct world *w = world_open("");
    expect_status(w, "GET", "/feed", "canary=shop", 400);
    expect_status(w, "GET", "/feed", "namespace=&canary=shop", 400);
    expect_status(w, "GET", "/feed", "namespace=test&canary=", 400);
    expect_status(w, "GET", "/feed", "namespace=test&canary=a%2Cb%3Dc", 400);
    expect_status(w, "GET", "/feed", "namespace=test&canary=shop&number=0", 400);
    expect_status(w, "GET", "/feed", "namespace=test&canary=shop&number=1x", 400);
    expect_status(w, "GET", "/feed", "namespace=test&canary=shop&number=99999999999999999999", 400);
    expect_status(w, "GET", "/feed", "namespace=test&canary=shop&number=3", 200);
    world_close(w);
}

static void a_prefix_is_a_path(void **state)
{
    static const char *const right[] = {"", "/sluice", "/a/b-c_d.e~f", "/..a", "/a...b/.c"};
    static const char *const wrong[] = {"/",    "sluice", "/sluice/", "//a", "/a//b",   "/a b",
                                        "/a?b", "/a%20",  "/..",      "/.",  "/a/../b", "/a/."};
    struct err err;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        assert_true(board_check_prefix(right[i], &err));
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(board_check_prefix(wrong[i], &err));
        assert_non_null(strstr(err.text, "as in /sluice"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_and_its_files_are_served),
        cmocka_unit_test(a_copy_that_is_the_same_is_not_sent_again),
        cmocka_unit_test(all_of_it_is_below_the_prefix),
        cmocka_unit_test(foreign_names_and_pages_get_nothing),
        cmocka_unit_test(a_link_opens_the_page_alone),
        cmocka_unit_test(what_is_no_name_is_refused),
        cmocka_unit_test(a_prefix_is_a_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
