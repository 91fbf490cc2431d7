#include "app/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/stage.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/server.h"
#include "sim/fast_clock.h"

#define PROMETHEUS_PATH "/prometheus"
#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

enum { SEED = 1, SPEED_MAX = 1000 };

static const char sim_usage[] =
    "usage: sluice sim [--listen HOST:PORT] [--speed N] [--kubeconfig FILE] [--api-only]\n"
    "\n"
    "An embedded cluster for kubectl: API server, controllers, traffic, Prometheus (under /prometheus). With\n"
    "--api-only the API server alone: what is written stays as it is.\n"
    "\n";
static const char demo_usage[] =
    "usage: sluice demo\n"
    "       sluice demo --serve [--listen HOST:PORT] [--speed N] [--kubeconfig FILE]\n"
    "\n"
    "Plays the tutorial on an embedded cluster, in virtual time; with --serve, that cluster and the engine for\n"
    "kubectl: apply examples/tutorial/podinfo.yaml and canary.yaml, then set the image.\n"
    "\n";
static const char flags_usage[] =
    "  --listen HOST:PORT   where the API server listens (default 127.0.0.1:0, any port)\n"
    "  --speed N            seconds there per second here, 1 to 1000 (default 1)\n"
    "  --kubeconfig FILE    write the kubeconfig there instead of printing it\n";

struct options {
    char *host;
    int port, speed;
    const char *kubeconfig; /* NULL: print it */
    bool with_engine, api_only, help;
};

struct program {
    struct loop *loop;
    struct fast_clock *time;
    struct stage stage; /* without a cluster with --api-only */
    struct api *api;
    struct server *server;
};

/* --- flags: "--listen=x" and "--listen x", with one dash or two --- */

static const char *value_of(const char *name, int argc, char **argv, int *at)
{
    const char *arg = argv[*at] + (str_has_prefix(argv[*at], "--") ? 2 : 1);
    size_t len = strlen(name);
    if (argv[*at][0] != '-' || strncmp(arg, name, len) != 0) {
        return NULL;
    }
    if (arg[len] == '=') {
        return arg + len + 1;
    }
    return arg[len] == '\0' && *at + 1 < argc ? argv[++*at] : NULL;
}

static bool is_flag(const char *arg, const char *name)
{
    return arg[0] == '-' && str_equal(arg + (arg[1] == '-' ? 2 : 1), name);
}

/* A whole number from `min` to `max`; -1 for anything else. */
static int number_of(const char *text, int min, int max)
{
    char *end;
    long value = strtol(text, &end, 10);
    return *text != '\0' && *end == '\0' && value >= min && value <= max ? (int)value : -1;
}

static bool parse_listen(struct options *options, const char *text, struct err *err)
{
    const char *colon = strrchr(text, ':');
    int port = colon != NULL ? number_of(colon + 1, 0, 65535) : -1;
    if (port < 0) {
        return err_set(err, ERR_INVALID, "--listen %s: expected HOST:PORT, as in 127.0.0.1:8001", text);
    }
    mem_free(options->host);
    options->host = str_dup_n(text, (size_t)(colon - text));
    options->port = port;
    return true;
}

static bool parse_flag(struct options *options, int argc, char **argv, int *at, struct err *err)
{
    const char *value;
    if (is_flag(argv[*at], "h") || is_flag(argv[*at], "help")) {
        options->help = true;
        return true;
    }
    if (options->with_engine && is_flag(argv[*at], "serve")) {
        return true;
    }
    if (!options->with_engine && is_flag(argv[*at], "api-only")) {
        options->api_only = true;
        return true;
    }
    if ((value = value_of("listen", argc, argv, at)) != NULL) {
        return parse_listen(options, value, err);
    }
    if ((value = value_of("speed", argc, argv, at)) != NULL) {
        options->speed = number_of(value, 1, SPEED_MAX);
        return options->speed > 0 ||
               err_set(err, ERR_INVALID, "--speed %s: expected a whole number from 1 to %d", value, SPEED_MAX);
    }
    if ((value = value_of("kubeconfig", argc, argv, at)) != NULL) {
        options->kubeconfig = value;
        return true;
    }
    return err_set(err, ERR_INVALID, "%s: unknown flag, or its value is missing", argv[*at]);
}

/* --- serving --- */

static void serve(void *ctx, struct exchange *exchange)
{
    struct program *p = ctx;
    if (p->stage.cluster != NULL && str_has_prefix(exchange->path, PROMETHEUS_PATH "/")) {
        exchange->path += strlen(PROMETHEUS_PATH);
        prometheus_serve(cluster_prometheus(p->stage.cluster), exchange);
    } else {
        api_serve(p->api, exchange);
    }
}

