/* The front's side of a world that lives in other processes (lab/lua/console.h says how): carries lines out there,
 * keeps the processes that wait as snapshots, and goes back to them.
 *
 * The number of processes has a bound, and so has their memory together: the older the snapshots, the more of them are
 * let go. What was between two of them is made again by carrying out the lines once more, which gives the same, as the
 * world is deterministic. */
#pragma once

#include <stdbool.h>

#include "base/doc.h"
#include "base/err.h"

struct repl_world;

struct repl_reply {
    int status;  /* 0 well; 1 the rule says no, or an error of the line's; 2 the tool could not; 130 interrupted */
    bool is_end; /* the user wants to leave */
};

/* Reads something for a worker, which has no network: gives the status and the body (to be freed); 0 and why not: no
 * answer came. */
typedef int repl_fetch_fn(void *ctx, const char *what, char **body);

/* Starts the first worker, which calls require 'tool.repl.main'.run(order), and says what that has told first. False:
 * the worker has ended, and has told why. */
struct repl_world *repl_world_open(const struct node *order, repl_fetch_fn *fetch, void *ctx, struct repl_reply *reply);
void repl_world_close(struct repl_world *world);

/* Carries a line out; what it tells goes to standard output, and errors to standard error. `columns`: of the terminal
 * now; 0: there is none. */
struct repl_reply repl_world_line(struct repl_world *world, const char *text, int columns);
/* False: something is missing at its end, as in `function() `. */
bool repl_world_is_whole(struct repl_world *world, const char *text);
/* What may stand in the place of the last word of this text, a line each; to be freed. */
char *repl_world_complete(struct repl_world *world, const char *text);

/* Ctrl-C: ends the line that is under way. Safe in a handler of signals. */
void repl_world_interrupt(void);
bool repl_world_is_interrupted(void);
