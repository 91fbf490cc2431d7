#include "app/serve.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/demo_gates.h"
#include "app/demo_page.h"
#include "app/story.h"
#include "app/visitors.h"
#include "base/log.h"
#include "base/str.h"
#include "io/file.h"
#include "io/host.h"
#include "io/loop.h"
#include "io/server.h"
#include "lab/keeper.h"
#include "sim/ground/fast_clock.h"
#include "sim/story/play.h"

#define PROMETHEUS_PATH "/prometheus"
/* Tokens of sim/api/user.h, and the names behind them. */
#define DEMO_USER "you"
#define DEMO_VIEWER "viewer"
#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

static const char sim_usage[] = "usage: sluice sim [--listen HOST:PORT] [--speed N] [--kubeconfig FILE] [--api-only]\n"
                                "\n"
                                "An embedded cluster for kubectl: API server, controllers, traffic, Prometheus (under\n"
                                "/prometheus), without an engine.\n"
                                "\n";

static const char sim_after[] = "\n"
                                "Exit status: 0 ended by a signal, 2 it could not be served.\n";

struct program {
    struct loop *loop;
    struct fast_clock *time;
    struct stage stage;   /* without a cluster with --api-only */
    struct keeper keeper; /* without a stage when no engine runs */
    struct play *play;    /* the same */
    struct story *story;  /* the same */
    struct visitors *visitors;
    struct gates *gates; /* NULL: hooks are answered as the scenario says */
    bool tells;          /* the scenario is played */
    struct api *api;
    struct server *server;
    const char *host;       /* that it listens on */
    struct demo_page *page; /* NULL: none */
};

/* --- serving --- */

/* By the clock of the cluster, from which whoever asks reckons ages. */
static void add_date(struct program *p, struct exchange *exchange)
{
    char date[32];
    http_date_write(clock_wall_ms(fast_clock_clock(p->time)), date);
    exchange_add_header(exchange, "Date", date);
}

static void answer(void *ctx, struct exchange *exchange)
{
    struct program *p = ctx;
    add_date(p, exchange);
    if (!host_is_ours(exchange->header(exchange, "Host"), p->host)) {
        static const char text[] = "this cluster is not served under that name\n";
        exchange_answer(exchange, 403, "text/plain; charset=utf-8", text, sizeof text - 1);
        return;
    }
    if (p->page != NULL && demo_page_has(exchange->path)) {
        demo_page_serve(p->page, exchange);
    } else if (p->stage.cluster != NULL && str_has_prefix(exchange->path, PROMETHEUS_PATH "/")) {
        exchange->path += strlen(PROMETHEUS_PATH);
        prometheus_serve(cluster_prometheus(p->stage.cluster), exchange);
    } else if (p->gates == NULL || !demo_gates_serve(p->gates, exchange)) {
        api_serve(p->api, exchange);
    }
}

static bool write_kubeconfig(const struct demo_flags *flags, int port, struct err *err)
{
    const char *name = "sluice";
    char *text = str_format("apiVersion: v1\n"
                            "kind: Config\n"
                            "current-context: %s\n"
                            "clusters:\n"
                            "- name: %s\n"
                            "  cluster: {server: \"http://%s:%d\"}\n"
                            "users:\n"
                            "- name: %s\n"
                            "  user: {token: " DEMO_USER "}\n"
                            "contexts:\n"
                            "- name: %s\n"
                            "  context: {cluster: %s, user: %s}\n",
                            name, name, host_reachable(flags->host), port, name, name, name, name);
    bool ok = true;
    if (flags->kubeconfig == NULL) {
        printf("%s", text);
    } else if (file_write_private(flags->kubeconfig, text, strlen(text), err)) {
        printf("export KUBECONFIG=%s\n", flags->kubeconfig);
    } else {
        ok = err_wrap(err, "--kubeconfig %s", flags->kubeconfig);
    }
    str_free(&text);
    cli_flush(stdout);
    return ok &&
           (!ferror(stdout) || err_set(err, ERR_IO, "cannot write the kubeconfig: %s", strerror(cli_write_errno())));
}

