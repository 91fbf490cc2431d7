/* The event loop: libuv behind the clock, and what else needs libuv itself (signals, child processes).
 *
 * One loop, one thread. `loop_run` returns after `loop_stop`; everything that was opened on the loop must be closed
 * before `loop_free`, which asserts that nothing is left. */
#pragma once

#include "io/clock.h"

struct loop;

struct loop *loop_new(void);
void loop_free(struct loop *loop);

struct clock *loop_clock(struct loop *loop);
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Called for SIGTERM and SIGINT (and ignored SIGPIPE); `signum` is the signal. A second signal comes too. */
typedef void loop_signal_fn(void *ctx, int signum);
void loop_on_signal(struct loop *loop, loop_signal_fn *fn, void *ctx);

/* For the files of this room only: the uv_loop_t. */
void *loop_uv(struct loop *loop);
