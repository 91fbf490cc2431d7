/* One thread, one loop, one wake-up.
 *
 * Everything in Sluice that waits, waits for one of two things: bytes or time. Bytes are libuv's: a descriptor becomes
 * ready, a child ends, a signal comes. Time is ours: all timers stand in the heap of io/clock.c, curl's and
 * microhttpd's among them, and libuv is told the earliest one only. So there is one order of events in the process, and
 * a simulation that puts another driver behind the clock has the same one.
 *
 *            curl   server   watch   actor   task
 *              \       \       |       /      /          timer_start
 *               v       v      v      v      v
 *            +-----------------------------------+
 *            |  clock: heap by (when, serial)    |
 *            +-----------------------------------+
 *                 | arm(earliest)        ^ clock_fire
 *                 v                      |
 *        later:  uv_timer ---------------+
 *        now:    uv_idle  ---------------+
 *                                        |
 *            +---------------------------|-------+
 *     .----> | timers > idle > epoll > closing   | ----.     one turn of libuv
 *     |      +---------------|-------------------+     |
 *     |                      v                         |
 *     |        uv_poll: curl's sockets, microhttpd     |
 *     |        uv_signal, uv_process, uv_pipe          |
 *     '------------------------------------------------'
 *
 * Why two handles for one wake-up. "On a later turn" is said with a delay of 0, and it is said all the time: x_start
 * never calls back before it returns. A uv_timer of 0 ms that is started from its own callback runs again in the same
 * pass over libuv's timers, so two parties that keep answering each other at once would lock out every socket. An idle
 * handle runs exactly once per turn and makes epoll look without waiting: what is due now costs no millisecond, and
 * between two such turns every ready socket has been served.
 *
 * Why the time is taken afresh. libuv caches the time of a turn's begin. A callback that worked for 30 ms and then
 * starts a timer of 20 ms from the cached time would get it 10 ms in the past. mono_ms therefore updates the cache
 * before it reads it, and a delay always counts from the moment in which it was asked for.
 *
 * SIGPIPE is ignored for the whole process as soon as there is a loop: OpenSSL and libuv both write to sockets whose
 * other end may be gone, and the error they get back says it better. */
#include "io/loop.h"

#include <assert.h>
#include <signal.h>
#include <time.h>
#include <uv.h>

#include "base/mem.h"

enum { CLOSING_TURNS = 16 };

struct loop {
    uv_loop_t uv;
    uv_timer_t later;
    uv_idle_t now;
    uv_signal_t term, interrupt;
    struct clock *clock;
    loop_signal_fn *on_signal;
    void *signal_ctx;
};

/* --- the clock's driver --- */

static int64_t mono(void *ctx)
{
    struct loop *loop = ctx;
    uv_update_time(&loop->uv);
    return (int64_t)uv_now(&loop->uv);
}

static int64_t wall(void *ctx)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_later(uv_timer_t *timer)
{
    struct loop *loop = timer->data;
    clock_fire(loop->clock);
}

static void on_now(uv_idle_t *idle)
{
    struct loop *loop = idle->data;
    uv_idle_stop(idle);
    clock_fire(loop->clock);
}

static void arm(void *ctx, int64_t when_ms)
{
    struct loop *loop = ctx;
    uv_idle_stop(&loop->now);
    uv_timer_stop(&loop->later);
    if (when_ms < 0) {
        return;
    }
    int64_t delay_ms = when_ms - mono(loop);
    if (delay_ms <= 0) {
        uv_idle_start(&loop->now, on_now);
    } else {
        uv_timer_start(&loop->later, on_later, (uint64_t)delay_ms, 0);
    }
}

/* --- life --- */

static void handles_init(struct loop *loop)
{
    uv_timer_init(&loop->uv, &loop->later);
    uv_idle_init(&loop->uv, &loop->now);
    uv_signal_init(&loop->uv, &loop->term);
    uv_signal_init(&loop->uv, &loop->interrupt);
    loop->later.data = loop->now.data = loop->term.data = loop->interrupt.data = loop;
}

struct loop *loop_new(void)
{
    struct loop *loop = mem_new(struct loop);
    signal(SIGPIPE, SIG_IGN);
    int rc = uv_loop_init(&loop->uv);
    assert(rc == 0 && "no descriptors left for an event loop");
    (void)rc;
    handles_init(loop);
    loop->clock = clock_new(&(struct clock_driver){.mono_ms = mono, .wall_ms = wall, .arm = arm, .ctx = loop});
    return loop;
}

/* Closing takes a turn or two of the loop: ours, and those of what was closed just before. */
void loop_free(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    clock_free(loop->clock);
    uv_close((uv_handle_t *)&loop->later, NULL);
    uv_close((uv_handle_t *)&loop->now, NULL);
    uv_close((uv_handle_t *)&loop->term, NULL);
    uv_close((uv_handle_t *)&loop->interrupt, NULL);
    for (int turn = 0; turn < CLOSING_TURNS && uv_loop_alive(&loop->uv); turn++) {
        uv_run(&loop->uv, UV_RUN_NOWAIT);
    }
    int rc = uv_loop_close(&loop->uv);
    assert(rc == 0 && "something is still open on the loop");
    (void)rc;
    mem_free(loop);
}

struct clock *loop_clock(struct loop *loop)
{
    return loop->clock;
}

void loop_run(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

void *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

/* --- signals --- */

static void on_uv_signal(uv_signal_t *handle, int signum)
{
    struct loop *loop = handle->data;
    loop->on_signal(loop->signal_ctx, signum);
}

void loop_on_signal(struct loop *loop, loop_signal_fn *fn, void *ctx)
{
    loop->on_signal = fn;
    loop->signal_ctx = ctx;
    uv_signal_stop(&loop->term);
    uv_signal_stop(&loop->interrupt);
    if (fn == NULL) {
        return;
    }
    uv_signal_start(&loop->term, on_uv_signal, SIGTERM);
    uv_signal_start(&loop->interrupt, on_uv_signal, SIGINT);
}
