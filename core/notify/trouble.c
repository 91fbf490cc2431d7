#include "notify/trouble.h"

#include "base/str.h"

enum { MOMENT_MS = 2000 };

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
        announce_text(trouble->announcer, "Warning", copy);
    }
}

static void on_due(struct timer *timer, void *ctx)
{
    struct trouble *trouble = ctx;
    trouble_tell(trouble, trouble->latest);
}

static void tell_later(struct trouble *trouble, const char *text, int64_t delay_ms)
{
    char *copy = str_dup(text);
    forget_latest(trouble);
    trouble->latest = copy;
    timer_start(trouble->clock, &trouble->timer, delay_ms, on_due, trouble);
}

void trouble_tell_err(struct trouble *trouble, const struct err *err)
{
    if (err->code != ERR_NOT_FOUND) {
        trouble_tell(trouble, err->text);
    } else if (!str_equal(trouble->told, err->text) && !str_equal(trouble->latest, err->text)) {
        tell_later(trouble, err->text, MOMENT_MS);
    }
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
        tell_later(trouble, text, interval_ms - since_ms);
    }
}
