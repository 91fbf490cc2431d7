/* sluice run: assembles the engine from the two doors and runs it until a signal or the loss of the Lease. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/ambient.h"
#include "app/command.h"
#include "app/dashboard_page.h"
#include "app/flags.h"
#include "app/identity.h"
#include "app/version.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/curl.h"
#include "io/loop.h"
#include "io/server.h"
#include "prom/query.h"
#include "rollout/engine.h"
#include "script/adapter.h"
#include "script/embedded.h"
#include "script/strategist.h"

static const char usage[] =
    "usage: sluice run [flags]\n"
    "\n"
    "Watches Canaries and rolls out their revisions, in a Pod or on a machine of your own. The\n"
    "flags are Flagger's; docs/reference.md has all of it.\n"
    "\n";

static const char after[] =
    "\n"
    "Exit status: 0 ended by a signal, 1 another engine has the Lease, or by a second signal at\n"
    "once, 2 it could not begin.\n";

struct program {
    struct flags flags;
    struct loop *loop;
    struct http *http;
    struct kube_client *kube, *mesh_kube;
    struct metrics *metrics;
    struct strategist *strategist;
    struct adapters *adapters;
    struct server *server;
    struct engine *engine;
    struct dashboard_page page;
    struct kube_call *check; /* is the kind registered? */
    size_t checked;
    struct prom_query *prometheus;
    char *identity;
    bool closing;
    int status; /* of the process */
};

static void note_flag(const char *text)
{
    log_info(NULL, "%s", text);
}

/* --- the clients --- */

/* As client-go's BuildConfigFromFlags: -master without -kubeconfig is a server to which we are nobody; the Pod's token
 * is for the Pod's own API server and goes nowhere else. */
static struct kube_client *new_client(struct program *p, const char *kubeconfig, const char *master, struct err *err)
{
    struct kube_config config = {0};
    bool ok = kubeconfig[0] != '\0' ? kube_config_load(kubeconfig, NULL, &config, err)
              : master[0] != '\0'   ? true
                                    : kube_config_in_cluster("", &config, err);
    if (ok && master[0] != '\0') {
        ok = kube_config_set_server(&config, master, err) || err_wrap(err, "-master");
    }
    if (!ok) {
        kube_config_fini(&config);
        return NULL;
    }
    return kube_client_new(p->http, loop_clock(p->loop), p->loop, &config);
}

static bool open_clients(struct program *p, struct err *err)
{
    p->kube = new_client(p, p->flags.kubeconfig, p->flags.master, err);
    if (p->kube == NULL) {
        return false;
    }
    p->mesh_kube = p->kube;
    if (p->flags.kubeconfig_service_mesh[0] == '\0') {
        return true;
    }
    p->mesh_kube = new_client(p, p->flags.kubeconfig_service_mesh, "", err);
    if (p->mesh_kube == NULL) {
        return err_wrap(err, "-kubeconfig-service-mesh");
    }
    /* The same API server named twice is one cluster: owner references work there. */
    if (strcmp(kube_client_server(p->kube), kube_client_server(p->mesh_kube)) == 0) {
        kube_client_free(p->mesh_kube);
        p->mesh_kube = p->kube;
    }
    return true;
}

/* --- /healthz, /readyz and /metrics --- */

/* A standby is ready, because it can take over at once. An engine that is ending is not. */
static int serve_ready(const struct program *p, struct buf *body)
{
    struct buf lacking;
    buf_init(&lacking, 1024);
    bool is_ready = p->engine != NULL && !p->closing && engine_is_prepared(p->engine, &lacking);
    const char *why = lacking.len > 0 ? buf_str(&lacking) : p->closing ? "it is ending" : "it is starting";
    buf_printf(body, is_ready ? "OK" : "not ready: %s\n", why);
    buf_fini(&lacking);
    return is_ready ? 200 : 503;
}

static int serve(void *ctx, const char *path, struct buf *body, const char **content_type)
{
    struct program *p = ctx;
    if (strcmp(path, "/healthz") == 0) {
        buf_append_str(body, "OK");
        return 200;
    }
    if (strcmp(path, "/readyz") == 0) {
        return serve_ready(p, body);
    }
    if (strcmp(path, "/metrics") == 0) {
        *content_type = "text/plain; version=0.0.4; charset=utf-8";
        metrics_write(p->metrics, body);
        return 200;
    }
    buf_append_str(body, "404 page not found\n");
    return 404;
}

/* --- the end --- */

