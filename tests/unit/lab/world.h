/* One random world: a Canary, an engine that is killed now and then, revisions, faults, people who meddle. For
 * test_worlds.c alone, as the fakes know no engine.
 *
 *     world_play(seed, loud)   true: it ended, and nothing was seen that must not be
 *
 * world_plan.h throws the dice for what there is and what will happen, world_acts.h has what can happen, world_hand.h
 * what people ask by hand, world_vandal.h what they delete, world_network.h what goes wrong on the way, world_engine.h
 * the engines. What is seen is judged at once: by the checkers of lab what must hold everywhere, and what is known of
 * this world alone by world_traffic.h (which revision may become the primary) and world_objects.h (the Canary and the
 * end). */
#pragma once

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "canary/pause.h"
#include "canary/request.h"
#include "io/virtual_clock.h"
#include "lab/checkers/checkers.h"
#include "lab/stage.h"
#include "release/release.h"
#include "world_dice.h"

#define WORLD_BEGIN_MS INT64_C(1773216907000)
#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)

enum {
    ACTS_MAX = 128,
    STORY_MAX = 4 * 1024 * 1024,
    REVISIONS_MAX = 8,
    CONFIGS_MAX = 8,
    FAULTS_MAX = 16,
    ENGINES_MAX = 256,
    WISHES_MAX = 64
};

/* How far a revision of the target ("podinfo:<number>") has come; pushed again, it begins anew. */
struct revision {
    struct behaviour behaviour;
    bool bad;        /* no honest analysis lets it pass */
    bool advanced;   /* its analysis took a step */
    bool taken_back; /* its release failed */
};

/* For a while requests to a host (NULL: any) meet this, by chance. */
struct fault {
    int64_t from_ms, until_ms;
    const char *host;
    const char *path; /* only what is written under one that ends like this; NULL: everything */
    int percent;
    int64_t delay_ms;
    struct network_fate fate;
    int status; /* what the API server answers instead; 0: nothing */
};

/* An engine that was paused, and may be resumed beside its successor. */
struct predecessor {
    char identity[32];
    int sent;        /* requests seen so far */
    const char *cue; /* the engine of now is paused as soon as it asks for such a URL; NULL: never */
    struct timer pause, resume;
};

/* The primary as a release must leave it that fails. */
struct primary {
    char *template, *config, *secret;
};

/* What one person asked. */
struct wish {
    char id[16];
    enum request_verb verb;
    bool answered;    /* or void: the Canary was deleted */
    bool lost;        /* somebody has deleted the Release that had it on record */
    char release[64]; /* which has it on record; "": none yet */
};

/* What people ask by hand; world_hand.h. */
struct hand {
    bool asks;
    uint64_t dice; /* of its own, so that worlds in which nobody asks are as they were */
    struct wish wishes[WISHES_MAX];
    size_t count;
    int releases;          /* the number of the last one */
    int64_t held_since_ms; /* something holds the Canary still since; -1: nothing does */
};

/* Somebody who deletes objects; world_vandal.h. */
struct vandal {
    bool comes;
    uint64_t dice; /* of its own, as those of `hand` */
};

struct world;
typedef void act_fn(struct world *w, int64_t what);
/* Something that happens to the world at a time of its own. */
struct act {
    struct timer timer;
    struct world *world;
    act_fn *fn;
    int64_t what;
};

struct world {
    uint64_t seed, dice;
    bool loud;
    struct virtual_clock *time;
    struct clock *clock;
    struct stage stage;
    struct objects *objects;
    struct checkers *checkers;

    struct act acts[ACTS_MAX];
    size_t act_count, acts_left;

    struct timer restart;
    int engines;
    char holder[32]; /* of the Lease, now or last */

    struct revision revisions[REVISIONS_MAX]; /* by number, from 1 */
    struct revision *analysed;                /* by the release of now; NULL: none was given a share yet */
    int analysed_with;                        /* config_version of that time */
    char target_image[32];
    char release_image[32]; /* of the open release, which may be about another; "": none is open, or not known yet */
    struct fault faults[FAULTS_MAX];
    size_t fault_count;
    int64_t latency_ms;      /* of the network, at most */
    int hook_trouble;        /* per cent of the calls of ordinary hooks that are answered with 500 */
    const char *closed_gate; /* the path of its hooks begins like this; NULL: all are open */
    bool rollback_wanted;
    bool has_configs, has_autoscaler;
    bool is_skipping; /* analyses were skipped, now or before: anything may be promoted */
    char *canary_text;
    int config_version;                /* the last one of either */
    int config_versions[2];            /* what the Secret and the ConfigMap are now */
    bool config_analysed[CONFIGS_MAX]; /* by version: an analysis took a step with it */
    bool must_succeed;                 /* nothing goes wrong but that engines die */
    struct predecessor predecessor;
    struct hand hand;
    struct vandal vandal;

    char phase[32];           /* of the Canary; "" without one */
    int share;                /* of the canary in the routes */
    char primary_image[32];   /* "" without a primary */
    struct primary primary;   /* as it is */
    struct primary untouched; /* as it was when the release began */
    int64_t calm_since_ms;    /* the Canary is at rest since; -1: it is not */
    struct buf story;
    char *broken; /* the first thing that must not be; NULL: none */
};

/* --- the story --- */

static inline int64_t world_now_ms(const struct world *w)
{
    return clock_mono_ms(w->clock);
}

