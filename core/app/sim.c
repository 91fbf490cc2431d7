/* sluice sim: the embedded cluster in real time, over a socket, for kubectl and whatever else speaks to an API server. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/loop.h"
#include "io/server.h"
#include "sim/api.h"
#include "sim/controllers.h"

static const char usage[] =
    "usage: sluice sim --listen HOST:PORT [--kubeconfig FILE]\n"
    "\n"
    "  --listen HOST:PORT   where the API server of the embedded cluster listens (port 0: any)\n"
    "  --kubeconfig FILE    write the kubeconfig there instead of printing it\n";

struct options {
    char *host;
    int port;
    const char *kubeconfig; /* NULL: print it */
};

struct program {
    struct loop *loop;
    struct api *api;
    struct behaviours *behaviours;
    struct controllers *controllers;
    struct server *server;
};

/* "--listen=x" and "--listen x", with one dash or two. */
static const char *value_of(const char *name, int argc, char **argv, int *at)
{
    const char *arg = argv[*at];
    if (arg[0] != '-')
        return NULL;
    arg += arg[1] == '-' ? 2 : 1;
    size_t len = strlen(name);
    if (strncmp(arg, name, len) != 0)
        return NULL;
    if (arg[len] == '=')
        return arg + len + 1;
    return arg[len] == '\0' && *at + 1 < argc ? argv[++*at] : NULL;
}

static bool parse_listen(struct options *options, const char *text, struct err *err)
{
    const char *colon = strrchr(text, ':');
    char *end;
    long port = colon ? strtol(colon + 1, &end, 10) : -1;
    if (!colon || colon[1] == '\0' || *end != '\0' || port < 0 || port > 65535)
        return err_set(err, ERR_INVALID, "--listen %s: expected HOST:PORT, as in 127.0.0.1:8001", text);
    mem_free(options->host);
    options->host = str_dup_n(text, (size_t)(colon - text));
    options->port = (int)port;
    return true;
}

static bool parse_options(struct options *options, int argc, char **argv, struct err *err)
{
    for (int i = 0; i < argc; i++) {
        const char *value;
        if ((value = value_of("listen", argc, argv, &i)) != NULL) {
            if (!parse_listen(options, value, err))
                return false;
        } else if ((value = value_of("kubeconfig", argc, argv, &i)) != NULL) {
            options->kubeconfig = value;
        } else {
            return err_set(err, ERR_INVALID, "%s: unknown flag, or its value is missing", argv[i]);
        }
    }
    return options->host || err_set(err, ERR_INVALID, "--listen is missing");
}

static bool write_kubeconfig(const struct options *options, int port, struct err *err)
{
    FILE *out = options->kubeconfig ? fopen(options->kubeconfig, "w") : stdout;
    if (!out)
        return err_set(err, ERR_IO, "cannot write the kubeconfig to %s", options->kubeconfig);
    fprintf(out,
            "apiVersion: v1\n"
            "kind: Config\n"
            "current-context: sluice-sim\n"
            "clusters:\n"
            "- name: sluice-sim\n"
            "  cluster: {server: \"http://%s:%d\"}\n"
            "users:\n"
            "- name: sluice-sim\n"
            "  user: {}\n"
            "contexts:\n"
            "- name: sluice-sim\n"
            "  context: {cluster: sluice-sim, user: sluice-sim}\n",
            options->host[0] == '\0' ? "127.0.0.1" : options->host, port);
    if (options->kubeconfig) {
        fclose(out);
        printf("export KUBECONFIG=%s\n", options->kubeconfig);
    }
    fflush(stdout);
    return true;
}

static void on_signal(void *ctx, int signum)
{
    struct program *p = ctx;
    loop_stop(p->loop);
}

static bool run(const struct options *options, struct err *err)
{
    struct program p = {.loop = loop_new()};
    p.api = api_new(loop_clock(p.loop));
    p.behaviours = behaviours_new();
    p.controllers = controllers_new(p.api, loop_clock(p.loop), p.behaviours);
    p.server = server_serve(p.loop, options->host, options->port, api_serve, p.api, err);
    bool ok = p.server && write_kubeconfig(options, server_port(p.server), err);
    if (ok) {
        loop_on_signal(p.loop, on_signal, &p);
        loop_run(p.loop);
    }
    controllers_free(p.controllers);
    behaviours_free(p.behaviours);
    api_free(p.api);
    server_stop(p.server);
    loop_free(p.loop);
    return ok;
}

int command_sim(int argc, char **argv)
{
    struct options options = {0};
    struct err err = {0};
    if (argc > 0 && (strcmp(argv[0], "-h") == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-help") == 0)) {
        fputs(usage, stdout);
        return 0;
    }
    if (!parse_options(&options, argc, argv, &err)) {
        fprintf(stderr, "sluice sim: %s\n\n%s", err.text, usage);
        mem_free(options.host);
        return 2;
    }
    bool ok = run(&options, &err);
    if (!ok)
        fprintf(stderr, "sluice sim: %s\n", err.text);
    mem_free(options.host);
    return ok ? 0 : 1;
}