/* A comment for a shell and in YAML, for the lines above may be read by either. */
static void print_prometheus(const struct demo_flags *flags, int port)
{
    printf("# Prometheus: http://%s:%d" PROMETHEUS_PATH "\n", host_reachable(flags->host), port);
    cli_flush(stdout);
}

/* Warns that the cluster has no passwords and no access rights: everybody who reaches it may do anything there. */
static void warn_of_visitors(const struct demo_flags *flags, int port)
{
    if (!host_is_loopback(flags->host)) {
        fprintf(stderr,
                "sluice %s: --listen %s:%d is open to other machines: whoever reaches it may change everything\n",
                flags->command, flags->host, port);
    }
}

static void on_people(void *ctx, const char *text)
{
    struct program *p = ctx;
    if (p->story != NULL) {
        story_say(p->story, text);
    }
}

static void on_world(void *ctx, const char *text)
{
    struct program *p = ctx;
    if (p->story != NULL) {
        story_world(p->story, text);
    }
}

/* The cluster stays, whatever the end of the story was. */
static void on_ended(void *ctx, const struct err *err)
{
    on_world(ctx, err->code == ERR_NONE ? "the scenario is over; the cluster stays" : err->text);
}

static void on_engine(void *ctx, bool up)
{
    struct program *p = ctx;
    if (up) {
        keeper_restart(&p->keeper);
    } else {
        keeper_kill(&p->keeper);
    }
}

static void on_ready(void *ctx)
{
    struct program *p = ctx;
    on_world(p, "the engine is ready");
    if (p->tells) {
        play_start(p->play);
    }
}

static void on_closed(void *ctx)
{
    struct program *p = ctx;
    loop_stop(p->loop);
}

static void on_signal(void *ctx, int signum)
{
    struct program *p = ctx;
    if (p->keeper.stage != NULL) {
        keeper_close(&p->keeper);
    } else {
        loop_stop(p->loop);
    }
}

static bool open_cluster(struct program *p, const struct demo_flags *flags, const struct scenario *scenario,
                         struct err *err)
{
    struct play_listener listener = {
        .people = on_people, .world = on_world, .engine = on_engine, .ended = on_ended, .ctx = p};
    uint64_t seed = demo_flags_seed(flags, scenario);
    bool ok = stage_init(&p->stage, fast_clock_clock(p->time), seed, err);
    p->api = cluster_api(p->stage.cluster);
    p->play = play_new(scenario, p->stage.cluster, seed, &listener);
    p->tells = flags->file != NULL;
    play_set(p->play);
    if (flags->plays && !p->tells) {
        p->gates = demo_gates_new();
        play_serve_hooks(p->play, demo_gates_serve, p->gates);
    }
    return ok && (!p->tells || play_create(p->play, err));
}

/* --api-only: only what a bare API server has is there, and what is written stays as it is. */
static bool open_all(struct program *p, const struct demo_flags *flags, const struct scenario *scenario,
                     struct err *err)
{
    /* kubectl computes ages by its own clock, and a fast cluster must not overtake that. */
    int64_t head_start_ms = flags->speed > 1 ? DAY_MS : 0;
    p->loop = loop_new();
    p->time = fast_clock_new(loop_clock(p->loop), flags->speed, clock_wall_ms(loop_clock(p->loop)) - head_start_ms);
    if (flags->api_only) {
        p->api = api_new(fast_clock_clock(p->time));
    } else if (!open_cluster(p, flags, scenario, err)) {
        return false;
    }
    p->server = server_serve(p->loop, flags->host, flags->port, answer, p, err);
    return p->server != NULL;
}

/* --- the story --- */

