#include "app/flags.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cli.h"
#include "app/subject.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/str.h"
#include "board/board.h"
#include "canary/kinds.h"
#include "rollout/engine.h"

enum flag_kind {
    FLAG_TEXT,
    FLAG_BOOL,
    FLAG_IDLE,      /* takes a value, has no meaning here */
    FLAG_IDLE_BOOL, /* a boolean without a meaning here */
};

struct flag {
    const char *name;
    const char *value; /* what stands behind it, for a shell: "FILE", "json|console" */
    enum flag_kind kind;
    size_t offset;        /* into struct flags */
    const char *fallback; /* text default; "true" or "" for booleans */
    const char *help;     /* or why it has no meaning */
};

#define TEXT(name, value, field, fallback, help)                                                                       \
    {                                                                                                                  \
        name, value, FLAG_TEXT, offsetof(struct flags, field), fallback, help                                          \
    }
#define BOOL(name, field, fallback, help)                                                                              \
    {                                                                                                                  \
        name, NULL, FLAG_BOOL, offsetof(struct flags, field), fallback, help                                           \
    }
#define IDLE(name, why)                                                                                                \
    {                                                                                                                  \
        name, "VALUE", FLAG_IDLE, 0, "", why                                                                           \
    }
#define IDLE_BOOL(name, why)                                                                                           \
    {                                                                                                                  \
        name, NULL, FLAG_IDLE_BOOL, 0, "", why                                                                         \
    }

