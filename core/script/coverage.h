/* Which lines of scripts ran, in all VMs of the process: for sluice test. Off in an engine, where it would cost a hook
 * for each line. The modules of scripts alone are counted ("scripts/ring.lua"), the engine's own are not. */
#pragma once

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* Counts from now on, from nothing; or no more, and keeps what was counted. */
void coverage_start(void);
void coverage_stop(void);
/* The VM is about to run (kill_run takes the hook off again). */
void coverage_watch(lua_State *L);
/* `ran`[line] is true for each line that ran, below `count`. */
typedef void coverage_fn(void *ctx, const char *file, const bool *ran, size_t count);
void coverage_each(coverage_fn *visit, void *ctx);
/* Forgets everything. */
void coverage_clear(void);
