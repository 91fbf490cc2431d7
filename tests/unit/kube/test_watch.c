#include "watch_world.h"

/* --- the ordinary life --- */

static void test_a_list_and_then_a_watch_from_its_version(void **state)
{
    struct world *w = *state;
    fake_http_once(w->fh, "GET", "limit=", 200, LIST("10", ITEM("podinfo", "5")));
    open_watch(w, (struct watch_options){.namespace = "test", .label_selector = "a in (b,c)", .field_selector = "x=y"});
    const struct fake_http_seen *list = fake_http_seen(w->fh, 0), *watch = fake_http_seen(w->fh, 1);
    assert_string_equal(list->url, "https://api/apis/apps/v1/namespaces/test/deployments?limit=500"
                                   "&labelSelector=a%20in%20%28b%2Cc%29&fieldSelector=x%3Dy");
    assert_false(list->long_lived);
    assert_true(str_has_prefix(watch->url, "https://api/apis/apps/v1/namespaces/test/deployments?watch=true"
                                           "&allowWatchBookmarks=true&resourceVersion=10&timeoutSeconds="));
    assert_true(str_has_suffix(watch->url, "&labelSelector=a%20in%20%28b%2Cc%29&fieldSelector=x%3Dy"));
    assert_in_range(strtol(strstr(watch->url, "Seconds=") + strlen("Seconds="), NULL, 10), 290, 589);
    assert_true(watch->long_lived);
    expect_heard(w, "podinfo synced ");
    stream(w, EVENT("ADDED", "new", "11") EVENT("MODIFIED", "podinfo", "12"));
    stream(w, EVENT("DELETED", "new", "13"));
    expect_heard(w, "new podinfo new ");
    assert_int_equal(store_count(w->store), 1);
    assert_string_equal(watch_trouble(w->watch), "");
    assert_int_equal(fake_http_seen_count(w->fh), 2); /* and nothing is asked while nothing happens */
    fake_clock_advance(w->fc, 170000);
    assert_int_equal(fake_http_seen_count(w->fh), 2);
}

static void test_pages_are_read_to_the_last(void **state)
{
    struct world *w = *state;
    fake_http_once(w->fh, "GET", "limit=500&continue=b%2F%3D", 200, LIST("9", ITEM("three", "3")));
    fake_http_once(w->fh, "GET", "limit=500&continue=a", 200, PAGE("b/=", ITEM("two", "2")));
    fake_http_once(w->fh, "GET", "continue=a", 503, "{\"message\":\"etcd is away\"}");
    fake_http_once(w->fh, "GET", "limit=500", 200, PAGE("a", ITEM("one", "1")));
    open_watch(w, (struct watch_options){0});
    expect_heard(w, "one ");
    assert_string_equal(watch_trouble(w->watch), "etcd is away");
    assert_false(store_is_synced(w->store));
    expect_pause(until_next_request(w), 250, 500); /* goes on with the page that failed */
    expect_heard(w, "two three synced ");
    expect_query(w, "&resourceVersion=9&");
    assert_string_equal(watch_trouble(w->watch), "");
    assert_int_equal(fake_http_seen_count(w->fh), 5);
}

static bool too_large_above(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    const char *limit = strstr(request->url, "limit=");
    if (limit == NULL) {
        return false;
    }
    if (strtol(limit + strlen("limit="), NULL, 10) > *(const int *)ctx) {
        answer->code = ERR_TOO_LARGE;
        answer->text = "the answer is too large";
    } else {
        answer->body = LIST("9", ITEM("one", "1"));
    }
    return true;
}

static void test_pages_that_are_too_large_are_halved(void **state)
{
    struct world *w = *state;
    int fits = 62;
    fake_http_handle(w->fh, too_large_above, &fits);
    open_watch(w, (struct watch_options){0});
    assert_int_equal(fake_http_count(w->fh, "GET", "limit="), 4); /* 500, 250, 125, 62 */
    assert_true(store_is_synced(w->store));
    fits = 0;
    stream(w, "{\"type\":\"ERROR\",\"object\":{\"code\":410}}\n");
    fake_clock_advance(w->fc, 500);
    expect_query(w, "limit=1");
    assert_string_equal(watch_trouble(w->watch), "the answer is too large"); /* its metadata, too */
    assert_true(store_has(w->store, "test", "one"));
    expect_pause(until_next_request(w), 500, 1000);
}

/* Objects of 10 KB each; the one with the number `large` has 9 MB. Metadata is small. */
struct large_list {
    int objects, large;
    struct buf body;
};