#define FLAG_OF_LIMIT(id, field, flag, value, fallback, unit, least, most, help)                                       \
    TEXT(flag, value, limit_texts[LIMIT_##id], fallback, help),

#define ALTERNATIVE(row, provider) "|" provider
#define LISTED(row, provider) " " provider

static const char port_default[] = "8080";

static const struct flag table[] = {
    TEXT("kubeconfig", "FILE", kubeconfig, "", "path of a kubeconfig; empty: the Pod's service account"),
    TEXT("master", "URL", master, "",
         "URL of the API server, instead of the kubeconfig's; without a kubeconfig nobody's credentials are sent"),
    TEXT("kubeconfig-service-mesh", "FILE", kubeconfig_service_mesh, "",
         "path of a kubeconfig for the mesh's control plane; empty: the same cluster"),
    TEXT("metrics-server", "URL", metrics_server, "http://prometheus:9090", "URL of Prometheus"),
    TEXT("mesh-provider", &(CANARY_PROVIDERS(ALTERNATIVE))[1], mesh_provider, CANARY_PROVIDER,
         "how traffic is routed:" CANARY_PROVIDERS(LISTED)),
    TEXT("namespace", "NAME", namespace, "", "the only namespace to look at; empty: all"),
    TEXT("selector-labels", "LABELS", selector_labels, "app,name,app.kubernetes.io/name",
         "labels that may select the Pods of a target"),
    TEXT("include-label-prefix", "PREFIXES", include_label_prefix, "",
         "prefixes of labels and annotations that are copied to the primary; * for all"),
    TEXT("log-level", "debug|info|warn|error|fatal|panic", log_level, "debug",
         "the least of what is logged: debug, info, warn, error, fatal or panic"),
    TEXT("zap-encoding", "json|console", zap_encoding, "json", "form of the logs: json or console"),
    TEXT("port", "PORT", port, port_default, "port of /healthz and /metrics, on all addresses"),
    TEXT("listen", "HOST:PORT", listen, "", "the same on one address, as in 127.0.0.1:8080"),
    TEXT("dashboard", "[HOST:]PORT", dashboard, "",
         "port of the page that shows canaries and releases, on all addresses or on HOST; empty: none"),
    TEXT("dashboard-hosts", "NAMES", dashboard_hosts, "",
         "names by which that page is reached, besides addresses and localhost"),
    TEXT("dashboard-prefix", "PATH", dashboard_prefix, "", "path below which it is served, for a proxy that keeps it"),
    TEXT("event-webhook", "URL", event_webhook, "",
         "URL that gets every event of canaries without event hooks of their own"),
    TEXT("cluster-name", "NAME", cluster_name, "", "what alerts call this cluster"),
    TEXT("slack-url", "URL", slack_url, "",
         "Slack webhook that gets the alerts of canaries without alerts of their own"),
    TEXT("slack-token", "TOKEN", slack_token, "", "bearer token for it"),
    TEXT("slack-user", "NAME", slack_user, "flagger", "sender of the alerts"),
    TEXT("slack-channel", "NAME", slack_channel, "", "channel of the alerts; without one there are none"),
    TEXT("slack-proxy-url", "URL", slack_proxy_url, "", "proxy on the way to Slack"),
    TEXT("msteams-url", "URL", msteams_url, "", "the same for a Teams webhook, which wins over Slack"),
    TEXT("msteams-proxy-url", "URL", msteams_proxy_url, "", "proxy on the way to Teams"),
    TEXT("leader-election-namespace", "NAME", leader_election_namespace, "kube-system",
         "namespace of the Lease, unless -namespace is set"),
    BOOL("enable-config-tracking", enable_config_tracking, "true", "follow ConfigMaps and Secrets of the target"),
    TEXT("scale-down-delay", "DURATION", scale_down_delay, ENGINE_SCALE_DOWN_DELAY,
         "how long a canary keeps its Pods after its last share of the traffic, until all proxies know"),
    BOOL("no-cross-namespace-refs", no_cross_namespace_refs, "",
         "refuse a Canary that names something of another namespace"),
    TEXT(
        "scripts", "FOLDER", scripts, "",
        "folder with strategies/NAME.lua, checks/NAME.lua and adapters/{metrics,alerts}/NAME.lua, read again when they "
        "change; empty: none"),
    LIMITS(FLAG_OF_LIMIT) /* a Strategy or a Check may ask for less */
    BOOL("version", version, "", "print the version and end"),
    BOOL("help", help, "", "print this and end"),
    BOOL("h", help, "", "print this and end"),
    IDLE("control-loop-interval", "nothing is polled"),
    IDLE("kubeconfig-qps", "there is no client-side limit"),
    IDLE("kubeconfig-burst", "there is no client-side limit"),
    IDLE("threadiness", "there is one thread"),
    IDLE_BOOL("enable-leader-election", "a Lease is always held"),
    IDLE("ingress-annotations-prefix", "the mesh provider is istio"),
    IDLE("ingress-class", "the mesh provider is istio"),
    IDLE_BOOL("zap-replace-globals", "there is one logger"),
    IDLE("v", "use -log-level"),
    IDLE("vmodule", "use -log-level"),
    IDLE_BOOL("logtostderr", "logs go to stderr"),
    IDLE_BOOL("alsologtostderr", "logs go to stderr"),
    IDLE("stderrthreshold", "logs go to stderr"),
    IDLE("log_dir", "logs go to stderr"),
    IDLE("log_file", "logs go to stderr"),
    IDLE("log_file_max_size", "logs go to stderr"),
    IDLE("log_backtrace_at", "logs carry no stack traces"),
    IDLE_BOOL("add_dir_header", "logs go to stderr"),
    IDLE_BOOL("skip_headers", "logs go to stderr"),
    IDLE_BOOL("skip_log_headers", "logs go to stderr"),
    IDLE_BOOL("one_output", "logs go to stderr"),
};

enum { HELP_COLUMN = 30 };
enum { TABLE_SIZE = sizeof table / sizeof table[0] };

/* Environment variables that override a flag. */
static const struct {
    const char *variable;
    size_t offset; /* into struct flags */
} environment[] = {
    {"EVENT_WEBHOOK_URL", offsetof(struct flags, event_webhook)},
    {"SLACK_URL", offsetof(struct flags, slack_url)},
    {"SLACK_TOKEN", offsetof(struct flags, slack_token)},
    {"SLACK_PROXY_URL", offsetof(struct flags, slack_proxy_url)},
    {"MSTEAMS_URL", offsetof(struct flags, msteams_url)},
    {"MSTEAMS_PROXY_URL", offsetof(struct flags, msteams_proxy_url)},
};

static const char **text_field(struct flags *flags, const struct flag *flag)
{
    return (const char **)((char *)flags + flag->offset);
}

static bool *bool_field(struct flags *flags, const struct flag *flag)
{
    return (bool *)((char *)flags + flag->offset);
}

static bool is_bool(const struct flag *flag)
{
    return flag->kind == FLAG_BOOL || flag->kind == FLAG_IDLE_BOOL;
}

static const struct flag *find(const char *name, size_t len)
{
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        if (strlen(table[i].name) == len && strncmp(table[i].name, name, len) == 0) {
            return &table[i];
        }
    }
    return NULL;
}

static bool set(struct flags *flags, const struct flag *flag, const char *value, void (*note)(const char *text),
                struct err *err)
{
    bool on = false;
    if (is_bool(flag) && !str_read_bool(value, &on)) {
        return err_set(err, ERR_INVALID, "invalid boolean value \"%s\" for -%s: parse error", value, flag->name);
    }
    switch (flag->kind) {
    case FLAG_TEXT:
        *text_field(flags, flag) = value;
        break;
    case FLAG_BOOL:
        *bool_field(flags, flag) = on;
        break;
    case FLAG_IDLE:
    case FLAG_IDLE_BOOL: {
        char *text = str_format("-%s has no meaning here: %s", flag->name, flag->help);
        note(text);
        str_free(&text);
        break;
    }
    }
    return true;
}

static bool parse_one(struct flags *flags, int argc, char **argv, int *index, void (*note)(const char *text),
                      struct err *err)
{
    const char *arg = argv[*index];
    if (arg[0] != '-' || arg[1] == '\0') {
        return err_set(err, ERR_INVALID, "\"%s\" is not a flag", arg);
    }
    const char *name = arg + (arg[1] == '-' ? 2 : 1);
    size_t len = strcspn(name, "=");
    if (len == 0 || name[0] == '-') {
        return err_set(err, ERR_INVALID, "bad flag syntax: %s", arg);
    }
    const struct flag *flag = find(name, len);
    if (flag == NULL) {
        return err_set(err, ERR_INVALID, "flag provided but not defined: -%.*s", (int)len, name);
    }
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    if (value == NULL && is_bool(flag)) {
        value = "true";
    } else if (value == NULL) {
        if (*index + 1 >= argc) {
            return err_set(err, ERR_INVALID, "flag needs an argument: -%s", flag->name);
        }
        value = argv[++*index];
    }
    return set(flags, flag, value, note, err);
}

static void set_defaults(struct flags *flags)
{
    *flags = (struct flags){0};
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        if (table[i].kind == FLAG_TEXT) {
            *text_field(flags, &table[i]) = table[i].fallback;
        } else if (table[i].kind == FLAG_BOOL) {
            *bool_field(flags, &table[i]) = table[i].fallback[0] != '\0';
        }
    }
}

