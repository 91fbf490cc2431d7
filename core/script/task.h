/* One strategy that runs: a coroutine in a VM, and at most one operation that it waits for.
 *
 *                 task_new                 task_resume                  task_resume
 *                    │                          │                            │
 *   engine ──────────┼──────────────────────────┼────────── task_answer ─────┼──────────>
 *                    │                          │              ▲             │
 *                modules load           run(rollout) …         │       … goes on …
 *                    │                          │              │             │
 *   Lua      require 'strategies.x'   enter ─ body ─ call ─────┼─────> answer ─ leave ─ enter ─ …
 *                                       │             │        │               │       │
 *   port                             on record?    at once?   later            │    on record? then its
 *                                     no: body      no: the coroutine yields   │    result, and no yield
 *                                                                          recorded
 *
 * The coroutine runs only inside task_resume, the one door: it leaves through it by returning, raising, waiting or
 * being killed, and the door says which. A call that is answered at once (every call while finished words are
 * replayed) never leaves, but for a pause after some hundred words of a long replay. Yields work across pcall,
 * metamethods and iterators, so a strategy may wait wherever it stands; it may not inside a coroutine of its own,
 * whose resume would catch the yield, and the primitives say so.
 *
 * Modules load in task_new, under the same bounds, so that a script that does not compile never becomes a task.
 *
 * Dropping a task frees its memory: no Lua runs, neither to unwind nor to finalize. A task can be dropped while it
 * is inside of a primitive, where the engine may learn that it has lost the release: task_abandon makes the door
 * report TASK_ABANDONED as soon as the primitive returns. */
#pragma once

#include "base/doc.h"
#include "rollout/strategist.h"
#include "script/budget.h"
#include "script/kill.h"
#include "script/sandbox_vm.h"

struct task;

struct script_limits {
    size_t memory_max;      /* live bytes of one VM */
    struct kill_limits cpu; /* of one resume; replayed words do not count */
    int64_t replay_words;   /* of one resume; then it pauses. 0: no bound */
    struct budget_limits budget;
};
/* For an engine in real time. */
#define SCRIPT_CPU_MEASURED ((struct kill_limits){.soft_ms = 50, .hard_ms = 50})
/* For a simulated engine: only a script that spins meets these CPU limits, on the slowest machine with the slowest
 * build too. With limits that a slow machine can meet, one story would end in two ways. */
#define SCRIPT_LIMITS_DEFAULT                                                                                          \
    ((struct script_limits){.memory_max = 8 * 1024 * 1024,                                                             \
                            .cpu = {.soft_ms = 2000, .hard_ms = 2000},                                                 \
                            .replay_words = 500,                                                                       \
                            .budget = BUDGET_LIMITS_DEFAULT})

enum task_turn {
    TASK_WAITS,  /* for task_answer */
    TASK_PAUSED, /* it replays a long record: to be resumed on a later turn */
    TASK_HELD,   /* the budget lacks what it asks for: to be resumed once there is some again */
    TASK_RETURNED,
    TASK_FAILED,    /* it raised; err: file:line and message */
    TASK_KILLED,    /* a bound was broken; err: which and where */
    TASK_ABANDONED, /* task_abandon was called meanwhile */
    TASK_LOST,      /* nothing ran: another task has left a VM behind that nobody may touch */
};

/* What the loaded script declares: {"kind": …, "name": …, "params": {…}}; NULL and err when that is no data. */
struct doc *task_declares(struct task *task, struct err *err);

/* Loads the strategy; NULL and err. The task holds `vm`. `budget` (NULL: none) stays the caller's and outlives the
 * task, which takes of it lines of log alone. */
struct task *task_new(const struct strategy_start *start, struct sandbox_vm *vm, const struct script_limits *limits,
                      struct budget *budget, struct err *err);
/* Never while it is running. */
void task_free(struct task *task);

/* Runs until it waits, pauses, is held or ends. The first time, after task_answer, after a pause or a hold. */
enum task_turn task_resume(struct task *task, struct err *err);
/* CPU time of the last resume, or of loading, that is charged to the script. */
int64_t task_spent_ns(const struct task *task);
/* "scripts/ring.lua:12": where it stands; "" when that is not known. */
void task_where(const struct task *task, char *out, size_t size);
/* Answers the operation that the task waits for; takes the document. The task goes on at the next task_resume. */
void task_answer(struct task *task, struct doc *answer);
bool task_is_waiting(const struct task *task);
/* True when nobody else is in its VM. */
bool task_is_apart(const struct task *task);

/* True inside task_resume. */
bool task_is_running(const struct task *task);
/* From inside a primitive, that is from a callback of the port. */
void task_abandon(struct task *task);
