/* Stopping Lua that does not stop by itself.
 *
 *   kill_run ──> body: lua_resume ───────────────────────────────────────────────> returns
 *        │ timer on the thread's CPU time
 *        ├─ soft_ms: a hook that raises before every instruction: no pcall can hold on to it
 *        └─ hard_ms later: siglongjmp back into kill_run; the VM is inconsistent from then on and may only be unmapped
 *
 * The hook needs an instruction to raise at; a pattern match or a large move has none, hence the second stage. Both
 * work only because the JIT is off (machine code checks no hooks), the VM's memory is private (arena.h) and nothing of
 * ours is held while Lua runs: C functions that Lua calls put whatever allocates or touches the engine between
 * kill_host_enter and kill_host_leave, where the jump waits. In between nothing may raise a Lua error.
 *
 * CPU time, not wall time: a machine that is busy with something else is not the script's fault. One timer per thread;
 * runs may nest (a primitive of one VM may start another VM). */
#pragma once

#include <lua.h>
#include <stdint.h>

struct kill_limits {
    int64_t soft_ms; /* CPU time of one run */
    int64_t hard_ms; /* after the soft stage */
};

enum kill_stage {
    KILL_NONE, /* the body returned in time */
    KILL_SOFT, /* it returned, after the hook had raised or was about to */
    KILL_HARD, /* it never returned: do not touch the VM again */
};

enum { KILL_WHERE_SIZE = 160 };

struct kill_report {
    enum kill_stage stage;
    int status;                  /* what the body returned; meaningless after KILL_HARD */
    char where[KILL_WHERE_SIZE]; /* where the script stood when the hook first raised (where.h), or "" */
    int64_t spent_ns; /* CPU time that is charged to the script: each replayed word has KILL_REPLAY_FREE_NS free */
};

enum { KILL_REPLAY_FREE_NS = 100 * 1000 };

typedef int kill_body_fn(void *ctx);
struct kill_report kill_run(lua_State *L, const struct kill_limits *limits, kill_body_fn *body, void *ctx);

/* Notes where the script stands, before it calls what no hook can reach: a run that ends as KILL_HARD before its hook
 * has raised is told to have been there. */
void kill_note_place(lua_State *L);

void kill_host_enter(void);
void kill_host_leave(void);
/* Gives the run its whole soft time again after a replayed word, because replaying is not charged to the script.
 * Only between enter and leave. */
void kill_restart(void);
/* CPU time of the run so far, replay and all. Only between enter and leave. */
int64_t kill_elapsed_ns(void);
/* Ends the run of this VM, as KILL_HARD, when its primitive leaves. Only between enter and leave. */
void kill_abandon(lua_State *L);
