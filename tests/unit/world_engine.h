/* The engines of a random world, one after another, but that one may sleep and wake beside its successors (see world.h). */
#pragma once

static inline void start_engine(struct world *w);

static inline void on_restart(struct timer *timer, void *ctx)
{
    start_engine(ctx);
}

static inline void send_next_engine(struct world *w, const char *what)
{
    int64_t pause_ms = dice_chance(&w->dice, 50) ? dice_between(&w->dice, 0, 3000) : dice_between(&w->dice, 0, 90000);
    if (w->engines == ENGINES_MAX) {
        broken(w, "too many engines have died");
        return;
    }
    tell(w, "engine-%d is %s; the next one comes in %lld ms", w->engines, what, (long long)pause_ms);
    timer_start(w->clock, &w->restart, pause_ms, on_restart, w);
}

static inline void on_alarm(struct timer *timer, void *ctx)
{
    struct world *w = ctx;
    bool answers_first = dice_chance(&w->dice, 50);
    if (stage_has_sleeper(&w->stage)) {
        tell(w, "%s wakes up, %s first", w->sleeper.identity, answers_first ? "answers" : "its clock");
        stage_wake_sleeper(&w->stage, answers_first);
    }
}

static inline void note_sleep(struct world *w)
{
    struct sleeper *sleeper = &w->sleeper;
    snprintf(sleeper->identity, sizeof sleeper->identity, "engine-%d", w->engines);
    sleeper->sent = stage_sleeper_requests(&w->stage);
    sleeper->deliveries = 0;
    note_sleeper_record(w);
    timer_start(w->clock, &sleeper->alarm, dice_between(&w->dice, 1, 180) * SECOND_MS, on_alarm, w);
    send_next_engine(w, "asleep");
}

static inline void on_engine(void *ctx)
{
    struct world *w = ctx;
    if (w->stage.state == STAGE_READY) {
        tell(w, "the engine is ready");
    } else if (w->stage.state == STAGE_DEAD) {
        send_next_engine(w, "dead");
    } else if (w->stage.state == STAGE_ASLEEP) {
        note_sleep(w);
    }
}

static inline void start_engine(struct world *w)
{
    char *identity = str_format("engine-%d", ++w->engines);
    tell(w, "%s starts", identity);
    stage_start_engine(&w->stage, identity, on_engine, w);
    str_free(&identity);
}
