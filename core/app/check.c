/* sluice check: what the engine, and the API server before it, would say about Canaries, before they are applied. */
#include <string.h>

#include "app/check_inner.h"
#include "app/cli.h"
#include "app/command.h"
#include "app/session.h"
#include "app/shown.h"
#include "base/log.h"
#include "canary/kinds.h"

static const char usage[] = "usage: sluice check FILE|FOLDER... [-write] [-prometheus URL] [-o json]\n"
                            "       sluice check -f FILE|FOLDER|- [-f ...] [-o json]\n"
                            "       sluice check -kubeconfig FILE [-namespace NAME] [-o json]\n"
                            "\n"
                            "Reads scripts (.lua), Strategies, Checks, MetricTemplates, AlertProviders and\n"
                            "Canaries, and says what is wrong with them, a line each with file, line and column.\n"
                            "No cluster is asked, and nothing is run.\n"
                            "\n"
                            "With -f or -kubeconfig it says of each Canary whether this version of Sluice\n"
                            "accepts it, else every reason why not. Files hold YAML documents, JSON or Lists;\n"
                            "other kinds are counted and passed over. Nothing is changed. What a Canary names is\n"
                            "looked for among the files where it is one of these kinds, and else (its target,\n"
                            "ConfigMaps, hooks) not at all.\n"
                            "\n";

static const char after[] = "\n"
                            "Exit status: 0 all is well, 1 something is wrong or refused, 2 something could not\n"
                            "be read, 130 interrupted.\n";

enum { COULD_NOT = 2, INTERRUPTED = 130 };

const struct cli_flag check_flags[] = {
    {"f", "PATH", "a file, - for the standard input, or a folder, of which every .yaml, .yml and .json file is read"},
    {"filename", "PATH", NULL},
    {"kubeconfig", "FILE", "look at the Canaries of this cluster"},
    {"context", "NAME", "one of the kubeconfig's (default: its current one)"},
    {"mesh-provider", "NAME",
     "of the engine that will read them (default " CANARY_PROVIDER "), for Canaries that say none"},
    {"namespace", "NAME", "only at those of this namespace"},
    {"n", "NAME", NULL},
    {"o", "text|json", "text (default) or json, which docs/check.md describes"},
    {"output", "text|json", NULL},
    {"prometheus", "URL", "ask this Prometheus the queries of the Canaries, too"},
    {"prometheus-token-file", "FILE", "with the bearer token in this file (default the one in $PROMETHEUS_TOKEN)"},
    {"write", NULL,
     "first bring the scripts in Strategies and Checks NAME up to date with the files NAME.lua beside them"},
    CLI_COMMON,
    {0},
};

static const struct cli_about about = {usage, after, check_flags};

struct words {
    struct str_list paths;
    bool for_authors; /* the paths are words, without -f */
    bool names_files; /* by -f */
    struct session_flags session;
    const char *provider, *prometheus, *token_file;
    bool json, writes, help, version;
};

static bool take(void *ctx, const char *name, const char *value, struct err *err)
{
    struct words *words = ctx;
    if (name == NULL) {
        words->for_authors = true;
        str_list_push(&words->paths, value);
    } else if (strcmp(name, "f") == 0 || strcmp(name, "filename") == 0) {
        words->names_files = true;
        str_list_push(&words->paths, value);
    } else if (session_take(&words->session, name, value)) {
        return true;
    } else if (strcmp(name, "mesh-provider") == 0) {
        words->provider = value;
    } else if (strcmp(name, "o") == 0 || strcmp(name, "output") == 0) {
        return cli_read_form(value, &words->json, err);
    } else if (strcmp(name, "prometheus") == 0) {
        words->prometheus = value;
    } else if (strcmp(name, "prometheus-token-file") == 0) {
        words->token_file = value;
    } else if (strcmp(name, "write") == 0) {
        words->writes = true;
    } else if (strcmp(name, "version") == 0) {
        words->version = true;
    } else {
        words->help = true;
    }
    return true;
}

