/* sluice demo: a scenario on an embedded cluster, in virtual time; or, with --serve, that cluster for kubectl. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/demo_flags.h"
#include "app/serve.h"
#include "app/story.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/virtual_clock.h"
#include "lab/checkers/checkers.h"
#include "lab/keeper.h"
#include "sim/story/play.h"

#define MINUTE_MS INT64_C(60000)

static const char usage[] =
    "usage: sluice demo [FILE] [--seed N]\n"
    "       sluice demo [FILE] [--seed N] --serve [--listen HOST:PORT] [--speed N] [--kubeconfig FILE]\n"
    "\n"
    "Plays a scenario on an embedded cluster, in virtual time: the one in FILE\n"
    "(examples/scenarios has some, and says how to write one), else the tutorial.\n"
    "\n"
    "With --serve, that cluster and the engine for kubectl, in real time: without FILE an\n"
    "empty one. There every Canary gets requests; how a version answers them is said by\n"
    "annotations of the Deployment's template: sluice.dev/demo-errors (\"5%\"),\n"
    "sluice.dev/demo-latency and -p99 (\"20ms\"), sluice.dev/demo-ready (\"4s\", \"never\").\n"
    "\n";

static const char after[] = "\n"
                            "Exit status: 0 it is played, or ended by a signal, 1 it does not end as the scenario\n"
                            "expects, 2 it could not be read, played or served.\n";

struct demo {
    struct virtual_clock *time;
    const struct scenario *scenario;
    struct stage stage;
    struct keeper keeper;
    struct story *story;
    struct play *play;
    struct str_list broken; /* what no story may bring about, whatever it expects */
    struct err err;         /* how the play ended */
    bool has_ended;
    int64_t said_ms; /* the time of the last heading; -1: none yet */
};

static int64_t now_ms(const struct demo *d)
{
    return clock_mono_ms(virtual_clock_clock(d->time));
}

static void run_for(struct demo *d, int64_t ms)
{
    virtual_clock_run(d->time, now_ms(d) + ms);
}

static void stop(void *ctx)
{
    struct demo *d = ctx;
    virtual_clock_stop(d->time);
}

/* --- the play's listener --- */

static void on_people(void *ctx, const char *text)
{
    struct demo *d = ctx;
    if (d->said_ms >= 0 && d->said_ms < now_ms(d)) {
        story_canaries(d->story);
    }
    story_say(d->story, text);
    d->said_ms = now_ms(d);
}

static void on_world(void *ctx, const char *text)
{
    struct demo *d = ctx;
    story_world(d->story, text);
}

static void on_engine(void *ctx, bool up)
{
    struct demo *d = ctx;
    if (up) {
        keeper_restart(&d->keeper);
    } else {
        keeper_kill(&d->keeper);
    }
}

static void on_ended(void *ctx, const struct err *err)
{
    struct demo *d = ctx;
    d->has_ended = true;
    d->err = *err;
    virtual_clock_stop(d->time);
}

/* --- what must not be --- */

static void on_broken(void *ctx, const char *what)
{
    struct demo *d = ctx;
    if (!str_list_has(&d->broken, what)) {
        str_list_push(&d->broken, what);
    }
}

/* A story may have people write routes, replicas and status, so the engine is held to its deliveries and records. */
static struct checkers *watch(struct demo *d)
{
    return checkers_new(&(struct checkers_options){
        .cluster = d->stage.cluster, .checks = CHECK_ONCE, .hears = true, .broken = on_broken, .ctx = d});
}

/* --- the whole --- */

static void tell(struct demo *d)
{
    struct story_look look = story_look_of(stdout);
    d->story = story_new(d->stage.cluster, stdout, &look);
    story_begin(d->story, d->scenario->title, d->scenario->description);
    d->keeper = (struct keeper){.stage = &d->stage, .ready = stop, .closed = stop, .told = on_world, .ctx = d};
    keeper_start(&d->keeper);
    run_for(d, MINUTE_MS);
    play_start(d->play);
    while (!d->has_ended) {
        run_for(d, d->scenario->limit_ms + MINUTE_MS);
    }
    story_canaries(d->story);
    keeper_close(&d->keeper);
    run_for(d, MINUTE_MS);
    if (d->stage.state == STAGE_CLOSING) { /* nobody answers it any more */
        keeper_close(&d->keeper);
        run_for(d, MINUTE_MS);
    }
}