static bool read_scale_down_delay(struct flags *flags, struct err *err)
{
    int64_t ns;
    if (!duration_parse(flags->scale_down_delay, &ns, err)) {
        err_wrap(err, "-scale-down-delay");
        return false;
    }
    flags->scale_down_delay_ms = ns / (1000 * 1000);
    return ns >= 0 || err_set(err, ERR_INVALID, "-scale-down-delay: \"%s\" is negative", flags->scale_down_delay);
}

static bool read_limits(struct flags *flags, struct err *err)
{
    bool ok = true;
    for (enum limit limit = 0; ok && limit < LIMIT_COUNT; limit++) {
        ok = limits_parse(limit, flags->limit_texts[limit], &flags->limits.of[limit], err);
    }
    return ok;
}

/* The default is known by its address: somebody may have said -port=8080. */
static bool read_metrics_place(struct flags *flags, struct err *err)
{
    if (flags->listen[0] == '\0') {
        return place_read_port(&flags->metrics_place, "-port", flags->port, err);
    }
    return (flags->port == port_default || err_set(err, ERR_INVALID,
                                                   "-port and -listen both say where /healthz and /metrics are: one of "
                                                   "them wanted")) &&
           place_read(&flags->metrics_place, "-listen", flags->listen, err);
}

static bool read_dashboard_place(struct flags *flags, struct err *err)
{
    struct place *place = &flags->dashboard_place;
    const char *value = flags->dashboard;
    return value[0] == '\0' || (strchr(value, ':') != NULL ? place_read(place, "-dashboard", value, err)
                                                           : place_read_port(place, "-dashboard", value, err));
}

/* A name with a blank in it is none: the comma was forgotten. */
static bool check_hosts(const char *text, struct err *err)
{
    struct str_list hosts = {0};
    bool ok = true;
    str_list_read(&hosts, text);
    for (size_t i = 0; ok && i < hosts.count; i++) {
        ok = strpbrk(hosts.items[i], " \t") == NULL ||
             err_set(err, ERR_INVALID, "-dashboard-hosts: \"%s\" is not the name of a host", hosts.items[i]);
    }
    str_list_fini(&hosts);
    return ok;
}

