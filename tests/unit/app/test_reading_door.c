#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/reading_door.h"
#include "base/str.h"
#include "fake_clock.h"
#include "fake_http.h"

struct world {
    struct fake_clock *clock;
    struct fake_http *http;
    struct http *door;
    int done, status;
    enum err_code code;
    char text[128];
};

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.clock = fake_clock_new(0)};
    world.http = fake_http_new(fake_clock_clock(world.clock));
    world.door = reading_door_new(fake_http_door(world.http), fake_clock_clock(world.clock), "http://prom/ours/",
                                  "Bearer s3cret");
    fake_http_route(world.http, NULL, "", 200, "ok");
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    reading_door_free(w->door);
    fake_http_free(w->http);
    fake_clock_free(w->clock);
    return 0;
}

static void on_done(void *ctx, const struct http_response *response, const struct err *err)
{
    struct world *w = ctx;
    w->done++;
    w->status = response != NULL ? response->status : 0;
    w->code = err->code;
    str_copy(w->text, sizeof w->text, err->text);
}

static struct http_call *start(struct world *w, const char *method, const char *url, const struct http_header *header)
{
    struct http_request request = {
        .method = method, .url = url, .headers = header, .header_count = header != NULL, .timeout_ms = 1000};
    return http_start(w->door, &request, NULL, on_done, w);
}

static void a_get_passes(void **state)
{
    struct world *w = *state;
    start(w, "GET", "http://other/", NULL);
    assert_int_equal(w->done, 0);
    fake_clock_run(w->clock);
    assert_int_equal(w->done, 1);
    assert_int_equal(w->status, 200);
    assert_null(fake_http_header(fake_http_last(w->http), "Authorization"));
}

static void nothing_else_is_sent(void **state)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE", "HEAD"};
    struct world *w = *state;
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        start(w, methods[i], "http://prom/ours/x", NULL);
        assert_int_equal(w->done, (int)i); /* on a later turn */
        fake_clock_run(w->clock);
        assert_int_equal(w->done, (int)i + 1);
        assert_int_equal(w->code, ERR_REJECTED);
        assert_non_null(strstr(w->text, READING_DOOR_REFUSAL));
        assert_non_null(strstr(w->text, methods[i]));
    }
    assert_int_equal(fake_http_seen_count(w->http), 0);
}

static void one_server_is_told_who_asks(void **state)
{
    static const struct {
        const char *url;
        bool told;
    } cases[] = {
        {"http://prom/ours/api", true},    {"http://prom/ours", false},    {"http://prom/oursx/api", false},
        {"http://prom.evil/ours/", false}, {"http://prom/theirs/", false},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start(w, "GET", cases[i].url, NULL);
        fake_clock_run(w->clock);
        const char *told = fake_http_header(fake_http_last(w->http), "Authorization");
        assert_string_equal(told != NULL ? told : "", cases[i].told ? "Bearer s3cret" : "");
    }
    struct http_header own = {"authorization", "Basic own"};
    start(w, "GET", "http://prom/ours/api", &own);
    fake_clock_run(w->clock);
    assert_int_equal(fake_http_last(w->http)->header_count, 1);
    assert_string_equal(fake_http_header(fake_http_last(w->http), "Authorization"), "Basic own");
}

static void a_call_is_cancelled(void **state)
{
    struct world *w = *state;
    http_cancel(start(w, "GET", "http://prom/ours/x", NULL));
    http_cancel(start(w, "POST", "http://prom/ours/x", NULL));
    fake_clock_run(w->clock);
    assert_int_equal(w->done, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_get_passes, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_else_is_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(one_server_is_told_who_asks, setup, teardown),
        cmocka_unit_test_setup_teardown(a_call_is_cancelled, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