/* What to type first in an empty cluster, where there is something to apply. */
static void suggest_release(struct program *p)
{
    static const char *const commands[] = {
        "$ kubectl apply -f examples/tutorial/podinfo.yaml -f examples/tutorial/canary.yaml",
        "$ kubectl -n test set image deployment/podinfo podinfod=stefanprodan/podinfo:3.1.1",
        "$ kubectl -n test get canary podinfo -w",
    };
    if (access("examples/tutorial/canary.yaml", R_OK) != 0) { /* from where this program was called */
        story_note(p->story, 2, "$ kubectl get canaries --all-namespaces -w");
        story_note(p->story, 0,
                   "Sluice's sources have something to apply: examples/tutorial, and the manifest of docs/by-hand.md.");
        return;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        story_note(p->story, 2, commands[i]);
    }
}

/* What to type, in a terminal beside this one. */
static void begin_story(struct program *p, const struct demo_flags *flags, const struct scenario *scenario)
{
    struct story_look look = story_look_of(stdout);
    p->story = story_new(p->stage.cluster, stdout, &look);
    printf("\n");
    story_begin(p->story, p->tells ? scenario->title : "An empty cluster with an engine at work",
                p->tells ? scenario->description : NULL);
    story_note(p->story, 0, "In another terminal:");
    if (flags->kubeconfig != NULL) {
        char *line = str_format("$ export KUBECONFIG=%s", flags->kubeconfig);
        story_note(p->story, 2, line);
        str_free(&line);
    }
    char *page = demo_page_address(p->host, server_port(p->server));
    if (p->tells) {
        story_note(p->story, 2, "$ kubectl get canaries --all-namespaces -w");
    } else {
        suggest_release(p);
    }
    story_note(p->story, 0, "In a browser, where token \"" DEMO_USER "\" gives buttons, and \"" DEMO_VIEWER "\" none:");
    story_note(p->story, 2, page);
    str_free(&page);
    story_note(p->story, 0,
               "Events of Canaries are told here, with the canary's share of the traffic; an engine limits their "
               "number, and --logs shows all that it says. Ctrl-C ends it.");
    printf("\n");
    fflush(stdout);
}

static void start(struct program *p, const struct demo_flags *flags, const struct scenario *scenario)
{
    if (!flags->logs) {
        log_set_sink(log_drop, NULL);
    }
    begin_story(p, flags, scenario);
    p->page = demo_page_open(p->loop, fast_clock_clock(p->time), p->host, server_port(p->server));
    p->keeper = (struct keeper){.stage = &p->stage, .ready = on_ready, .closed = on_closed, .told = on_world, .ctx = p};
    keeper_start(&p->keeper);
}

static void close_all(struct program *p)
{
    demo_page_close(p->page);
    p->page = NULL;
    if (p->server != NULL) {
        server_stop(p->server);
    }
    if (p->stage.cluster != NULL) {
        visitors_free(p->visitors);
        story_free(p->story);
        p->story = NULL;
        play_free(p->play);
        stage_fini(&p->stage);
        if (p->gates != NULL) {
            gates_free(p->gates);
        }
    } else {
        api_free(p->api);
    }
    fast_clock_free(p->time);
    loop_free(p->loop);
}

int serve(const struct demo_flags *flags, const struct scenario *scenario)
{
    struct program p = {0};
    struct err err = {0};
    p.host = flags->host;
    bool ok = open_all(&p, flags, scenario, &err) && write_kubeconfig(flags, server_port(p.server), &err);
    if (ok) {
        warn_of_visitors(flags, server_port(p.server));
        if (p.stage.cluster != NULL) {
            p.visitors = visitors_new(p.stage.cluster, p.tells ? scenario : NULL, on_world, &p);
        }
        if (flags->plays) {
            start(&p, flags, scenario);
        } else if (p.stage.cluster != NULL) {
            print_prometheus(flags, server_port(p.server));
        }
        loop_on_signal(p.loop, on_signal, &p);
        loop_run(p.loop);
    } else {
        fprintf(stderr, "sluice %s: %s\n", flags->command, err.text);
    }
    close_all(&p);
    return ok ? 0 : 2;
}

int command_sim(int argc, char **argv)
{
    struct demo_flags flags = {.command = "sim", .usage = sim_usage, .after = sim_after, .table = demo_flags_of_sim};
    return demo_flags_run(&flags, argc, argv, serve);
}
