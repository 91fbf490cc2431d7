#include "rollout/trouble.h"

#include "base/str.h"

void trouble_init(struct trouble *trouble, struct clock *clock, struct announcer *announcer)
{
    *trouble = (struct trouble){.clock = clock, .announcer = announcer};
}

static void forget_latest(struct trouble *trouble)
{
    timer_cancel(&trouble->timer);
    str_free(&trouble->latest);
}

void trouble_clear(struct trouble *trouble)
{
    forget_latest(trouble);
    str_free(&trouble->told);
}

void trouble_fini(struct trouble *trouble)
{
    trouble_clear(trouble);
}

void trouble_tell(struct trouble *trouble, const char *text)
{
    if (!str_equal(trouble->told, text)) {
        char *copy = str_dup(text); /* it may be `latest` */
        forget_latest(trouble);
        str_free(&trouble->told);
        trouble->told = copy;
        trouble->told_ms = clock_mono_ms(trouble->clock);
        announce(trouble->announcer, "Warning", NULL, copy, NULL, NULL, NULL);
    }
}

static void on_interval(struct timer *timer, void *ctx)
{
    struct trouble *trouble = ctx;
    trouble_tell(trouble, trouble->latest);
}

void trouble_tell_wait(struct trouble *trouble, const char *text, int64_t interval_ms)
{
    int64_t since_ms = clock_mono_ms(trouble->clock) - trouble->told_ms;
    if (trouble->told == NULL || since_ms >= interval_ms) {
        trouble_tell(trouble, text);
        return;
    }
    forget_latest(trouble);
    if (!str_equal(trouble->told, text)) {
        trouble->latest = str_dup(text);
        timer_start(trouble->clock, &trouble->timer, interval_ms - since_ms, on_interval, trouble);
    }
}
