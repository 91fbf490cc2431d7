/* One moment is waited for at a time, by `next` (a time) or by the listener (a change of a Canary). The listener only
 * takes note: it starts `next`. */
#include "sim/story/play.h"

#include <string.h>

#include "base/duration.h"
#include "base/mem.h"
#include "base/str.h"
#include "sim/story/play_inner.h"

/* --- telling --- */

static void tell_people(struct play *play, const char *text)
{
    if (play->listener.people != NULL) {
        play->listener.people(play->listener.ctx, text);
    }
}

static void end(struct play *play, const struct err *err)
{
    play->has_ended = true;
    play->is_waiting = false;
    timer_cancel(&play->next);
    timer_cancel(&play->limit);
    play_faults_lift(play->faults);
    if (play->listener.ended != NULL) {
        play->listener.ended(play->listener.ctx, err);
    }
}

/* --- Canaries --- */

static bool canary_is(const struct node *canary, const char *phase, int64_t weight)
{
    const struct node *status = node_get(canary, "status");
    return canary != NULL && (phase == NULL || node_is(node_get(status, "phase"), phase)) &&
           (weight < 0 || node_int_or(node_get(status, "canaryWeight"), 0) == weight);
}

/* --- moments --- */

static void on_moment(struct timer *timer, void *ctx);

static const struct scenario_moment *next_moment(const struct play *play)
{
    const struct scenario *scenario = play->scenario;
    return play->act < scenario->act_count ? &scenario->acts[play->act].moment : &scenario->end;
}

static void await(struct play *play)
{
    const struct scenario_moment *moment = next_moment(play);
    int64_t now_ms = clock_mono_ms(play->clock), delay_ms = moment->after_ms;
    play->is_waiting = moment->when != NULL;
    if (play->is_waiting) {
        return;
    }
    if (moment->at_ms >= 0) {
        delay_ms = play->began_ms + moment->at_ms - now_ms;
    }
    timer_start(play->clock, &play->next, delay_ms > 0 ? delay_ms : 0, on_moment, play);
}

/* What was so already is not waited for: the Canary must become so. */
static void note_canary(struct play *play, const struct objects_event *event)
{
    const struct scenario_moment *moment = next_moment(play);
    if (!play_is_canary(event->object, moment->canary) || !canary_is(event->object, moment->phase, moment->weight) ||
        canary_is(event->before, moment->phase, moment->weight)) {
        return;
    }
    play->is_waiting = false;
    timer_start(play->clock, &play->next, moment->after_ms, on_moment, play);
}

static void on_object(void *ctx, const struct objects_event *event)
{
    struct play *play = ctx;
    if (event->change == OBJECTS_DELETED) {
        return;
    }
    play_tally_note(play->tally, event->object);
    if (play->is_waiting) {
        note_canary(play, event);
    }
}

/* --- acts --- */

static bool perform(struct play *play, const struct scenario_act *act, struct err *err)
{
    if (act->say != NULL && act->order_count == 0) {
        play_tell_world(play, "%s", act->say);
    } else if (act->say != NULL) {
        tell_people(play, act->say);
    }
    for (size_t i = 0; i < act->order_count; i++) {
        char *text = play_order_text(play, &act->orders[i]);
        if (act->say == NULL) {
            tell_people(play, text);
        }
        str_free(&text);
        if (!play_order(play, &act->orders[i], err)) {
            return false;
        }
    }
    play_world_change(play, &act->world, act->say != NULL);
    return true;
}

static void on_moment(struct timer *timer, void *ctx)
{
    struct play *play = ctx;
    struct err err = {0};
    if (play->act == play->scenario->act_count || !perform(play, &play->scenario->acts[play->act], &err)) {
        end(play, &err);
        return;
    }
    play->act++;
    await(play);
}

/* --- the limit --- */

struct canaries {
    const char *meant; /* "namespace/name" or NULL */
    struct buf text;
};

static bool write_canary(void *ctx, const struct node *canary)
{
    struct canaries *now = ctx;
    if (play_is_canary(canary, now->meant)) {
        buf_printf(&now->text, "; %s/%s is %s at weight %lld",
                   node_str_or(node_at(canary, "metadata", "namespace"), ""),
                   node_str_or(node_at(canary, "metadata", "name"), ""),
                   node_str_or(node_at(canary, "status", "phase"), "in no phase"),
                   (long long)node_int_or(node_at(canary, "status", "canaryWeight"), 0));
    }
    return true;
}

static void on_limit(struct timer *timer, void *ctx)
{
    enum { TEXT_MAX = 4096 };
    struct play *play = ctx;
    struct err err = {0};
    const struct scenario_moment *moment = next_moment(play);
    struct canaries now = {.meant = moment->canary};
    buf_init(&now.text, TEXT_MAX);
    objects_each(api_objects(cluster_api(play->cluster)), "flagger.app/canaries", NULL, write_canary, &now);
    char *place = form_place(&play->scenario->form, moment->when != NULL ? moment->when : moment->node);
    char *limit = play_duration(play->scenario->limit_ms);
    err_set(&err, ERR_TIMEOUT, "%s: it has not come within %s, the limit of the story%s", place, limit,
            buf_str(&now.text));
    end(play, &err);
    str_free(&place);
    str_free(&limit);
    buf_fini(&now.text);
}

/* --- life --- */

struct play *play_new(const struct scenario *scenario, struct cluster *cluster, uint64_t seed,
                      const struct play_listener *listener)
{
    struct play *play = mem_new(struct play);
    *play = (struct play){.scenario = scenario, .cluster = cluster, .clock = cluster_clock(cluster)};
    if (listener != NULL) {
        play->listener = *listener;
    }
    play->hooks = play_hooks_new(cluster);
    play->faults = play_faults_new(play, seed);
    play->tally = play_tally_new(scenario);
    objects_listen(api_objects(cluster_api(cluster)), on_object, play);
    return play;
}

void play_free(struct play *play)
{
    if (play == NULL) {
        return;
    }
    objects_unlisten(api_objects(cluster_api(play->cluster)), on_object, play);
    timer_cancel(&play->next);
    timer_cancel(&play->limit);
    play_faults_free(play->faults);
    play_hooks_free(play->hooks);
    play_tally_free(play->tally);
    mem_free(play);
}

void play_serve_hooks(struct play *play, play_serve_fn *first, void *ctx)
{
    play_hooks_serve(play->hooks, first, ctx);
}

void play_set(struct play *play)
{
    const struct scenario_world *world = &play->scenario->world;
    struct scenario_world calm = *world;
    calm.fault_count = 0; /* they come with the story */
    play_world_change(play, &calm, true);
}

bool play_create(struct play *play, struct err *err)
{
    return play_apply(play, doc_root(play->scenario->objects), err);
}

void play_start(struct play *play)
{
    const struct scenario_world *world = &play->scenario->world;
    play->began_ms = clock_mono_ms(play->clock);
    timer_start(play->clock, &play->limit, play->scenario->limit_ms, on_limit, play);
    for (size_t i = 0; i < world->fault_count; i++) {
        play_faults_add(play->faults, &world->faults[i]);
    }
    await(play);
}