static void on_closed(void *ctx)
{
    struct program *p = ctx;
    p->engine = NULL;
    loop_stop(p->loop);
}

static void stop(struct program *p, int status)
{
    p->closing = true;
    p->status = status;
    if (p->check != NULL) {
        kube_cancel(p->check);
        p->check = NULL;
    }
    if (p->prometheus != NULL) {
        prom_query_cancel(p->prometheus);
        p->prometheus = NULL;
    }
    dashboard_page_close(&p->page); /* it reads the engine's stores */
    if (p->engine != NULL) {
        engine_close(p->engine, on_closed, p);
    } else {
        loop_stop(p->loop);
    }
}

static void on_signal(void *ctx, int signum)
{
    struct program *p = ctx;
    if (p->closing) {
        exit(1); /* asked twice: at once */
    }
    log_info(NULL, "signal %d: ending", signum);
    stop(p, 0);
}

/* Another engine may already be at work, so nothing may be written any more, not even requests under way. */
static void on_lost(void *ctx, const struct err *err)
{
    log_error(NULL, "Leadership lost: %s", err->text);
    _exit(1);
}

/* --- the start --- */

static void on_ready(void *ctx)
{
    struct program *p = ctx;
    log_info(NULL, "sluice %s is ready as %s", SLUICE_VERSION, p->identity);
}

/* Teams wins over Slack. */
static struct alerter_chat chat_of(const struct flags *flags)
{
    if (flags->msteams_url[0] != '\0') {
        return (struct alerter_chat){.type = "msteams", .url = flags->msteams_url, .proxy = flags->msteams_proxy_url};
    }
    return (struct alerter_chat){.type = "slack",
                                 .url = flags->slack_url,
                                 .token = flags->slack_token,
                                 .proxy = flags->slack_proxy_url,
                                 .username = flags->slack_user,
                                 .channel = flags->slack_channel};
}

static void start_engine(struct program *p)
{
    struct engine_options options = {
        .clock = loop_clock(p->loop),
        .http = p->http,
        .kube = p->kube,
        .mesh_kube = p->mesh_kube,
        .strategist = p->strategist,
        .adapters = p->adapters,
        .ambient = ambient_add,
        .metrics = p->metrics,
        .namespace = p->flags.namespace[0] != '\0' ? p->flags.namespace : NULL,
        .defaults = {.provider = p->flags.mesh_provider, .metrics_server = p->flags.metrics_server},
        .selector_labels = p->flags.selector_labels,
        .include_label_prefix = p->flags.include_label_prefix,
        .event_webhook = p->flags.event_webhook[0] != '\0' ? p->flags.event_webhook : NULL,
        .chat = chat_of(&p->flags),
        .cluster = p->flags.cluster_name,
        .lease_namespace = p->flags.namespace[0] != '\0' ? p->flags.namespace : p->flags.leader_election_namespace,
        .lease_name = "sluice-leader-election",
        .identity = p->identity,
        .is_dead = identity_is_dead,
        .config_tracking = p->flags.enable_config_tracking,
        .no_cross_namespace_refs = p->flags.no_cross_namespace_refs,
        .scripts = p->flags.scripts[0] != '\0' ? p->flags.scripts : NULL,
        .scale_down_delay_ms = p->flags.scale_down_delay_ms,
        .on_lost = on_lost,
        .on_ready = on_ready,
        .ctx = p,
    };
    p->engine = engine_new(&options);
}

/* The page of what the engine's stores have; every engine has it, also one that waits for the Lease. */
static void open_page(struct program *p)
{
    struct err err = {0};
    const struct place *place = &p->flags.dashboard_place;
    struct dashboard_page_options options = {.loop = p->loop,
                                             .kube = p->kube,
                                             .canaries = engine_store(p->engine, &KUBE_CANARIES),
                                             .releases = engine_store(p->engine, &KUBE_RELEASES),
                                             .host = place->host[0] != '\0' ? place->host : NULL,
                                             .port = place->port,
                                             .prefix = p->flags.dashboard_prefix};
    if (p->flags.dashboard_hosts[0] != '\0') {
        str_list_read(&options.hosts, p->flags.dashboard_hosts);
    }
    if (!dashboard_page_open(&p->page, &options, &err)) {
        log_error(NULL, "-dashboard %s: %s", p->flags.dashboard, err.text);
        stop(p, 2);
    } else {
        log_info(NULL, "the dashboard is on port %d", server_port(p->page.server));
    }
}

