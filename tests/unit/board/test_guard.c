#include "board/guard.h"

#include "board_world.h"

/* True when a GET with these headers is admitted. */
static bool admits_as(bool is_page, const char *host, const char *origin, const char *site, const char *mode)
{
    struct page_header asked[5] = {{0}};
    struct str_list hosts = {0};
    struct page page;
    const char *why;
    size_t count = 0;
    const char *const names[] = {"Host", "Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode"};
    const char *const values[] = {host, origin, site, mode};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (values[i] != NULL) {
            asked[count++] = (struct page_header){names[i], values[i]};
        }
    }
    str_list_push(&hosts, "board.example");
    page_init(&page, "GET", "/", "", asked);
    bool ok = guard_admits(&page.exchange, &hosts, is_page, &why);
    page_fini(&page);
    str_list_fini(&hosts);
    return ok;
}

static bool admits(const char *host, const char *origin, const char *site, const char *mode)
{
    return admits_as(false, host, origin, site, mode);
}

static void our_own_page_is_admitted(void **state)
{
    assert_true(admits(NULL, NULL, NULL, NULL)); /* no browser */
    assert_true(admits("127.0.0.1:8090", NULL, NULL, NULL));
    assert_true(admits("localhost:8090", "http://localhost:8090", "same-origin", "cors"));
    assert_true(admits("board.example", "https://board.example", "same-origin", "cors")); /* behind a proxy with TLS */
    assert_true(admits("127.0.0.1:8090", NULL, "none", "navigate"));                      /* typed by hand */
}

static void a_name_that_leads_here_is_not(void **state)
{
    assert_false(admits("evil.example:8090", NULL, NULL, NULL));
    assert_false(admits("evil.example:8090", "http://evil.example:8090", "same-origin", "cors"));
    assert_false(admits("evil.example", NULL, "none", "navigate"));
    assert_false(admits("board.example.evil.example", NULL, NULL, NULL));
}

static void the_page_of_another_site_is_not(void **state)
{
    assert_false(admits("127.0.0.1:8090", "http://evil.example", NULL, NULL));
    assert_false(admits("127.0.0.1:8090", "http://127.0.0.1:5000", "same-site", "cors")); /* of another port */
    assert_false(admits("127.0.0.1:8090", "null", NULL, NULL)); /* a sandboxed frame, or a file */
    assert_false(admits("127.0.0.1:8090", NULL, "cross-site", "no-cors"));
    assert_false(admits("127.0.0.1:8090", NULL, "same-site", "no-cors"));
}

/* A link in a chat opens the dashboard; what it shows there nobody else can read. */
static void a_link_is_followed(void **state)
{
    assert_true(admits_as(true, "127.0.0.1:8090", NULL, "cross-site", "navigate"));
    assert_false(admits_as(true, "127.0.0.1:8090", NULL, "cross-site", "no-cors"));
    assert_false(admits("127.0.0.1:8090", NULL, "cross-site", "navigate")); /* to the feed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own_page_is_admitted),
        cmocka_unit_test(a_name_that_leads_here_is_not),
        cmocka_unit_test(the_page_of_another_site_is_not),
        cmocka_unit_test(a_link_is_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
