/* Plays a plan through the HTTP door, by workers as hey has them: each makes one request at a time, at the ticks of a
 * clock of its own. A worker that is late for one tick makes its request at once, and the ticks that it missed before
 * are lost, so a slow server is asked less and not later all at once. */
#pragma once

#include "io/clock.h"
#include "io/http.h"
#include "load/plan.h"
#include "load/tally.h"

struct player;

/* After each request: `status` 0 when no answer came. */
typedef void player_result_fn(void *ctx, int status, int64_t took_us);
/* All requests are made, or the time is over and those under way have ended; the player is gone when it returns.
 * `tally` is borrowed. */
typedef void player_done_fn(void *ctx, const struct tally *tally, int64_t elapsed_ms);

/* The plan must have a duration and a rate (load_plan_fit), and outlive the player. `done` comes once, on a later turn,
 * unless player_cancel was called. */
struct player *player_start(struct clock *clock, struct http *http, const struct load_plan *plan,
                            player_result_fn *result, player_done_fn *done, void *ctx);
/* From its next tick on each worker makes so many requests per second. */
void player_set_rate(struct player *player, double rate);
/* Ends the requests under way; no callback comes. */
void player_cancel(struct player *player);
