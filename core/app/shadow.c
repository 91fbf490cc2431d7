/* sluice shadow: beside a Flagger that works, what Sluice would have decided in each of its rounds. Reads only.
 *
 * Here Canaries and what Flagger tells of them are watched, metric servers asked (app/shadow_ask.h) and lines printed;
 * what a round was, and what Sluice would have done in it, is for lua/tool/shadow to say. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "app/bearer.h"
#include "app/command.h"
#include "app/session.h"
#include "app/shadow_ask.h"
#include "app/shadow_scope.h"
#include "app/subject.h"
#include "base/duration.h"
#include "canary/blind_rules.h"
#include "canary/refusal.h"
#include "kube/object.h"
#include "lab/lua/tool.h"
#include "prom/query.h"

enum { FAILED = 2, INTERRUPTED = 130, FIRST_LOOK_MS = 30 * 1000 };

static const int64_t FOR_EVER_MS = INT64_C(10) * 365 * 86400 * 1000;

static const char usage[] = "usage: sluice shadow [-n NAMESPACE | -A] [CANARY]... [flags]\n"
                            "\n"
                            "Runs beside Flagger and writes nothing: watches what it does to Canaries, asks the same\n"
                            "metrics at the same moments, and says of each of its rounds whether Sluice would have\n"
                            "decided so, too, with the reasons of both where not. docs/migrate.md has more.\n"
                            "\n";

static const char after[] =
    "\n"
    "It ends by Ctrl-C, or as the flags say.\n\nExit status: 0 all that was compared agrees, 1\n"
    "something differs, 2 it could not be read, 3 nothing was compared, or no metric could be\n"
    "measured, 130 interrupted.\n";

const struct cli_flag shadow_flags[] = {
    SESSION_FLAGS,
    {"A", NULL, "Canaries of all namespaces"},
    {"all-namespaces", NULL, NULL},
    {"prometheus", "URL", "ask this one (default: spec.metricsServer of each Canary)"},
    {"prometheus-token-file", "FILE", "with the bearer token in this file (default the one in $PROMETHEUS_TOKEN)"},
    {"mesh-provider", "NAME", "Flagger's flag of that name, for Canaries without spec.provider (default: istio)"},
    {"for", "DURATION", "end after this time"},
    {"once", NULL, "end with the first release; with Canaries named, when each of them has had one"},
    {"o", "text|json", "text (default) or json, an object per line, which docs/migrate.md describes"},
    {"output", "text|json", NULL},
    CLI_COMMON,
    {0},
};

static const struct cli_about about = {usage, after, shadow_flags};

struct words {
    struct session_flags session;
    struct str_list names;
    const char *prometheus, *token_file, *provider;
    int64_t for_ms;
    bool all, once;
    struct cli_common common;
};

static bool take(void *ctx, const char *name, const char *value, struct err *err)
{
    struct words *words = ctx;
    struct subject subject;
    int64_t ns;
    if (name == NULL) {
        bool ok = subject_read(value, SUBJECT_CANARY, &subject, err);
        if (ok && !str_list_has(&words->names, subject.name)) {
            str_list_push(&words->names, subject.name);
        }
        return ok;
    } else if (session_take(&words->session, name, value)) {
        return true;
    } else if (strcmp(name, "A") == 0 || strcmp(name, "all-namespaces") == 0) {
        words->all = true;
    } else if (strcmp(name, "prometheus") == 0) {
        words->prometheus = value;
    } else if (strcmp(name, "prometheus-token-file") == 0) {
        words->token_file = value;
    } else if (strcmp(name, "mesh-provider") == 0) {
        words->provider = value;
    } else if (strcmp(name, "once") == 0) {
        words->once = true;
    } else if (strcmp(name, "for") == 0) {
        if (!duration_parse(value, &ns, err) || ns < 1000000) {
            return err_set(err, ERR_INVALID, "--for %s: a duration such as 1h is wanted", value);
        }
        words->for_ms = ns / 1000000;
    } else {
        return cli_take_common(&words->common, name, value, err);
    }
    return true;
}

static bool is_whole(const struct words *words, struct err *err)
{
    if (words->all && words->names.count > 0) {
        return err_set(err, ERR_INVALID, "-A and a Canary exclude each other");
    } else if (words->prometheus != NULL && !http_is_url(words->prometheus)) {
        return err_set(err, ERR_INVALID, "--prometheus: the URL of a server is wanted, got %s", words->prometheus);
    }
    return words->token_file == NULL || words->prometheus != NULL ||
           err_set(err, ERR_INVALID, "--prometheus-token-file is of use with --prometheus only");
}

struct shadow {
    const struct words *words;
    struct session *session;
    struct tool *tool;
    struct shadow_asker *asker;
    const struct store *canaries;
    struct timer wake;
    bool over;
    int status;
};

/* --- what the tool is told, and what it wants --- */