static bool check_dashboard(const struct flags *flags, struct err *err)
{
    bool is_prefixed = flags->dashboard_prefix[0] != '\0', is_named = flags->dashboard_hosts[0] != '\0';
    if (flags->dashboard[0] == '\0' && (is_prefixed || is_named)) {
        const char *which = is_prefixed ? "prefix" : "hosts";
        return err_set(err, ERR_INVALID, "-dashboard-%s: of use with -dashboard only", which);
    }
    if (place_meets(&flags->dashboard_place, &flags->metrics_place)) {
        return err_set(err, ERR_INVALID, "-dashboard: port %d is that of /healthz and /metrics",
                       flags->dashboard_place.port);
    }
    return check_hosts(flags->dashboard_hosts, err) &&
           (board_check_prefix(flags->dashboard_prefix, err) || err_wrap(err, "-dashboard-prefix"));
}

/* Empty: all of them. */
static bool check_namespaces(const struct flags *flags, struct err *err)
{
    const char *election = flags->leader_election_namespace;
    return (flags->namespace[0] == '\0' || subject_check_namespace("-namespace", flags->namespace, err)) &&
           (election[0] == '\0' || subject_check_namespace("-leader-election-namespace", election, err));
}

static bool check(struct flags *flags, struct err *err)
{
    if (!read_metrics_place(flags, err) || !read_dashboard_place(flags, err) || !check_dashboard(flags, err) ||
        !check_namespaces(flags, err)) {
        return false;
    }
    if (!log_level_is(flags->log_level)) {
        return err_set(err, ERR_INVALID, "-log-level: %s is none of debug, info, warn, error, fatal and panic",
                       flags->log_level);
    }
    if (strcmp(flags->zap_encoding, "json") != 0 && strcmp(flags->zap_encoding, "console") != 0) {
        return err_set(err, ERR_INVALID, "-zap-encoding: %s is neither json nor console", flags->zap_encoding);
    }
    if (!kinds_has_provider(flags->mesh_provider)) {
        return err_set(err, ERR_INVALID, "-mesh-provider: %s is not supported yet, only %s", flags->mesh_provider,
                       kinds_providers);
    }
    return read_scale_down_delay(flags, err) && read_limits(flags, err);
}

static bool finish(struct flags *flags, struct err *err)
{
    for (size_t i = 0; i < sizeof environment / sizeof environment[0]; i++) {
        const char *value = getenv(environment[i].variable);
        if (!str_empty(value)) {
            *(const char **)((char *)flags + environment[i].offset) = value;
        }
    }
    return flags->help || flags->version || check(flags, err);
}

bool flags_parse(struct flags *flags, int argc, char **argv, void (*note)(const char *text), struct err *err)
{
    set_defaults(flags);
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--") == 0) { /* the end of the flags */
            return i + 1 == argc ? finish(flags, err) : err_set(err, ERR_INVALID, "\"%s\" is not a flag", argv[i + 1]);
        }
        if (!parse_one(flags, argc, argv, &i, note, err)) {
            return false;
        }
    }
    return finish(flags, err);
}

void flags_print(void)
{
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        const struct flag *flag = &table[i];
        bool idle = flag->kind == FLAG_IDLE || flag->kind == FLAG_IDLE_BOOL;
        bool has_default = flag->fallback[0] != '\0';
        char *text = str_format("%s%s%s%s%s", idle ? "accepted, no meaning here: " : "", flag->help,
                                has_default ? " (default " : "", flag->fallback, has_default ? ")" : "");
        printf("  -%-26s ", flag->name);
        cli_print_folded(text, HELP_COLUMN, stdout);
        str_free(&text);
    }
}

const struct cli_flag *flags_table(void)
{
    static struct cli_flag table_of_run[TABLE_SIZE + 1];
    size_t count = 0;
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        const struct flag *flag = &table[i];
        if (flag->kind == FLAG_TEXT || flag->kind == FLAG_BOOL) {
            table_of_run[count++] = (struct cli_flag){flag->name, flag->value, flag->help};
        }
    }
    table_of_run[count] = (struct cli_flag){0};
    return table_of_run;
}
