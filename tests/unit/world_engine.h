/* The engines of a random world, one after another (see world.h). */
#pragma once

static inline void start_engine(struct world *w);

static inline void on_restart(struct timer *timer, void *ctx)
{
    start_engine(ctx);
}

static inline void note_death(struct world *w)
{
    int64_t pause_ms = dice_chance(&w->dice, 50) ? dice_between(&w->dice, 0, 3000) : dice_between(&w->dice, 0, 90000);
    w->kills++;
    if (w->engines == ENGINES_MAX) {
        broken(w, "too many engines have died");
        return;
    }
    tell(w, "engine-%d is dead; the next one comes in %lld ms", w->engines, (long long)pause_ms);
    timer_start(w->clock, &w->restart, pause_ms, on_restart, w);
}

static inline void on_engine(void *ctx)
{
    struct world *w = ctx;
    if (w->stage.state == STAGE_READY) {
        tell(w, "the engine is ready");
    } else if (w->stage.state == STAGE_DEAD) {
        note_death(w);
    }
}

static inline void start_engine(struct world *w)
{
    char *identity = str_format("engine-%d", ++w->engines);
    tell(w, "%s starts", identity);
    stage_start_engine(&w->stage, identity, on_engine, w);
    str_free(&identity);
}