/* Suggests what to type next, with the command by which this program was called. */
static void suggest(const struct demo *d, const struct demo_flags *flags)
{
    char *command = demo_flags_command();
    const char *file = flags->file != NULL ? flags->file : "";
    const char *example = strstr(file, "bad-release") != NULL ? "api-outage" : "bad-release";
    char *other = str_format("examples/scenarios/%s.yaml", example);
    bool is_there = access(other, R_OK) == 0; /* from where this program was called */
    char *lines[] = {
        str_format("$ %s %s", command, other),
        str_format("$ %s%s%s --serve --speed 20 --kubeconfig /tmp/sluice", command, file[0] != '\0' ? " " : "", file),
    };
    static const char *const what[] = {"another story:", "the same cluster for kubectl:"};
    printf("\nWhat to type next\n");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (i > 0 || is_there) {
            story_note(d->story, 2, what[i]);
            story_note(d->story, 4, lines[i]);
        }
        str_free(&lines[i]);
    }
    str_free(&other);
    str_free(&command);
}

/* Tells which expectations have come true, and gives the exit status: 1 when one has not, 2 when the story could not be
 * played to its end. */
static int judge(const struct demo *d, const struct demo_flags *flags)
{
    struct str_list wrong = {0}, met = {0};
    if (d->err.code != ERR_NONE) {
        str_list_push(&wrong, d->err.text);
    } else {
        play_check(d->play, &wrong, &met);
    }
    for (size_t i = 0; i < d->broken.count; i++) {
        str_list_push_format(&wrong, "the engine did what it must not: %s", d->broken.items[i]);
    }
    if (met.count > 0) {
        printf("\nWhat was expected and came\n");
    }
    for (size_t i = 0; i < met.count; i++) {
        story_note(d->story, 2, met.items[i]);
    }
    if (wrong.count == 0) {
        suggest(d, flags);
    }
    str_list_fini(&met);
    for (size_t i = 0; i < wrong.count; i++) {
        cli_flush(stdout);
        fprintf(stderr, "sluice demo: %s\n", wrong.items[i]);
    }
    int status = d->err.code != ERR_NONE ? 2 : wrong.count > 0 ? 1 : 0;
    str_list_fini(&wrong);
    return status;
}

static int play(const struct demo_flags *flags, const struct scenario *scenario)
{
    struct demo d = {.time = virtual_clock_new(scenario->begin_ms), .scenario = scenario, .said_ms = -1};
    uint64_t seed = demo_flags_seed(flags, scenario);
    log_set_sink(log_drop, NULL); /* the story is told in events */
    bool ok = stage_init(&d.stage, virtual_clock_clock(d.time), seed, &d.err);
    struct play_listener listener = {
        .people = on_people, .world = on_world, .engine = on_engine, .ended = on_ended, .ctx = &d};
    struct checkers *checkers = watch(&d);
    d.play = play_new(scenario, d.stage.cluster, seed, &listener);
    play_set(d.play);
    if (ok && play_create(d.play, &d.err)) {
        tell(&d);
    }
    int status = judge(&d, flags);
    story_free(d.story);
    play_free(d.play);
    checkers_free(checkers);
    str_list_fini(&d.broken);
    stage_fini(&d.stage);
    virtual_clock_free(d.time);
    return status;
}

static int act(const struct demo_flags *flags, const struct scenario *scenario)
{
    struct err err = {0};
    if (flags->serves) { /* somebody may apply what the scenario does not bring */
        return serve(flags, scenario);
    }
    if (!scenario_is_reached(scenario, &err)) { /* most often a slip; the story can be played all the same */
        fprintf(stderr, "sluice demo: warning: %s\n", err.text);
    }
    return play(flags, scenario);
}

int command_demo(int argc, char **argv)
{
    struct demo_flags flags = {
        .command = "demo", .usage = usage, .after = after, .table = demo_flags_of_demo, .plays = true};
    return demo_flags_run(&flags, argc, argv, act);
}