static bool is_whole(const struct words *words, struct err *err)
{
    if (words->help || words->version) {
        return true;
    }
    if (words->for_authors && words->names_files) {
        return err_set(err, ERR_INVALID, "files are named either by -f or without it, not both");
    }
    if ((words->paths.count > 0) == (words->session.kubeconfig != NULL)) {
        return err_set(err, ERR_INVALID, "%s",
                       words->session.kubeconfig != NULL ? "either files or -kubeconfig, not both"
                                                         : "a file, -f or -kubeconfig is missing");
    }
    if (words->prometheus != NULL && words->session.kubeconfig != NULL) {
        return err_set(err, ERR_INVALID, "-prometheus is asked about Canaries in files");
    }
    if (words->token_file != NULL && words->prometheus == NULL) {
        return err_set(err, ERR_INVALID, "-prometheus-token-file is of use with -prometheus only");
    }
    if (words->writes && !words->for_authors) {
        return err_set(err, ERR_INVALID, "-write is for files that are named without -f");
    }
    bool is_cluster = words->session.kubeconfig != NULL;
    return is_cluster || !session_is_told(&words->session) ||
           err_set(err, ERR_INVALID, "-namespace and -context are of use with -kubeconfig only");
}

/* A person reads what others log. */
static void on_log(void *ctx, const char *line)
{
    struct err ignored;
    struct doc *doc = doc_parse(line, strlen(line), &ignored);
    fprintf(stderr, "sluice check: %s\n", node_str_or(node_get(doc_root(doc), "msg"), line));
    doc_free(doc);
}

static void print_errors(const struct check *check)
{
    for (size_t i = 0; i < check->errors.count; i++) {
        fprintf(stderr, "sluice check: ");
        shown_print(check->errors.items[i], stderr);
        fprintf(stderr, "\n");
    }
    if (check->has_templates) {
        fprintf(stderr, "sluice check: what holds {{ looks like a template; render it first, as in\n"
                        "  helm template CHART | sluice check -f -\n");
    }
}

static int look(const struct words *words)
{
    log_set_level(LOG_WARN);
    log_set_sink(on_log, NULL);
    struct check check;
    struct err err = {0};
    if (!check_init(&check, words->provider, &err)) {
        str_list_push(&check.errors, err.text);
    } else if (words->session.kubeconfig != NULL) {
        check_cluster(&check, &words->session);
    }
    check.takes_scripts = words->for_authors;
    check.asks_server = words->prometheus != NULL;
    for (size_t i = 0; words->writes && i < words->paths.count; i++) {
        check_write(&check, words->paths.items[i], words->json ? stderr : stdout);
    }
    for (size_t i = 0; i < words->paths.count; i++) {
        check_path(&check, words->paths.items[i]);
    }
    if (words->prometheus != NULL) {
        check_prometheus(&check, words->prometheus, words->token_file);
    }
    check_end(&check);
    print_errors(&check);
    bool is_read = words->for_authors
                       ? check.file_count > 0
                       : words->session.kubeconfig == NULL || check.canary_count > 0 || check.errors.count == 0;
    if (words->json || is_read) { /* "0 files" says nothing of a wrong name, "0 Canaries" nothing of a wrong cluster */
        (words->json ? check_print_json : words->for_authors ? check_print_findings : check_print_text)(&check, stdout);
    }
    cli_flush(stdout);
    int status = check.is_interrupted ? INTERRUPTED : check.errors.count > 0 ? COULD_NOT : check_is_wrong(&check);
    check_fini(&check);
    return status;
}

int command_check(int argc, char **argv)
{
    struct words words = {.provider = CANARY_PROVIDER};
    struct err err = {0};
    int status = 0;
    if (!cli_read(check_flags, argc, argv, take, &words, &err) || !is_whole(&words, &err)) {
        status = cli_refuse("check", &err);
    } else if (!cli_answer(&about, words.help, words.version)) {
        status = look(&words);
    }
    str_list_fini(&words.paths);
    return status;
}
