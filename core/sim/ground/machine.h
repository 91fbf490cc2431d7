/* A machine of its own for an engine, that can be killed (kill -9, or the power goes): a clock and a network door, both
 * over the world's.
 *
 * It can also be stopped for a while and wake in a world that went on without it.
 *
 * While it lives, its time is the world's and its calls go through the world's door. From machine_kill on its time
 * stands still, its connections are cut, and what it still asks in the same turn reaches nobody. The world goes on
 * without it, with nothing closed and nothing given back. machine_discard then frees what the dead engine held, in a
 * time and a network that nobody else sees.
 *
 *     engine ──http_start──> request n ──> the server does it ──> the answer ──> done: the engine goes on from it
 *                    MACHINE_BEFORE            MACHINE_SERVED            MACHINE_ANSWERED                            */
#pragma once

#include "io/clock.h"
#include "io/http.h"

struct machine;

struct machine *machine_new(struct clock *world_clock, struct http *world_door);
struct clock *machine_clock(struct machine *machine);
struct http *machine_door(struct machine *machine);
/* How many requests the machine has sent. Streams do not count. */
int machine_requests(const struct machine *machine);

/* `sent_arrives`: requests that are on their way go on without it; otherwise they are lost. */
void machine_kill(struct machine *machine, bool sent_arrives);
bool machine_is_dead(const struct machine *machine);
/* Called once, when it is killed, from inside of whatever it was doing: only to take note. */
void machine_on_death(struct machine *machine, void (*died)(void *ctx), void *ctx);

/* What strikes the machine at a request of its own. */
enum machine_stroke {
    /* It dies: */
    MACHINE_BEFORE, /* the request is not sent */
    MACHINE_SERVED, /* it was done, and its answer is not read any more */
    /* The answer was read, and what is sent in the turn that does so is on its way; it dies before it reads another. */
    MACHINE_ANSWERED,
    /* It lives: */
    MACHINE_REFUSED,    /* the request is not done; its answer is a 500 */
    MACHINE_UNANSWERED, /* it was done, and ends as one that timed out */
    MACHINE_BESIDE,     /* nothing happens to it: others act at the same time */
};
enum { MACHINE_STROKES = MACHINE_BESIDE + 1 };
/* Strikes at the `request`-th request, counted from the machine's first one, or never when that one is past. Other
 * requests that are on their way go on. `struck` is called when it happens, from inside of whatever the engine does:
 * only to take note. NULL: nobody notes it. */
void machine_strike_at(struct machine *machine, int request, enum machine_stroke stroke, void (*struck)(void *ctx),
                       void *ctx);

/* Stops the engine where it stands, as SIGSTOP does: no timer fires, and what arrives waits. The engine does not
 * notice. Never call this from inside of the engine's own work. */
void machine_pause(struct machine *machine);
/* The engine goes on, and its time has jumped. `answers_first`: it reads the answers that have arrived before it looks
 * at the clock; otherwise overdue timers fire first. */
void machine_resume(struct machine *machine, bool answers_first);

/* Lets a dead machine's own time pass until *closed. */
void machine_discard(struct machine *machine, const bool *closed);
/* Nothing of the engine may be left. What it had sent and has not arrived is lost. */
void machine_free(struct machine *machine);