static void print_lines(const struct node *lines)
{
    struct node_iter it = node_iterate(lines);
    while (node_next(&it)) {
        char *text = node_str(it.value) != NULL ? str_dup(node_str(it.value)) : node_to_text(it.value);
        printf("%s\n", text);
        str_free(&text);
    }
    cli_flush(stdout);
}

static void print_warnings(const struct node *warnings)
{
    struct node_iter it = node_iterate(warnings);
    while (node_next(&it)) {
        fprintf(stderr, "sluice shadow: %s\n", node_str(it.value));
    }
}

static void on_wake(struct timer *timer, void *ctx);

static void carry_out(struct shadow *shadow, const struct node *report)
{
    int64_t wake_ms;
    print_lines(node_get(report, "lines"));
    print_warnings(node_get(report, "warnings"));
    struct node_iter it = node_iterate(node_get(report, "asks"));
    while (node_next(&it)) {
        shadow_asker_ask(shadow->asker, it.value);
    }
    if (node_int(node_get(report, "wake"), &wake_ms)) {
        timer_start_at_wall(session_clock(shadow->session), &shadow->wake, wake_ms, on_wake, shadow);
    }
    shadow->status = (int)node_int_or(node_get(report, "status"), shadow->status);
    shadow->over |= node_bool_or(node_get(report, "over"), false) || cli_write_errno() != 0;
}

/* An error of the tool's own ends the command. */
static void tell(struct shadow *shadow, const char *function, const struct node *argument)
{
    struct err err = {0};
    struct doc *report = tool_call(shadow->tool, "tool.shadow.shadow", function, argument, &err);
    if (report == NULL) {
        fprintf(stderr, "sluice shadow: %s\n", err.text);
        shadow->status = FAILED;
        shadow->over = true;
    } else {
        carry_out(shadow, doc_root(report));
        doc_free(report);
    }
    session_look(shadow->session);
}

static struct doc *new_order(struct shadow *shadow)
{
    struct doc *order = doc_new();
    doc_set_root(order, node_new_object(order));
    node_set_int(order, doc_root(order), "now", clock_wall_ms(session_clock(shadow->session)));
    return order;
}

static void on_wake(struct timer *timer, void *ctx)
{
    struct shadow *shadow = ctx;
    struct doc *order = new_order(shadow);
    tell(shadow, "wake", doc_root(order));
    doc_free(order);
}

static void on_answer(void *ctx, int64_t id, const struct node *answer)
{
    struct shadow *shadow = ctx;
    struct doc *order = new_order(shadow);
    node_set_int(order, doc_root(order), "id", id);
    node_set(order, doc_root(order), "answer", node_copy(order, answer));
    tell(shadow, "answer", doc_root(order));
    doc_free(order);
}

/* --- what is watched --- */

static bool is_wanted(const struct shadow *shadow, const char *name)
{
    return shadow->words->names.count == 0 || str_list_has(&shadow->words->names, name);
}

