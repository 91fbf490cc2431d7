/* The strategist of production: LuaJIT behind rollout/strategist.h.
 *
 * Lua runs on turns of its own: `start` loads the modules and nothing else, an answer is kept until the next turn of
 * the clock. So a caller of this module is never called back before its call returns. */
#pragma once

#include "canary/limits.h"
#include "io/clock.h"
#include "rollout/strategist.h"
#include "script/embedded.h"
#include "script/task.h"

/* `modules`: what travels in the binary; kept. */
struct strategist *script_strategist_new(struct clock *clock, const struct embedded_module *modules, size_t count);
/* Asserts that every strategy was stopped. */
void script_strategist_free(struct strategist *strategist);

/* CPU time counts for the budget of strategies started from now on, and one turn has SCRIPT_CPU_MEASURED of it: for an
 * engine in real time. A simulated one tells the same story on every machine. */
void script_strategist_measure(struct strategist *strategist);
/* Compiled modules are those of all engines of an embedded cluster (chunks_shared). Before the first strategy. */
void script_strategist_share(struct strategist *strategist);
/* Scripts never rest. Where engines are killed at every word, a rest tries nothing that a kill does not, and the record
 * is replayed once more for each. Before the first strategy. */
void script_strategist_keep_awake(struct strategist *strategist);
/* The most that strategies started from now on may use; before, limits_default. A simulated engine goes by it but for
 * the time of a step. After script_strategist_measure. */
void script_strategist_allow(struct strategist *strategist, const struct limits *most);
/* The same for tests, which may go beyond what flags can say; before, SCRIPT_LIMITS_DEFAULT. */
void script_strategist_limit(struct strategist *strategist, const struct script_limits *limits);
