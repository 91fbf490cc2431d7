/* A process of its own for an engine, that can be killed like one (kill -9): a clock and a network door, both over the world's.
 *
 * While it lives, its time is the world's and its calls go through the world's door. From fake_process_kill on its time stands still, its connections are cut, and
 * what it still asks in the same turn reaches nobody. The world goes on without it, with nothing closed and nothing given back. fake_process_bury then frees what
 * the dead engine held, in a time and a network that nobody else sees. */
#pragma once

#include "io/clock.h"
#include "io/http.h"

struct fake_process;

struct fake_process *fake_process_new(struct clock *world_clock, struct http *world_door);
struct clock *fake_process_clock(struct fake_process *process);
struct http *fake_process_door(struct fake_process *process);

/* `sent_arrives`: requests that are on their way go on without it; otherwise they are lost. */
void fake_process_kill(struct fake_process *process, bool sent_arrives);
bool fake_process_is_dead(const struct fake_process *process);
/* Kills it when the answer to its `count`-th request from now has come, which it does not read any more. Streams do not count. */
void fake_process_kill_at_answer(struct fake_process *process, int count);
/* Called once, when it is killed. */
void fake_process_on_death(struct fake_process *process, void (*died)(void *ctx), void *ctx);

/* Runs the dead one's own time until *closed. */
void fake_process_bury(struct fake_process *process, const bool *closed);
/* Nothing of the engine may be left. What it had sent and has not arrived is lost. */
void fake_process_free(struct fake_process *process);
