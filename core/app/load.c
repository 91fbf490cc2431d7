/* sluice load: a load tester for the hooks of Canaries, in the place of Flagger's (docs/load.md). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/command.h"
#include "app/load_flags.h"
#include "base/log.h"
#include "io/curl.h"
#include "io/loop.h"
#include "io/orphans.h"
#include "io/server.h"
#include "load/runners.h"
#include "load/tester.h"

enum { IDLE_CONNECTIONS_MAX = 1024, FLUSH_MS = 10, FLUSHES = 100 };

static const char usage[] =
    "usage: sluice load [flags]\n"
    "\n"
    "Serves the hooks of Canaries in the place of Flagger's load tester: loads, which it makes\n"
    "itself from the command lines of hey, acceptance tests, and gates. docs/load.md describes\n"
    "it.\n"
    "\n";

static const char after[] = "\n"
                            "Exit status: 0 ended by a signal, 1 by a second one at once, 2 it could not begin.\n";

struct program {
    struct load_flags flags;
    struct loop *loop;
    struct orphans *orphans;
    struct http *http;
    struct pattern *namespaces;
    struct programs *programs;
    struct tester *tester;
    struct server *server;
    bool closing;
    struct timer flush;
    int flushes; /* looks that are left */
};

/* What was answered last is sent yet. */
static void on_flush(struct timer *timer, void *ctx)
{
    struct program *p = ctx;
    if (server_is_idle(p->server) || p->flushes == 0) {
        loop_stop(p->loop);
        return;
    }
    p->flushes--;
    timer_start(loop_clock(p->loop), &p->flush, FLUSH_MS, on_flush, p);
}

static void on_drained(void *ctx)
{
    struct program *p = ctx;
    timer_start(loop_clock(p->loop), &p->flush, 0, on_flush, p);
}

static void on_signal(void *ctx, int signum)
{
    struct program *p = ctx;
    if (p->closing) {
        exit(1); /* asked twice: at once */
    }
    p->closing = true;
    p->flushes = FLUSHES;
    log_info(NULL, "signal %d: ending, when those are answered who wait for the end of a task", signum);
    tester_drain(p->tester, on_drained, p);
}

static void warn_of_runners(const struct str_list *allowed)
{
    for (size_t i = 0; i < allowed->count; i++) {
        const char *kind = runner_kind(allowed->items[i]);
        if (kind != NULL) {
            log_warn(NULL,
                     "-allow-commands %s: it is %s, so hooks may run any program that is installed here, whatever else "
                     "the list names",
                     allowed->items[i], kind);
        }
    }
}

static bool open_programs(struct program *p, struct err *err)
{
    struct programs_options options = {.allowed = &p->flags.allowed,
                                       .variables = &p->flags.variables,
                                       .timeout_ms = p->flags.timeout_ms,
                                       .processes_max = (uint64_t)p->flags.processes_max};
    if (!programs_check(&options, err)) {
        return false;
    }
    p->programs = programs_new(&options);
    if (p->flags.allowed.count == 0) {
        return true;
    }
    /* A program of the same user could read our environment and memory in /proc otherwise. */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    warn_of_runners(&p->flags.allowed);
    if (p->namespaces == NULL) {
        log_warn(NULL, "-allow-commands without -namespace-regexp: canaries of every namespace run these programs");
    }
    if (geteuid() == 0) {
        log_warn(NULL, "-allow-commands: programs run as nobody (65534), because this runs as root");
    }
    return true;
}

static struct load_ceiling ceiling_of(const struct load_flags *flags)
{
    bool has_own_rate = flags->load_rate_max > 0;
    return (struct load_ceiling){.rate = (double)(has_own_rate ? flags->load_rate_max : flags->rate_max),
                                 .flag = has_own_rate ? "-max-load-rate" : "-max-rate",
                                 .workers = (int)flags->workers_max,
                                 .duration_ms = flags->timeout_ms};
}

static bool open_all(struct program *p, struct err *err)
{
    if (p->flags.namespace_regexp[0] != '\0') {
        p->namespaces = pattern_new(p->flags.namespace_regexp, err);
        if (p->namespaces == NULL) {
            return err_wrap(err, "-namespace-regexp %s", p->flags.namespace_regexp);
        }
    }
    if (!open_programs(p, err)) {
        return false;
    }
    struct tester_options options = {
        .ground = {.clock = loop_clock(p->loop),
                   .loop = p->loop,
                   .http = p->http,
                   .programs = p->programs,
                   .ceiling = ceiling_of(&p->flags)},
        .rate = (double)p->flags.rate_max,
        .namespaces = p->namespaces,
        .tasks_max = (size_t)p->flags.tasks_max,
        .gates_max = (size_t)p->flags.gates_max,
    };
    p->tester = tester_new(&options);
    p->server = server_serve_public(p->loop, p->flags.host, p->flags.port, tester_serve, p->tester, err);
    return p->server != NULL || err_wrap(err, "-%s", p->flags.place_flag != NULL ? p->flags.place_flag : "port");
}

static void close_all(struct program *p)
{
    timer_cancel(&p->flush);
    if (p->server != NULL) {
        server_stop(p->server);
    }
    if (p->tester != NULL) {
        tester_free(p->tester);
    }
    if (p->programs != NULL) {
        programs_free(p->programs);
    }
    pattern_free(p->namespaces);
    curl_http_free(p->http);
    orphans_free(p->orphans);
    loop_free(p->loop);
}

/* Each worker of a load may have a connection, and so may those who ask. */
static void raise_open_files(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

static int serve(struct program *p)
{
    struct err err = {0};
    raise_open_files();
    p->loop = loop_new();
    p->orphans = orphans_new(p->loop);
    p->http = curl_http_new_for_load(p->loop, IDLE_CONNECTIONS_MAX);
    bool ok = open_all(p, &err);
    if (ok) {
        log_info(NULL, "Starting load tester %s API on port %d%s%s", SLUICE_VERSION, server_port(p->server),
                 p->flags.host[0] != '\0' ? " of " : "", p->flags.host);
        loop_on_signal(p->loop, on_signal, p);
        loop_run(p->loop);
    } else {
        fprintf(stderr, "sluice load: %s\n", err.text);
    }
    close_all(p);
    return ok ? 0 : 2;
}

static const struct cli_about about = {usage, after, load_flags_table};

int command_load(int argc, char **argv)
{
    struct program p = {0};
    struct err err = {0};
    int status = 0;
    if (!load_flags_read(&p.flags, argc, argv, &err)) {
        status = cli_refuse("load", &err);
    } else if (!cli_answer(&about, p.flags.help, p.flags.version)) {
        log_set_level(log_level_parse(p.flags.log_level));
        log_set_console(strcmp(p.flags.zap_encoding, "console") == 0);
        status = serve(&p);
    }
    load_flags_fini(&p.flags);
    return status;
}
