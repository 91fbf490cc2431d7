/* Work in several processes, for sluice test: each spec file runs in one of them, and what comes of it is told here in
 * the order of the files.
 *
 *     process.workers(count, jobs, work, take)
 *
 *     child                                              here
 *     work(i) ──> a table, and what it has printed ──> take(i, table, printed)
 *             ──> the process ends in the middle   ──> take(i, nil, printed, 'ended by signal 11')
 *
 * A child takes the next number that nobody has, until there is none. It is forked before any VM or clock is there. */
#pragma once

#include <lua.h>
#include <signal.h>

/* The function for Lua; raises what `take` raises, once all children have ended. */
int workers_run(lua_State *L);
/* Set when the user wants the run to end: workers_run then ends its children, which tell what they have. */
extern volatile sig_atomic_t workers_interrupted;