static const struct kube_resource *const required_kinds[] = {
    &KUBE_CANARIES, &KUBE_RELEASES, &KUBE_STRATEGIES, &KUBE_CHECKS, &KUBE_METRIC_TEMPLATES, &KUBE_ALERT_PROVIDERS};

static void check_next(struct program *p);

static void on_checked(void *ctx, const struct doc *answer, const struct err *err)
{
    struct program *p = ctx;
    p->check = NULL;
    if (err->code == ERR_NONE) {
        p->checked++;
        check_next(p);
        return;
    }
    log_error(NULL, "%s CRD is not registered or cannot be listed: %s", required_kinds[p->checked]->kind, err->text);
    stop(p, 2);
}

/* Without its own kinds the engine can do nothing, so it ends with a message instead of waiting in silence. */
static void check_next(struct program *p)
{
    if (p->checked == sizeof required_kinds / sizeof required_kinds[0]) {
        start_engine(p);
        if (p->flags.dashboard[0] != '\0') {
            open_page(p);
        }
        return;
    }
    struct kube_request request = {.verb = KUBE_LIST,
                                   .resource = required_kinds[p->checked],
                                   .namespace = p->flags.namespace[0] != '\0' ? p->flags.namespace : NULL,
                                   .query = "limit=1"};
    p->check = kube_start(p->kube, &request, on_checked, p);
}

static void on_prometheus(void *ctx, const struct prom_answer *answer)
{
    struct program *p = ctx;
    char *server = prom_printable_address(p->flags.metrics_server);
    p->prometheus = NULL;
    if (answer->kind == PROM_VALUE || answer->kind == PROM_SEVERAL) {
        log_info(NULL, "Connected to metrics server %s", server);
    } else {
        log_error(NULL, "Metrics server %s unreachable %s", server, answer->err.text);
    }
    str_free(&server);
}

static bool open_all(struct program *p, struct err *err)
{
    p->identity = identity_new();
    p->loop = loop_new();
    p->http = curl_http_new(p->loop);
    p->metrics = metrics_new();
    p->strategist = script_strategist_new(loop_clock(p->loop), embedded_modules, embedded_count);
    script_strategist_measure(p->strategist);
    script_strategist_allow(p->strategist, &p->flags.limits);
    if (!open_clients(p, err)) {
        return false;
    }
    p->adapters = script_adapters_new(&(struct adapters_options){.clock = loop_clock(p->loop),
                                                                 .http = p->http,
                                                                 .kube = p->kube,
                                                                 .modules = embedded_modules,
                                                                 .module_count = embedded_count,
                                                                 .measured = true});
    const struct place *place = &p->flags.metrics_place;
    bool is_port = p->flags.listen[0] == '\0';
    p->server = server_start(p->loop, place->host, place->port, serve, p, err);
    return p->server != NULL ||
           err_wrap(err, is_port ? "-port %s" : "-listen %s", is_port ? p->flags.port : p->flags.listen);
}

static void close_all(struct program *p)
{
    if (p->server != NULL) {
        server_stop(p->server);
    }
    if (p->mesh_kube != NULL && p->mesh_kube != p->kube) {
        kube_client_free(p->mesh_kube);
    }
    if (p->kube != NULL) {
        kube_client_free(p->kube);
    }
    script_adapters_free(p->adapters);
    script_strategist_free(p->strategist);
    metrics_free(p->metrics);
    curl_http_free(p->http);
    loop_free(p->loop);
    str_free(&p->identity);
}

int command_run(int argc, char **argv)
{
    struct program p = {0};
    struct err err = {0};
    if (!flags_parse(&p.flags, argc, argv, note_flag, &err)) {
        fprintf(stderr, "sluice run: %s\n\nsluice run -help lists the flags\n", err.text);
        return 2;
    }
    if (p.flags.help || p.flags.version) {
        if (p.flags.version) {
            version_print();
        } else {
            fputs(usage, stdout);
            flags_print();
            fputs(after, stdout);
        }
        return 0;
    }
    log_set_level(log_level_parse(p.flags.log_level));
    log_set_console(strcmp(p.flags.zap_encoding, "console") == 0);
    if (!open_all(&p, &err)) {
        fprintf(stderr, "sluice run: %s\n", err.text);
        close_all(&p);
        return 2;
    }
    loop_on_signal(p.loop, on_signal, &p);
    p.prometheus = prom_query_start(p.http, p.flags.metrics_server, "vector(1)", on_prometheus, &p);
    check_next(&p);
    loop_run(p.loop);
    close_all(&p);
    return p.status;
}
