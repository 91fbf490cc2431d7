#include "script/budget.h"

#include "base/log.h"
#include "base/str.h"

void budget_init(struct budget *budget, struct clock *clock, const struct budget_limits *limits, const char *label)
{
    *budget = (struct budget){.clock = clock, .limits = *limits, .began_ms = clock_mono_ms(clock)};
    str_copy(budget->label, sizeof budget->label, label != NULL ? label : "");
}

static void tell_dropped(struct budget *budget)
{
    if (budget->dropped > 0) {
        log_warn(budget->label[0] != '\0' ? budget->label : NULL,
                 "%lld lines of the script's log were dropped: a script has %lld lines in %lld s",
                 (long long)budget->dropped, (long long)budget->limits.log_lines,
                 (long long)(budget->limits.window_ms / 1000));
    }
    budget->dropped = 0;
}

void budget_fini(struct budget *budget)
{
    timer_cancel(&budget->timer);
    tell_dropped(budget);
}

static int64_t rest_ms(const struct budget *budget)
{
    return budget->began_ms + budget->limits.window_ms - clock_mono_ms(budget->clock);
}

/* A window begins with the first time that is spent in it, so there may be a gap after the one before. */
static void renew(struct budget *budget)
{
    if (rest_ms(budget) <= 0) {
        timer_cancel(&budget->timer);
        tell_dropped(budget);
        budget->began_ms = clock_mono_ms(budget->clock);
        budget->spent_ns = budget->lines = budget->queries = budget->messages = 0;
        budget->exceeded = STRATEGY_CPU_TIME;
    }
}

void budget_spend_replay(struct budget *budget, int64_t cpu_ns)
{
    renew(budget);
    budget->spent_ns += budget->limits.measured ? cpu_ns : 0;
}

void budget_spend(struct budget *budget, int64_t cpu_ns)
{
    budget_spend_replay(budget, cpu_ns);
    budget->spent_ns += budget->limits.turn_us * 1000;
}

int64_t budget_wait_ms(struct budget *budget)
{
    renew(budget);
    bool fits = budget->limits.cpu_ms == 0 || budget->spent_ns < budget->limits.cpu_ms * 1000 * 1000;
    return fits && budget->exceeded == STRATEGY_CPU_TIME ? 0 : rest_ms(budget);
}

enum strategy_budget budget_lack(const struct budget *budget)
{
    return budget->exceeded;
}

bool budget_fits(struct budget *budget, enum strategy_budget what)
{
    bool is_query = what == STRATEGY_QUERIES;
    int64_t bound = is_query ? budget->limits.queries : budget->limits.messages;
    renew(budget);
    bool fits = bound == 0 || (is_query ? budget->queries : budget->messages) < bound;
    budget->exceeded = fits ? budget->exceeded : what;
    return fits;
}

void budget_count(struct budget *budget, enum strategy_budget what)
{
    renew(budget);
    *(what == STRATEGY_QUERIES ? &budget->queries : &budget->messages) += 1;
}

static void on_window_end(struct timer *timer, void *ctx)
{
    tell_dropped(ctx);
}

bool budget_take_line(struct budget *budget)
{
    renew(budget);
    if (budget->limits.log_lines == 0 || budget->lines < budget->limits.log_lines) {
        budget->lines++;
        return true;
    }
    if (budget->dropped++ == 0) {
        timer_start(budget->clock, &budget->timer, rest_ms(budget), on_window_end, budget);
    }
    return false;
}
