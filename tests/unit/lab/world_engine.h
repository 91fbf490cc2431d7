/* The engines of a random world (see world.h): one after another, but a paused engine may be resumed beside its
 * successors. */
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

static inline void on_resume(struct timer *timer, void *ctx)
{
    struct world *w = ctx;
    bool answers_first = dice_chance(&w->dice, 50);
    if (stage_has_predecessor(&w->stage)) {
        tell(w, "%s is resumed, %s first", w->predecessor.identity, answers_first ? "answers" : "its clock");
        stage_resume_engine(&w->stage, answers_first);
    }
}

static inline void note_pause(struct world *w)
{
    struct predecessor *predecessor = &w->predecessor;
    snprintf(predecessor->identity, sizeof predecessor->identity, "engine-%d", w->engines);
    predecessor->sent = stage_predecessor_requests(&w->stage);
    checkers_note_pause(w->checkers, predecessor->identity);
    timer_start(w->clock, &predecessor->resume, dice_between(&w->dice, 1, 180) * SECOND_MS, on_resume, w);
    send_next_engine(w, "paused");
}

static inline void on_engine(void *ctx)
{
    struct world *w = ctx;
    if (w->stage.state == STAGE_READY) {
        tell(w, "the engine is ready");
    } else if (w->stage.state == STAGE_DEAD) {
        send_next_engine(w, "dead");
    } else if (w->stage.state == STAGE_PAUSED) {
        note_pause(w);
    }
}

static inline void start_engine(struct world *w)
{
    char *identity = str_format("engine-%d", ++w->engines);
    tell(w, "%s starts", identity);
    stage_start_engine(&w->stage, identity, on_engine, w);
    str_free(&identity);
}
