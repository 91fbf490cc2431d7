/* What time it is at the server. */
#include "client_world.h"

static bool with_date(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    answer->date_ms = *(const int64_t *)ctx;
    answer->body = "{}";
    return true;
}

static void test_the_time_is_that_of_the_server(void **state)
{
    struct world *w = *state;
    int64_t date_ms = 0;
    make_client(w, (struct kube_config){0});
    fake_http_handle(w->fh, with_date, &date_ms);
    ask(w, get_podinfo); /* a server that tells no date */
    assert_int_equal(kube_client_now_ms(w->client), clock_wall_ms(fake_clock_clock(w->fc)));
    date_ms = INT64_C(784111777000);
    ask(w, get_podinfo);
    assert_int_equal(kube_client_now_ms(w->client), date_ms);
    fake_clock_advance(w->fc, 90000);
    assert_int_equal(kube_client_now_ms(w->client), date_ms + 90000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_time_is_that_of_the_server, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
