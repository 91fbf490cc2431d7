/* A client on a machine: it sends one request after the other to a server that counts them, the next one as soon as an
 * answer has come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/virtual_clock.h"
#include "sim/ground/machine.h"
#include "sim/ground/network.h"

enum { LATENCY_MS = 10 };

struct world {
    struct virtual_clock *vc;
    struct network *network;
    struct machine *machine;
    int served, gone, deaths;
    /* the client */
    int to_send, answers, troubles, refusals;
    size_t bytes;
    int64_t fired_ms; /* when its timer did */
    bool closed;
};

/* --- the server --- */

static void on_gone(void *ctx)
{
    ((struct world *)ctx)->gone++;
}

static void serve(void *ctx, struct exchange *exchange)
{
    struct world *w = ctx;
    if (strcmp(exchange->path, "/stream") == 0) {
        exchange->gone = on_gone;
        exchange->ctx = w;
        exchange_begin(exchange, 200, "text/plain");
        exchange_send(exchange, "line", 4);
        return;
    }
    w->served++;
    exchange_answer(exchange, 200, "text/plain", "OK", 2);
}

static struct network_fate on_fate(void *ctx, const struct http_request *request)
{
    return (struct network_fate){.delay_ms = LATENCY_MS};
}

/* --- the client --- */

static void send_next(struct world *w);

static void on_answer(void *ctx, const struct http_response *response, const struct err *err)
{
    struct world *w = ctx;
    if (response == NULL && err->code != ERR_TIMEOUT) {
        assert_int_equal(err->code, ERR_UNREACHABLE);
        w->refusals++;
        return;
    }
    bool is_well = response != NULL && response->status == 200;
    w->answers += is_well;
    w->troubles += !is_well;
    send_next(w);
}

static void send_next(struct world *w)
{
    if (w->to_send > 0) {
        w->to_send--;
        struct http_request request = {.method = "GET", .url = "http://server/"};
        http_start(machine_door(w->machine), &request, NULL, on_answer, w);
    }
}

static bool on_bytes(void *ctx, const char *bytes, size_t len)
{
    ((struct world *)ctx)->bytes += len;
    return true;
}

static void open_stream(struct world *w)
{
    struct http_request request = {.method = "GET", .url = "http://server/stream"};
    http_start(machine_door(w->machine), &request, on_bytes, on_answer, w);
}

static void on_timer(struct timer *timer, void *ctx)
{
    struct world *w = ctx;
    w->fired_ms = clock_mono_ms(machine_clock(w->machine));
    w->closed = true;
}

static void on_death(void *ctx)
{
    ((struct world *)ctx)->deaths++;
}

/* --- both --- */

static void open_world(struct world *w)
{
    *w = (struct world){.vc = virtual_clock_new(0)};
    w->network = network_new(virtual_clock_clock(w->vc));
    network_host(w->network, "server", serve, w);
    network_fates(w->network, on_fate, w);
    w->machine = machine_new(virtual_clock_clock(w->vc), network_door(w->network));
    machine_on_death(w->machine, on_death, w);
}

/* What the dead one still has under way ends within a second of its own time. */
static void close_world(struct world *w)
{
    struct timer end = {0};
    timer_start(machine_clock(w->machine), &end, 1000, on_timer, w);
    w->closed = false;
    machine_kill(w->machine, false);
    machine_discard(w->machine, &w->closed);
    machine_free(w->machine);
    network_free(w->network);
    virtual_clock_free(w->vc);
}

static void on_passed(struct timer *timer, void *ctx)
{
    virtual_clock_stop(ctx);
}

static void let_pass(struct world *w, int64_t ms)
{
    struct timer timer = {0};
    struct clock *clock = virtual_clock_clock(w->vc);
    timer_start(clock, &timer, ms, on_passed, w->vc);
    virtual_clock_run(w->vc, clock_mono_ms(clock) + ms);
}

static void send_requests(struct world *w, int count)
{
    w->to_send = count;
    send_next(w);
    let_pass(w, 1000);
}

static void test_the_living_share_time_and_network_with_the_world(void **state)
{
    struct world w;
    struct timer timer = {0};
    open_world(&w);
    timer_start(machine_clock(w.machine), &timer, 70, on_timer, &w);
    send_requests(&w, 3);
    assert_int_equal(w.fired_ms, 70);
    assert_int_equal(w.served, 3);
    assert_int_equal(w.answers, 3);
    assert_int_equal(machine_requests(w.machine), 3);
    assert_int_equal(clock_mono_ms(machine_clock(w.machine)), 1000);
    assert_false(machine_is_dead(w.machine));
    close_world(&w);
    assert_int_equal(w.deaths, 1);
}

static void test_the_time_of_the_dead_stands_still(void **state)
{
    struct world w;
    struct timer timer = {0};
    open_world(&w);
    let_pass(&w, 50);
    timer_start(machine_clock(w.machine), &timer, 70, on_timer, &w);
    machine_kill(w.machine, false);
    let_pass(&w, 950);
    assert_int_equal(w.fired_ms, 0);
    assert_int_equal(clock_mono_ms(machine_clock(w.machine)), 50);
    machine_discard(w.machine, &w.closed); /* in a time that nobody else sees */
    assert_int_equal(w.fired_ms, 120);
    assert_int_equal(clock_mono_ms(virtual_clock_clock(w.vc)), 1000);
    close_world(&w);
}

