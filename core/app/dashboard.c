/* sluice dashboard: a page of every Canary and its releases, of a cluster that is only read. */
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/dashboard_page.h"
#include "app/session.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/curl.h"
#include "io/host.h"

static const char usage[] = "usage: sluice dashboard [-n NAMESPACE] [--listen HOST:PORT] [flags]\n"
                            "\n"
                            "Serves a page of every Canary with its phase, share and what it waits for, and of each\n"
                            "release with its curves and why it was decided so, kept up to date while it is open.\n"
                            "It reads the cluster by the rights of its kubeconfig, and shows what it reads to whoever\n"
                            "reaches it. docs/dashboard.md has all of it.\n"
                            "\n";

const struct cli_flag dashboard_flags[] = {
    {"listen", "HOST:PORT", "where it listens (default 127.0.0.1:8090; port 0: any)"},
    {"prefix", "PATH", "below which it is served, as in /sluice, for a proxy that keeps it"},
    {"host", "NAME", "one more name by which it is reached; may be said again"},
    {"n", "NAMESPACE", "the only namespace that is shown (default: all)"},
    {"namespace", "NAMESPACE", NULL},
    CLUSTER_FLAGS,
    CLI_COMMON,
    {0},
};

static const char after[] = "\n"
                            "Exit status: 0 ended by a signal, 2 it could not begin.\n";

static const struct cli_about about = {usage, after, dashboard_flags};

enum { PORT_DEFAULT = 8090 };

struct words {
    char *host; /* where it listens */
    int port;
    struct session_flags session;
    const char *prefix;
    struct str_list hosts;
    bool help, version;
};

struct program {
    struct loop *loop;
    struct http *http;
    struct kube_client *kube;
    struct dashboard_page page;
};

/* --- words --- */

static bool take(void *ctx, const char *name, const char *value, struct err *err)
{
    struct words *words = ctx;
    if (name == NULL) {
        return err_set(err, ERR_INVALID, "%s: unexpected word", value);
    } else if (strcmp(name, "listen") == 0) {
        return cli_read_listen("--listen", value, &words->host, &words->port, err);
    } else if (strcmp(name, "prefix") == 0) {
        words->prefix = value;
        return board_check_prefix(value, err);
    } else if (strcmp(name, "host") == 0) {
        str_list_push(&words->hosts, value);
    } else if (session_take(&words->session, name, value)) {
        return true;
    } else if (strcmp(name, "version") == 0) {
        words->version = true;
    } else {
        words->help = true;
    }
    return true;
}

/* --- serving --- */

static void on_signal(void *ctx, int signum)
{
    struct program *p = ctx;
    loop_stop(p->loop);
}

static bool open_all(struct program *p, struct words *words, struct err *err)
{
    struct kube_config config = {0};
    if (!session_config(&words->session, &config, err)) {
        kube_config_fini(&config);
        return false;
    }
    p->http = curl_http_new(p->loop);
    p->kube = kube_client_new(p->http, loop_clock(p->loop), p->loop, &config);
    struct dashboard_page_options options = {.loop = p->loop,
                                             .kube = p->kube,
                                             .namespace = words->session.namespace,
                                             .host = words->host,
                                             .port = words->port,
                                             .prefix = words->prefix,
                                             .hosts = words->hosts};
    words->hosts = (struct str_list){0};
    return dashboard_page_open(&p->page, &options, err) || err_wrap(err, "--listen");
}

static void close_all(struct program *p)
{
    dashboard_page_close(&p->page);
    if (p->kube != NULL) {
        kube_client_free(p->kube);
    }
    if (p->http != NULL) {
        curl_http_free(p->http);
    }
    loop_free(p->loop);
}

static int run(struct words *words)
{
    struct err err = {0};
    struct program p = {.loop = loop_new()};
    int status = 2;
    if (open_all(&p, words, &err)) {
        if (!host_is_loopback(words->host)) {
            fprintf(stderr, "sluice dashboard: --listen %s:%d is open to other machines: whoever reaches it may read\n",
                    words->host, server_port(p.page.server));
        }
        printf("http://%s:%d%s/\n", host_reachable(words->host), server_port(p.page.server),
               words->prefix != NULL ? words->prefix : "");
        cli_flush(stdout);
        loop_on_signal(p.loop, on_signal, &p);
        loop_run(p.loop);
        status = 0;
    } else {
        fprintf(stderr, "sluice dashboard: %s\n", err.text);
    }
    close_all(&p);
    return status;
}

int command_dashboard(int argc, char **argv)
{
    struct words words = {.host = str_dup("127.0.0.1"), .port = PORT_DEFAULT};
    struct err err = {0};
    int status = 0;
    if (!cli_read(dashboard_flags, argc, argv, take, &words, &err)) {
        status = cli_refuse("dashboard", &err);
    } else if (!cli_answer(&about, words.help, words.version)) {
        status = run(&words);
    }
    str_list_fini(&words.hosts);
    str_free(&words.host);
    return status;
}
