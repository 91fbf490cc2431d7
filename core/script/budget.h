/* What one release may spend in a minute: CPU time, questions to metrics servers, messages, lines of log. kill.h bounds
 * one step; a budget bounds many steps, each of them within its bound.
 *
 * Nothing fails here. A release that has spent its time, or would ask or tell more than its share, waits until the
 * minute is over, while the others go on. Lines above the budget are dropped, and one line says how many there were.
 *
 *   turn             ──> budget_spend      next turn ──> budget_wait_ms: 0, or how long it waits
 *   query, message   ──> budget_fits: true, or it waits for budget_wait_ms, and then goes ahead; budget_count
 *   log              ──> budget_take_line: true, or it is dropped
 *
 * Measured CPU time differs between machines, and a simulated story must not. There nothing is measured, and a turn
 * costs what `turn_us` says. */
#pragma once

#include "io/clock.h"
#include "rollout/strategist.h"

struct budget_limits {
    int64_t window_ms;
    int64_t cpu_ms;  /* of all turns in one window; 0: no bound */
    int64_t turn_us; /* what one turn costs besides the measured time: the engine's work with its answer */
    int64_t log_lines, queries, messages; /* 0: no bound */
    bool measured;                        /* CPU time counts */
};
#define BUDGET_LIMITS_DEFAULT                                                                                          \
    ((struct budget_limits){                                                                                           \
        .window_ms = 60 * 1000, .cpu_ms = 2000, .turn_us = 1000, .log_lines = 60, .queries = 600, .messages = 60})

struct budget {
    struct clock *clock;
    struct budget_limits limits;
    char label[128];
    int64_t began_ms; /* the window, monotonic */
    int64_t spent_ns, lines, dropped;
    int64_t queries, messages;
    enum strategy_budget exceeded; /* what would have been too much in this window; STRATEGY_CPU_TIME: neither */
    struct timer timer;            /* at the end of a window with dropped lines */
};

/* `label`: "podinfo.test", for the log; may be "". */
void budget_init(struct budget *budget, struct clock *clock, const struct budget_limits *limits, const char *label);
/* Logs the number of dropped lines, if it was not logged yet. */
void budget_fini(struct budget *budget);

/* Charges one turn that is over and took `cpu_ns` in Lua. */
void budget_spend(struct budget *budget, int64_t cpu_ns);
/* Charges a part of a replay, which is no turn of its own. */
void budget_spend_replay(struct budget *budget, int64_t cpu_ns);
/* How long the next turn has to wait; 0: it may begin. */
int64_t budget_wait_ms(struct budget *budget);
/* What a turn that has to wait lacks. */
enum strategy_budget budget_lack(const struct budget *budget);
/* False: one more query or message would be too many, and waits. */
bool budget_fits(struct budget *budget, enum strategy_budget what);
void budget_count(struct budget *budget, enum strategy_budget what);
/* False: the line is to be dropped; it has been counted. */
bool budget_take_line(struct budget *budget);