static inline void __attribute__((format(printf, 2, 3))) tell(struct world *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = str_format_v(format, args);
    va_end(args);
    int64_t now = world_now_ms(w);
    buf_printf(&w->story, "%4lld:%02lld.%03lld  %s\n", (long long)(now / MINUTE_MS),
               (long long)(now % MINUTE_MS / SECOND_MS), (long long)(now % SECOND_MS), text);
    str_free(&text);
}

static inline void __attribute__((format(printf, 2, 3))) broken(struct world *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = str_format_v(format, args);
    va_end(args);
    tell(w, "!!! %s", text);
    if (w->broken == NULL) {
        w->broken = str_dup(text);
    }
    str_free(&text);
    virtual_clock_stop(w->time);
}

/* --- acts --- */

static inline void on_act(struct timer *timer, void *ctx)
{
    struct act *act = ctx;
    act->world->acts_left--;
    if (act->fn != NULL) { /* NULL: something that began before ends now */
        act->fn(act->world, act->what);
    }
}

static inline void act_at(struct world *w, int64_t at_ms, act_fn *fn, int64_t what)
{
    if (w->act_count == ACTS_MAX) {
        broken(w, "more acts are planned than a world can hold");
        return;
    }
    struct act *act = &w->acts[w->act_count++];
    *act = (struct act){.world = w, .fn = fn, .what = what};
    w->acts_left++;
    timer_start(w->clock, &act->timer, at_ms - world_now_ms(w), on_act, act);
}

#include "world_engine.h"
#include "world_traffic.h"

#include "world_network.h"

#include "world_acts.h"
#include "world_hand.h"
#include "world_vandal.h"

#include "world_objects.h"
#include "world_plan.h"

/* --- a whole world --- */

static inline void drop_line(void *ctx, const char *line)
{
    struct world *w = ctx;
    if (strstr(line, "\"level\":\"error\"") != NULL || strstr(line, "\"level\":\"fatal\"") != NULL) {
        tell(w, "log %s", line);
    }
}

static inline void on_broken(void *ctx, const char *what)
{
    broken(ctx, "%s", what);
}

static inline void world_open(struct world *w, uint64_t seed)
{
    struct err err = {0};
    *w = (struct world){.seed = seed, .dice = seed * 7919, .calm_since_ms = -1};
    w->hand = (struct hand){.dice = seed * 104729, .held_since_ms = -1};
    w->hand.asks = dice_chance(&w->hand.dice, 50);
    w->vandal.dice = seed * 15485863;
    w->vandal.comes = dice_chance(&w->vandal.dice, 25);
    buf_init(&w->story, STORY_MAX);
    w->time = virtual_clock_new(WORLD_BEGIN_MS);
    w->clock = virtual_clock_clock(w->time);
    log_set_sink(drop_line, w);
    if (!stage_init(&w->stage, w->clock, seed, &err)) {
        broken(w, "the stage: %s", err.text);
        return;
    }
    w->stage.is_apart = true;
    w->objects = api_objects(cluster_api(w->stage.cluster));
    w->checkers = checkers_new(&(struct checkers_options){.cluster = w->stage.cluster,
                                                          .checks = CHECK_ALL,
                                                          .pods_stay = !w->vandal.comes,
                                                          .broken = on_broken,
                                                          .ctx = w});
    objects_listen(w->objects, on_object, w);
    plan_world(w);
    start_engine(w);
}

static inline void world_close(struct world *w)
{
    for (size_t i = 0; i < w->act_count; i++) {
        timer_cancel(&w->acts[i].timer);
    }
    stage_kill_engine(&w->stage, false);
    timer_cancel(&w->restart);
    timer_cancel(&w->predecessor.pause);
    timer_cancel(&w->predecessor.resume);
    if (w->objects != NULL) {
        objects_unlisten(w->objects, on_object, w);
    }
    checkers_free(w->checkers);
    primary_fini(&w->primary);
    primary_fini(&w->untouched);
    str_free(&w->canary_text);
    stage_fini(&w->stage);
    virtual_clock_free(w->time);
    log_set_sink(NULL, NULL);
    buf_fini(&w->story);
    str_free(&w->broken);
}

/* Until nothing more is planned and the Canary has been at rest for a while. */
static inline void world_run(struct world *w)
{
    enum { CALM_MS = 3 * 60 * 1000, PATIENCE_MS = 4 * 60 * 60 * 1000 };
    int64_t last_act_ms = 0;
    while (w->broken == NULL) {
        virtual_clock_run(w->time, world_now_ms(w) + 10 * SECOND_MS);
        if (w->acts_left > 0 || w->stage.state == STAGE_DEAD) {
            last_act_ms = world_now_ms(w);
        } else if (w->calm_since_ms >= 0 && world_now_ms(w) - w->calm_since_ms > CALM_MS &&
                   world_now_ms(w) - last_act_ms > CALM_MS) {
            return;
        } else if (world_now_ms(w) - last_act_ms > PATIENCE_MS) {
            broken(w, "hours after the last fault it has not ended");
        }
    }
}

static inline bool world_play(uint64_t seed, bool loud)
{
    struct world w;
    world_open(&w, seed);
    if (w.broken == NULL) {
        world_run(&w);
    }
    if (w.broken == NULL) {
        expect_end(&w);
    }
    bool ok = w.broken == NULL;
    if (!ok || loud) {
        fprintf(stderr, "--- world %llu ---\n%s--- world %llu: %s ---\n", (unsigned long long)seed, buf_str(&w.story),
                (unsigned long long)seed, ok ? "ended well" : w.broken);
    }
    world_close(&w);
    return ok;
}