static bool answer_large_list(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    struct large_list *list = ctx;
    const char *limit = strstr(request->url, "limit="), *from = strstr(request->url, "continue=");
    if (limit == NULL) {
        return false;
    }
    bool metadata = strstr(fake_http_header(request, "Accept"), "PartialObjectMetadata") != NULL;
    int first = from != NULL ? (int)strtol(from + strlen("continue="), NULL, 10) : 0;
    int end = first + (int)strtol(limit + strlen("limit="), NULL, 10);
    end = end < list->objects ? end : list->objects;
    buf_clear(&list->body);
    buf_printf(&list->body, "{\"metadata\":{\"resourceVersion\":\"9\"");
    if (end < list->objects) {
        buf_printf(&list->body, ",\"continue\":\"%d\"", end);
    }
    buf_append_str(&list->body, "},\"items\":[");
    for (int i = first; i < end; i++) {
        buf_printf(&list->body, "%s{\"metadata\":{\"namespace\":\"test\",\"name\":\"o%d\"},\"data\":\"%*s\"}",
                   i > first ? "," : "", i,
                   metadata           ? 1
                   : i == list->large ? 9 * 1024 * 1024
                                      : 10 * 1024,
                   "x");
    }
    buf_printf(&list->body, "]}");
    answer->body = buf_str(&list->body);
    return true;
}

static void test_a_page_of_more_bytes_than_wanted_is_asked_for_again_in_halves(void **state)
{
    struct world *w = *state;
    struct large_list list = {.objects = 300, .large = -1};
    buf_init(&list.body, 64 * 1024 * 1024);
    fake_http_handle(w->fh, answer_large_list, &list);
    open_watch(w, (struct watch_options){0});
    assert_true(store_is_synced(w->store));
    assert_int_equal(store_count(w->store), 300);
    assert_int_equal(fake_http_count(w->fh, "GET", "limit="), 5); /* 500: 3 MB, 250: 2.5 MB, thrice 125 */
    buf_fini(&list.body);
}

static void test_an_object_that_is_too_large_alone_is_told_by_name(void **state)
{
    struct world *w = *state;
    struct large_list list = {.objects = 3, .large = 1};
    buf_init(&list.body, 64 * 1024 * 1024);
    fake_http_handle(w->fh, answer_large_list, &list);
    open_watch(w, (struct watch_options){0});
    assert_string_equal(watch_trouble(w->watch),
                        "deployments test/o1 is larger than 8 MiB: no object after it is known");
    assert_false(store_is_synced(w->store));
    expect_pause(until_next_request(w), 250, 500); /* not at once */
    list.large = -1;
    fake_clock_advance(w->fc, 60 * 1000);
    assert_true(store_is_synced(w->store));
    buf_fini(&list.body);
}

static void test_an_expired_page_begins_the_list_again(void **state)
{
    struct world *w = *state;
    fake_http_route(w->fh, "GET", "limit=500", 200, LIST("20", ITEM("two", "12")));
    fake_http_once(w->fh, "GET", "continue=a", 410, "{\"message\":\"the continue token is too old\"}");
    fake_http_once(w->fh, "GET", "limit=500", 200, PAGE("a", ITEM("one", "1")));
    open_watch(w, (struct watch_options){0});
    expect_heard(w, "one ");
    expect_pause(until_next_request(w), 250, 500);
    expect_heard(w, "two one synced ");
    assert_int_equal(store_count(w->store), 1);
}

/* A page that names itself as the next one would be asked for for ever. */
static void test_a_list_without_an_end_is_begun_again_after_a_pause(void **state)
{
    struct world *w = *state;
    fake_http_route(w->fh, "GET", "limit=500", 200, LIST("20", ITEM("two", "12")));
    fake_http_once(w->fh, "GET", "continue=a", 200, PAGE("a", ITEM("one", "1")));
    fake_http_once(w->fh, "GET", "limit=500", 200, PAGE("a", ITEM("one", "1")));
    open_watch(w, (struct watch_options){0});
    assert_int_equal(fake_http_seen_count(w->fh), 2);
    assert_non_null(strstr(watch_trouble(w->watch), "the list does not end"));
    assert_false(store_is_synced(w->store));
    expect_pause(until_next_request(w), 250, 500);
    assert_true(store_is_synced(w->store));
    assert_int_equal(store_count(w->store), 1);
}

static void test_metadata_alone_can_be_asked_for(void **state)
{
    struct world *w = *state;
    fake_http_once(w->fh, "GET", "limit=", 200, LIST("10", ITEM("podinfo", "5")));
    open_watch(w, (struct watch_options){.metadata_only = true});
    assert_true(str_has_prefix(fake_http_header(fake_http_seen(w->fh, 0), "Accept"),
                               "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,"));
    assert_true(str_has_prefix(fake_http_header(fake_http_last(w->fh), "Accept"),
                               "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,"));
}

static void test_an_answer_that_is_no_list_empties_nothing(void **state)
{
    struct world *w = *state;
    open_listed(w);
    stream(w, "{\"type\":\"ERROR\",\"object\":{\"code\":410}}\n");
    fake_http_once(w->fh, "GET", "limit=", 200, "{\"kind\":\"Status\",\"status\":\"Success\"}");
    fake_clock_advance(w->fc, 500);
    assert_string_equal(watch_trouble(w->watch), "list of deployments: the answer is no list");
    assert_true(store_has(w->store, "test", "podinfo"));
    fake_http_once(w->fh, "GET", "limit=", 200,
                   "{\"metadata\":{},\"items\":null}"); /* what Go makes of an empty slice */
    until_next_request(w);
    assert_string_equal(watch_trouble(w->watch), "");
    assert_int_equal(store_count(w->store), 0);
}