static void add_server(struct doc *order, const char *server)
{
    char *shown = prom_printable_address(server);
    node_set_str(order, doc_root(order), "server", server);
    node_set_str(order, doc_root(order), "server_shown", shown);
    str_free(&shown);
}

static void describe(const struct shadow *shadow, struct doc *order, const struct canary *canary)
{
    struct node *root = doc_root(order);
    const char *named = shadow->words->prometheus;
    const char *server = named != NULL ? named : canary->metrics_server;
    add_server(order, server != NULL ? server : ""); /* a Canary that is refused may have none */
    node_set_str(order, root, "strategy", canary->strategy);
    node_set_bool(order, root, "scripted", canary_is_scripted(canary));
    node_set_str(order, root, "provider", canary->provider);
    node_set_int(order, root, "interval_ms", canary->interval_ms);
    node_set_int(order, root, "threshold", canary->threshold);
    node_set(order, root, "rules", blind_rules_fill(order, canary));
    shadow_asker_add_templates(shadow->asker, order, node_ensure_object(order, root, "templates"), canary);
}

static void see(struct shadow *shadow, struct doc *object)
{
    struct canary_defaults defaults = {.provider = shadow->words->provider, .metrics_server = ""};
    struct canary canary;
    struct err err = {0};
    struct doc *order = new_order(shadow);
    node_set(order, doc_root(order), "canary", node_copy(order, doc_root(object)));
    if (!canary_init(&canary, object, &defaults, &err)) {
        node_set_str(order, doc_root(order), "refused", err.text);
    }
    describe(shadow, order, &canary);
    tell(shadow, "see", doc_root(order));
    canary_fini(&canary);
    doc_free(order);
}

static void on_canary(void *ctx, const struct store *store, const char *namespace, const char *name)
{
    struct shadow *shadow = ctx;
    if (name == NULL || !is_wanted(shadow, name) || shadow->over) {
        return;
    }
    struct doc *object = store_find(store, namespace, name);
    if (object != NULL) {
        see(shadow, doc_copy(doc_root(object)));
        doc_free(object);
        return;
    }
    struct doc *order = new_order(shadow);
    node_set_str(order, doc_root(order), "namespace", namespace);
    node_set_str(order, doc_root(order), "name", name);
    tell(shadow, "lose", doc_root(order));
    doc_free(order);
}

/* Those of the first list are of rounds that nobody saw. */
static void on_event(void *ctx, const struct store *store, const char *namespace, const char *name)
{
    struct shadow *shadow = ctx;
    struct doc *event = name != NULL && store_is_synced(store) ? store_find(store, namespace, name) : NULL;
    if (event != NULL && !shadow->over) {
        tell(shadow, "hear", doc_root(event));
    }
    doc_free(event);
}

/* --- the command --- */

static bool is_read(void *ctx)
{
    const struct shadow *shadow = ctx;
    return store_is_synced(shadow->canaries) || shadow->over;
}

static bool is_over(void *ctx)
{
    return ((const struct shadow *)ctx)->over;
}

/* What cannot be read is told; rounds that need it are not compared. NULL: it is not watched. */
static struct store *watch_if_allowed(struct shadow *shadow, const struct kube_resource *resource,
                                      const char *namespace, const char *selector)
{
    struct err err = {0};
    if (session_may_read(shadow->session, resource, namespace, NULL, &err)) {
        return session_watch_fields(shadow->session, resource, namespace, selector);
    }
    fprintf(stderr, "sluice shadow: without %s: %s\n", resource->plural, err.text);
    return NULL;
}

