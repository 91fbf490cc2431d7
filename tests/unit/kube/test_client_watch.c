#include "client_world.h"

static size_t start_watch(struct world *w)
{
    make_client(w, (struct kube_config){0});
    fake_http_handle(w->fh, hold, NULL);
    start(w, watch_all);
    fake_clock_run(w->fc);
    return fake_http_seen_count(w->fh) - 1;
}

static void test_a_watch_hands_over_whole_lines(void **state)
{
    struct world *w = *state;
    size_t index = start_watch(w);
    const struct fake_http_seen *seen = fake_http_last(w->fh);
    assert_true(seen->long_lived && seen->streamed);
    assert_int_equal(seen->timeout_ms, 0);
    fake_http_stream(w->fh, index, "one\ntw");
    assert_string_equal(buf_str(&w->lines), "one|");
    fake_http_stream(w->fh, index, "o\n\n\nthree\nfo");
    fake_http_stream(w->fh, index, "ur");
    assert_string_equal(buf_str(&w->lines), "one|two|three|");
    fake_http_end(w->fh, index, ERR_NONE); /* cut in mid-line, though it looks like a clean end */
    fake_clock_run(w->fc);
    assert_string_equal(buf_str(&w->lines), "one|two|three|");
    assert_int_equal(w->done, 1);
    assert_int_equal(w->err.code, ERR_NONE);
    assert_null(w->answer);
}

static void test_the_receiver_can_end_a_watch(void **state)
{
    struct world *w = *state;
    size_t index = start_watch(w);
    fake_http_stream(w->fh, index, "one\nstop\ntwo\n");
    assert_string_equal(buf_str(&w->lines), "one|stop|");
    fake_clock_run(w->fc);
    assert_int_equal(w->done, 1);
    assert_int_equal(w->err.code, ERR_NONE);
}

static void test_a_line_above_4_mib_ends_a_watch(void **state)
{
    struct world *w = *state;
    size_t index = start_watch(w), size = 1024 * 1024;
    char *mebibyte = mem_alloc(size);
    memset(mebibyte, 'x', size);
    for (int i = 0; i < 4; i++) {
        fake_http_stream_n(w->fh, index, mebibyte, size);
    }
    fake_http_stream(w->fh, index, "\n");
    assert_string_equal(buf_str(&w->lines), "(4194304)|");
    for (int i = 0; i < 4; i++) {
        fake_http_stream_n(w->fh, index, mebibyte, size);
    }
    fake_http_stream(w->fh, index, "x\n");
    fake_clock_run(w->fc);
    assert_string_equal(buf_str(&w->lines), "(4194304)|");
    assert_int_equal(w->done, 1);
    expect_failure(w, ERR_TOO_LARGE, "GET " SERVER "/apis/apps/v1/deployments?watch=true: a line of more than 4 MiB");
    mem_free(mebibyte);
}

static void test_silence_and_cuts_end_a_watch(void **state)
{
    struct world *w = *state;
    size_t index = start_watch(w);
    fake_clock_advance(w->fc, 100000);
    fake_http_stream(w->fh, index, "one\n");
    fake_clock_advance(w->fc, 179999);
    assert_int_equal(w->done, 0);
    fake_clock_advance(w->fc, 1);
    assert_int_equal(w->err.code, ERR_TIMEOUT);
    start(w, watch_all);
    fake_clock_run(w->fc);
    fake_http_end(w->fh, index + 1, ERR_UNREACHABLE);
    fake_clock_run(w->fc);
    assert_int_equal(w->done, 2);
    assert_int_equal(w->err.code, ERR_UNREACHABLE);
    fake_http_once(w->fh, "GET", NULL, 410, "{\"message\":\"too old resource version\"}");
    ask(w, watch_all);
    expect_failure(w, ERR_GONE, "too old resource version");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_watch_hands_over_whole_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_receiver_can_end_a_watch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_line_above_4_mib_ends_a_watch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_silence_and_cuts_end_a_watch, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