/* --- pauses --- */

static void test_pauses_grow_to_half_a_minute_and_start_anew(void **state)
{
    struct world *w = *state;
    open_listed(w);
    int64_t pause_ms = 500;
    for (int i = 0; i < 12; i++) {
        end(w, ERR_UNREACHABLE);
        assert_non_null(strstr(watch_trouble(w->watch), "the connection was cut"));
        expect_pause(until_next_request(w), pause_ms / 2, pause_ms);
        pause_ms = pause_ms * 2 < 30000 ? pause_ms * 2 : 30000;
    }
    assert_int_equal(pause_ms, 30000);
    assert_non_null(strstr(w->logged, "watch of deployments: GET https://api/apis/apps/v1/deployments?watch=true"));
    stream(w, EVENT("MODIFIED", "podinfo", "11"));
    assert_string_equal(watch_trouble(w->watch), "");
    end(w, ERR_UNREACHABLE);
    expect_pause(until_next_request(w), 250, 500);
}

static void test_a_watch_that_lasted_was_well(void **state)
{
    struct world *w = *state;
    open_listed(w);
    for (int i = 0; i < 3; i++) { /* a proxy that hangs up at once */
        end(w, ERR_NONE);
        until_next_request(w);
    }
    end(w, ERR_UNREACHABLE);
    expect_pause(until_next_request(w), 2000, 4000);
    for (int i = 0; i < 3;
         i++) { /* a proxy that is never idle for ten seconds: no reason to be blind for longer each time */
        fake_clock_advance(w->fc, 9000);
        end(w, ERR_UNREACHABLE);
        expect_pause(until_next_request(w), 250, 500);
    }
    fake_clock_advance(w->fc, 170000); /* quiet */
    end(w, ERR_NONE);
    assert_string_equal(watch_trouble(w->watch), "");
    expect_pause(until_next_request(w), 250, 500);
    fake_clock_advance(w->fc, 180000); /* a dead peer: the silence ends it */
    assert_string_equal(watch_trouble(w->watch), "");
    expect_query(w, "&resourceVersion=10&");
    assert_int_equal(fake_http_open_calls(w->fh), 0);
    expect_pause(until_next_request(w), 250, 500);
}

static bool busy(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    answer->status = 429;
    answer->retry_after_ms = 45000;
    return true;
}

static void test_the_server_may_ask_for_a_longer_pause(void **state)
{
    struct world *w = *state;
    fake_http_handle(w->fh, busy, NULL);
    open_watch(w, (struct watch_options){0});
    expect_pause(until_next_request(w), 45000, 45000);
    assert_false(store_is_synced(w->store));
}

static bool busy_for_a_day(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    answer->status = 429;
    answer->body = "{\"details\":{\"retryAfterSeconds\":86400}}";
    return true;
}

static void test_no_answer_makes_a_watch_deaf_for_more_than_a_minute(void **state)
{
    struct world *w = *state;
    fake_http_handle(w->fh, busy_for_a_day, NULL);
    open_watch(w, (struct watch_options){0});
    expect_pause(until_next_request(w), 60000, 60000);
}

static void test_a_kind_that_is_not_registered(void **state)
{
    struct world *w = *state;
    fake_http_route(w->fh, "GET", "limit=", 404, "404 page not found\n");
    open_watch(w, (struct watch_options){0});
    assert_true(watch_is_unknown_kind(w->watch));
    expect_pause(until_next_request(w), 30000, 30000);
    fake_http_once(w->fh, "GET", "limit=", 200, LIST("10", ITEM("podinfo", "5")));
    until_next_request(w);
    assert_false(watch_is_unknown_kind(w->watch));
    assert_string_equal(watch_trouble(w->watch), "");
    end(w, ERR_NONE);
    fake_http_once(w->fh, "GET", "watch=true", 404, "404 page not found\n"); /* and gone again */
    until_next_request(w);
    assert_true(watch_is_unknown_kind(w->watch));
    expect_pause(until_next_request(w), 30000, 30000);
    expect_query(w, "limit=");
}

static void test_closing_while_the_list_is_on_its_way(void **state)
{
    struct world *w = *state;
    w->watch = watch_open(w->client, fake_clock_clock(w->fc), w->store, &(struct watch_options){0});
    assert_int_equal(fake_http_open_calls(w->fh), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_list_and_then_a_watch_from_its_version, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pages_are_read_to_the_last, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pages_that_are_too_large_are_halved, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_page_of_more_bytes_than_wanted_is_asked_for_again_in_halves, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_an_object_that_is_too_large_alone_is_told_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_expired_page_begins_the_list_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_list_without_an_end_is_begun_again_after_a_pause, setup, teardown),
        cmocka_unit_test_setup_teardown(test_metadata_alone_can_be_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_answer_that_is_no_list_empties_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pauses_grow_to_half_a_minute_and_start_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_watch_that_lasted_was_well, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_server_may_ask_for_a_longer_pause, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_answer_makes_a_watch_deaf_for_more_than_a_minute, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_kind_that_is_not_registered, setup, teardown),
        cmocka_unit_test_setup_teardown(test_closing_while_the_list_is_on_its_way, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