static void test_what_was_sent_arrives_or_is_lost(void **state)
{
    for (int arrives = 0; arrives < 2; arrives++) {
        struct world w;
        open_world(&w);
        w.to_send = 1;
        send_next(&w);
        machine_kill(w.machine, arrives);
        let_pass(&w, 1000);
        assert_int_equal(w.served, arrives);
        assert_int_equal(w.answers + w.refusals, 0);
        close_world(&w);
        assert_int_equal(w.refusals, 1);
    }
}

static void test_the_dead_reach_nobody(void **state)
{
    struct world w;
    open_world(&w);
    machine_kill(w.machine, true);
    send_requests(&w, 1);
    assert_int_equal(w.served, 0);
    assert_int_equal(machine_requests(w.machine), 0);
    close_world(&w);
    assert_int_equal(w.refusals, 1);
}

static void test_it_dies_at_a_request(void **state)
{
    static const struct {
        enum machine_stroke stroke;
        int served, answers; /* the third is its last */
    } cases[] = {
        {MACHINE_BEFORE, 2, 2},
        {MACHINE_SERVED, 3, 2},
        {MACHINE_ANSWERED, 4, 3}, /* the fourth was sent in the turn that read the third's answer */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        open_world(&w);
        machine_strike_at(w.machine, 3, cases[i].stroke, NULL, NULL);
        send_requests(&w, 10);
        assert_true(machine_is_dead(w.machine));
        assert_int_equal(w.served, cases[i].served);
        assert_int_equal(w.answers, cases[i].answers);
        assert_int_equal(w.deaths, 1);
        close_world(&w);
    }
}

static void on_struck(void *ctx)
{
    ++*(int *)ctx;
}

static void test_a_request_fails_and_the_machine_lives(void **state)
{
    static const struct {
        enum machine_stroke stroke;
        int served, troubles; /* of ten requests */
    } cases[] = {
        {MACHINE_REFUSED, 9, 1},
        {MACHINE_UNANSWERED, 10, 1},
        {MACHINE_BESIDE, 10, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        int struck = 0;
        open_world(&w);
        machine_strike_at(w.machine, 3, cases[i].stroke, on_struck, &struck);
        send_requests(&w, 10);
        assert_false(machine_is_dead(w.machine));
        assert_int_equal(w.served, cases[i].served);
        assert_int_equal(w.troubles, cases[i].troubles);
        assert_int_equal(w.answers, 10 - cases[i].troubles);
        assert_int_equal(struck, 1);
        close_world(&w);
    }
}

static void test_a_request_that_is_past_kills_nobody(void **state)
{
    struct world w;
    open_world(&w);
    send_requests(&w, 3);
    machine_strike_at(w.machine, 2, MACHINE_BEFORE, NULL, NULL);
    send_requests(&w, 3);
    assert_int_equal(w.answers, 6);
    close_world(&w);
}

static void test_streams_do_not_count_and_are_cut(void **state)
{
    struct world w;
    open_world(&w);
    machine_strike_at(w.machine, 2, MACHINE_SERVED, NULL, NULL);
    open_stream(&w);
    open_stream(&w);
    send_requests(&w, 1);
    assert_int_equal(w.bytes, 8);
    assert_int_equal(machine_requests(w.machine), 1);
    assert_false(machine_is_dead(w.machine));
    machine_kill(w.machine, true);
    assert_int_equal(w.gone, 2);
    close_world(&w);
}

/* Time jumps: what is overdue and what has arrived come at once, in the order in which it looks at them. */
static void test_the_paused_go_on_where_they_stood(void **state)
{
    for (int answers_first = 0; answers_first < 2; answers_first++) {
        struct world w;
        struct timer timer = {0};
        open_world(&w);
        timer_start(machine_clock(w.machine), &timer, 70, on_timer, &w);
        open_stream(&w);
        w.to_send = 2;
        send_next(&w);
        machine_pause(w.machine);
        let_pass(&w, 1000);
        assert_int_equal(w.served, 1); /* it had been sent */
        assert_int_equal(w.answers, 0);
        assert_int_equal(w.bytes, 0);
        assert_int_equal(w.fired_ms, 0);
        machine_resume(w.machine, answers_first);
        let_pass(&w, 0);
        assert_int_equal(w.answers, 1);
        assert_int_equal(w.bytes, 4);
        assert_int_equal(w.fired_ms, 1000);
        let_pass(&w, 100);
        assert_int_equal(w.answers, 2);
        close_world(&w);
    }
}

static void test_the_paused_can_be_killed(void **state)
{
    struct world w;
    open_world(&w);
    open_stream(&w);
    w.to_send = 1;
    send_next(&w);
    machine_pause(w.machine);
    let_pass(&w, 1000);
    machine_kill(w.machine, true);
    machine_resume(w.machine, true);
    let_pass(&w, 1000);
    assert_int_equal(w.answers, 0);
    close_world(&w);
    assert_int_equal(w.refusals, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_living_share_time_and_network_with_the_world),
        cmocka_unit_test(test_the_time_of_the_dead_stands_still),
        cmocka_unit_test(test_what_was_sent_arrives_or_is_lost),
        cmocka_unit_test(test_the_dead_reach_nobody),
        cmocka_unit_test(test_it_dies_at_a_request),
        cmocka_unit_test(test_a_request_fails_and_the_machine_lives),
        cmocka_unit_test(test_a_request_that_is_past_kills_nobody),
        cmocka_unit_test(test_streams_do_not_count_and_are_cut),
        cmocka_unit_test(test_the_paused_go_on_where_they_stood),
        cmocka_unit_test(test_the_paused_can_be_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