static void open_tool(struct shadow *shadow)
{
    struct doc *order = new_order(shadow);
    struct node *root = doc_root(order);
    node_set_bool(order, root, "json", shadow->words->common.json);
    node_set_bool(order, root, "once", shadow->words->once);
    if (shadow->words->prometheus != NULL) {
        add_server(order, shadow->words->prometheus);
    }
    if (shadow->words->names.count > 0) {
        struct node *names = node_new_array(order);
        for (size_t i = 0; i < shadow->words->names.count; i++) {
            node_push(names, node_new_str(order, shadow->words->names.items[i]));
        }
        node_set(order, root, "names", names);
    }
    shadow->tool = tool_open();
    tell(shadow, "open", root);
    doc_free(order);
}

static int finish(struct shadow *shadow, enum session_end end)
{
    if (shadow->status != FAILED) {
        struct doc *order = new_order(shadow);
        tell(shadow, "finish", doc_root(order));
        doc_free(order);
    }
    return end == SESSION_INTERRUPTED ? INTERRUPTED : shadow->status;
}

static int watch(struct shadow *shadow, const char *namespace, struct err *err)
{
    struct store *canaries = session_watch(shadow->session, &KUBE_CANARIES, namespace, NULL);
    shadow->canaries = canaries;
    store_subscribe(canaries, on_canary, shadow);
    enum session_end end = session_wait(shadow->session, FIRST_LOOK_MS, is_read, shadow);
    if (end == SESSION_TIMEOUT) {
        err_set(err, ERR_TIMEOUT, "no Canaries could be read: %s", session_trouble(shadow->session));
        return SESSION_FAILED;
    } else if (end == SESSION_OVER &&
               !shadow_scope_tell(shadow->session, canaries, &shadow->words->names, namespace, err)) {
        return SESSION_FAILED;
    } else if (end == SESSION_OVER) {
        int64_t for_ms = shadow->words->for_ms > 0 ? shadow->words->for_ms : FOR_EVER_MS;
        end = session_wait(shadow->session, for_ms, is_over, shadow);
    }
    return finish(shadow, end);
}

static int run(void *ctx, struct session *session, struct err *err)
{
    const struct words *words = ctx;
    const char *namespace = words->all ? NULL : session_namespace(session);
    struct shadow shadow = {.words = words, .session = session};
    char *bearer = words->prometheus != NULL ? bearer_read(words->token_file, "PROMETHEUS_TOKEN", err) : NULL;
    if (err->code != ERR_NONE || !session_may_read(session, &KUBE_CANARIES, namespace, NULL, err)) {
        str_free(&bearer);
        return SESSION_FAILED;
    }
    struct store *templates = watch_if_allowed(&shadow, &KUBE_METRIC_TEMPLATES, namespace, NULL);
    struct store *events = watch_if_allowed(&shadow, &KUBE_EVENTS, namespace, "involvedObject.kind=Canary");
    if (events != NULL) {
        store_subscribe(events, on_event, &shadow);
    }
    shadow.asker = shadow_asker_new(session, words->prometheus, bearer, templates, on_answer, &shadow);
    open_tool(&shadow);
    session_tell_log("shadow"); /* behind the tool, which has its own log */
    int status = watch(&shadow, namespace, err);
    shadow.over = true; /* the stores may still tell of changes */
    timer_cancel(&shadow.wake);
    shadow_asker_free(shadow.asker);
    tool_close(shadow.tool);
    str_free(&bearer);
    return status;
}

static int command(struct words *words, int argc, char **argv)
{
    struct err err = {0};
    bool ok = cli_read(shadow_flags, argc, argv, take, words, &err);
    if (ok && cli_answer(&about, words->common.help, words->common.version)) {
        return 0;
    } else if (!ok || !is_whole(words, &err)) {
        fprintf(stderr, "sluice shadow: %s\n\nsluice shadow --help says how to use it\n", err.text);
        return FAILED;
    }
    return session_run("shadow", &words->session, run, words);
}

int command_shadow(int argc, char **argv)
{
    struct words words = {.provider = "istio", .session.reads_only = true};
    signal(SIGPIPE, SIG_IGN); /* a write tells */
    int status = command(&words, argc, argv);
    str_list_fini(&words.names);
    return status;
}