static bool write_kubeconfig(const struct options *options, int port, struct err *err)
{
    FILE *out = options->kubeconfig != NULL ? fopen(options->kubeconfig, "w") : stdout;
    if (out == NULL) {
        return err_set(err, ERR_IO, "cannot write the kubeconfig to %s", options->kubeconfig);
    }
    const char *name = "sluice";
    fprintf(out,
            "apiVersion: v1\n"
            "kind: Config\n"
            "current-context: %s\n"
            "clusters:\n"
            "- name: %s\n"
            "  cluster: {server: \"http://%s:%d\"}\n"
            "users:\n"
            "- name: %s\n"
            "  user: {}\n"
            "contexts:\n"
            "- name: %s\n"
            "  context: {cluster: %s, user: %s}\n",
            name, name, options->host[0] == '\0' ? "127.0.0.1" : options->host, port, name, name, name, name);
    if (options->kubeconfig != NULL) {
        fclose(out);
        printf("export KUBECONFIG=%s\n", options->kubeconfig);
    }
    fflush(stdout);
    return true;
}

static void on_engine(void *ctx)
{
    struct program *p = ctx;
    if (p->stage.state == STAGE_EMPTY || p->stage.state == STAGE_DEAD) {
        loop_stop(p->loop);
    }
}

static void on_signal(void *ctx, int signum)
{
    struct program *p = ctx;
    if (p->stage.state == STAGE_STARTING || p->stage.state == STAGE_READY) {
        stage_close_engine(&p->stage);
    } else if (p->stage.state == STAGE_CLOSING) {
        stage_kill_engine(&p->stage, false);
    } else {
        loop_stop(p->loop);
    }
}

/* --api-only: only what a bare API server has is there, and what is written stays as it is. */
static bool open_all(struct program *p, const struct options *options, struct err *err)
{
    /* kubectl counts ages from its own clock, of which a fast cluster must not get ahead. */
    int64_t head_start_ms = options->speed > 1 ? DAY_MS : 0;
    p->loop = loop_new();
    p->time = fast_clock_new(loop_clock(p->loop), options->speed, clock_wall_ms(loop_clock(p->loop)) - head_start_ms);
    if (options->api_only) {
        p->api = api_new(fast_clock_clock(p->time));
    } else if (!stage_init(&p->stage, fast_clock_clock(p->time), SEED, err)) {
        return false;
    } else {
        p->api = cluster_api(p->stage.cluster);
    }
    p->server = server_serve(p->loop, options->host, options->port, serve, p, err);
    return p->server != NULL;
}

static void close_all(struct program *p)
{
    if (p->server != NULL) {
        server_stop(p->server);
    }
    if (p->stage.cluster != NULL) {
        stage_fini(&p->stage);
    } else {
        api_free(p->api);
    }
    fast_clock_free(p->time);
    loop_free(p->loop);
}

static bool run(const struct options *options, struct err *err)
{
    struct program p = {0};
    bool ok = open_all(&p, options, err) && write_kubeconfig(options, server_port(p.server), err);
    if (ok) {
        if (options->with_engine) {
            stage_start_engine(&p.stage, "sluice", on_engine, &p);
        }
        loop_on_signal(p.loop, on_signal, &p);
        loop_run(p.loop);
    }
    close_all(&p);
    return ok;
}

static int command(const char *name, const char *usage, struct options *options, int argc, char **argv)
{
    struct err err = {0};
    bool ok = true;
    options->host = str_dup("127.0.0.1");
    options->speed = 1;
    for (int i = 0; ok && i < argc; i++) {
        ok = parse_flag(options, argc, argv, &i, &err);
    }
    int status = ok ? 0 : 2;
    if (!ok) {
        fprintf(stderr, "sluice %s: %s\n\n%s%s", name, err.text, usage, flags_usage);
    } else if (options->help) {
        printf("%s%s", usage, flags_usage);
    } else if (!run(options, &err)) {
        fprintf(stderr, "sluice %s: %s\n", name, err.text);
        status = 1;
    }
    mem_free(options->host);
    return status;
}

int serve_demo(int argc, char **argv)
{
    struct options options = {.with_engine = true};
    return command("demo", demo_usage, &options, argc, argv);
}

int command_sim(int argc, char **argv)
{
    struct options options = {0};
    return command("sim", sim_usage, &options, argc, argv);
}
