/* sluice why: why a release did what it did, told from its record alone (lua/tool/record). */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/command.h"
#include "app/subject.h"
#include "app/version.h"
#include "app/why.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/file.h"
#include "release/check.h"

static const char usage[] = "usage: sluice why [-n NAMESPACE] CANARY[/NUMBER] [flags]\n"
                            "       sluice why -f FILE [CANARY[/NUMBER]] [flags]\n"
                            "\n"
                            "Tells from the record of a release, the last one unless told, what it did and why:\n"
                            "who began it, each verdict that was not good enough with its value and its bound, who\n"
                            "ended it, and how soon. Nothing is written, and Prometheus is not asked.\n"
                            "docs/why.md has all of it.\n"
                            "\n";

static const char after[] = "\n"
                            "Exit status: 0 it is told, 1 a verdict is another one with --replay, 2 there is no such\n"
                            "release, or it could not be read.\n";

const struct cli_flag why_flags[] = {
    {"f", "FILE", "a Release in a file, as kubectl get -o yaml shows it; - for the standard input"},
    {"filename", "FILE", NULL},
    {"n", "NAMESPACE", "that of the Canary (default: that of the context)"},
    {"namespace", "NAMESPACE", NULL},
    {"kubeconfig", "FILE", "the cluster (default: as kubectl finds it)"},
    {"context", "NAME", "one of the kubeconfig's (default: its current one)"},
    {"replay", NULL, "make each verdict once more of what is on record, and name those that differ"},
    {"html", "FILE", "write a page with the curves into it, too"},
    {"o", "text|json", "text (default) or json, which docs/why.md describes"},
    {"output", "text|json", NULL},
    CLI_COMMON,
    {0},
};

enum { COLUMNS_DEFAULT = 80 };

struct words {
    struct why_source source;
    char *canary;
    const char *html; /* where a page is written; NULL: none is wanted */
    bool replays;
    struct cli_common common;
};

/* The "/3" at the end of podinfo/3; NULL: there is none. */
static const char *find_number(const char *value)
{
    const char *slash = strrchr(value, '/');
    bool is_number = slash != NULL && slash[1] != '\0' && strspn(slash + 1, "0123456789") == strlen(slash + 1);
    return is_number ? slash : NULL;
}

/* podinfo, canary/podinfo, and each of them with the number of a release. */
static bool take_canary(struct words *words, const char *value, struct err *err)
{
    const char *slash = find_number(value);
    long long number = slash != NULL ? strtoll(slash + 1, NULL, 10) : 0;
    struct subject subject;
    if (words->canary != NULL) {
        return err_set(err, ERR_INVALID, "%s: one Canary is wanted", value);
    }
    words->canary = str_dup_n(value, slash != NULL ? (size_t)(slash - value) : strlen(value));
    if (slash != NULL && (number < 1 || number > RELEASE_COUNT_MAX)) {
        return err_set(err, ERR_INVALID, "%s: a Canary, or one and the number of a release, as in podinfo/3, is wanted",
                       value);
    }
    bool ok = subject_read(words->canary, SUBJECT_CANARY, &subject, err);
    words->source.canary = subject.name;
    words->source.number = number;
    return ok;
}

static bool take(void *ctx, const char *name, const char *value, struct err *err)
{
    struct words *words = ctx;
    struct why_source *source = &words->source;
    if (name == NULL) {
        return take_canary(words, value, err);
    } else if (strcmp(name, "f") == 0 || strcmp(name, "filename") == 0) {
        source->file = value;
    } else if (strcmp(name, "n") == 0 || strcmp(name, "namespace") == 0) {
        source->namespace = value;
    } else if (strcmp(name, "kubeconfig") == 0) {
        source->kubeconfig = value;
    } else if (strcmp(name, "context") == 0) {
        source->context = value;
    } else if (strcmp(name, "replay") == 0) {
        words->replays = true;
    } else if (strcmp(name, "html") == 0) {
        return cli_read_output("--html", value, &words->html, err);
    } else {
        return cli_take_common(&words->common, name, value, err);
    }
    return true;
}

static bool is_whole(const struct words *words, struct err *err)
{
    const struct why_source *source = &words->source;
    if (words->common.help || words->common.version) {
        return true;
    }
    if (source->file != NULL && (source->namespace != NULL || source->kubeconfig != NULL || source->context != NULL)) {
        return err_set(err, ERR_INVALID, "-f is for a file, -namespace, -kubeconfig and -context are for a cluster");
    }
    if (words->html != NULL && words->replays) {
        return err_set(err, ERR_INVALID, "--html is for the story, not for --replay");
    }
    return source->file != NULL || source->canary != NULL ||
           err_set(err, ERR_INVALID, "a Canary is missing, or -f with a file");
}

/* --- telling --- */

/* 0: no terminal, where no line is folded. */
static int columns_of_terminal(void)
{
    struct winsize size = {0};
    if (!isatty(STDOUT_FILENO)) {
        return 0;
    }
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : COLUMNS_DEFAULT;
}

static struct doc *order_of(const struct words *words, const struct doc *objects, const char *place)
{
    struct doc *order = why_order(objects, place, words->common.json);
    struct node *root = doc_root(order);
    node_set_str(order, root, "canary", words->source.canary);
    if (words->source.number > 0) {
        node_set_int(order, root, "number", words->source.number);
    }
    node_set_bool(order, root, "replay", words->replays);
    node_set_bool(order, root, "html", words->html != NULL);
    int columns = columns_of_terminal();
    if (columns > 0) {
        node_set_int(order, root, "columns", columns);
    }
    return order;
}

/* An empty table of Lua's is no list. */
static void keep_list(struct doc *doc, struct node *document, const char *key)
{
    if (node_get(document, key) != NULL && node_count(node_get(document, key)) == 0) {
        node_set(doc, document, key, node_new_array(doc));
    }
}

static int tell(const struct words *words, struct doc *told)
{
    struct node *root = doc_root(told), *document = node_get(root, "document");
    if (document != NULL) {
        keep_list(told, document, "differences");
    }
    int status = why_tell("why", told);
    struct err err = {0};
    const char *page = node_str(node_get(root, "html"));
    if (page != NULL && !file_write(words->html, page, false, &err)) {
        fprintf(stderr, "sluice why: --html %s\n", err.text);
        return 2;
    }
    return status;
}

static int run(const struct words *words)
{
    struct err err = {0};
    char *place = NULL;
    int status = 2;
    struct doc *told = NULL, *objects = why_read(&words->source, &place, &err);
    if (objects != NULL) {
        struct doc *order = order_of(words, objects, place);
        told = why_ask("tool.record.why", order, &err);
        doc_free(order);
    }
    if (told != NULL) {
        status = tell(words, told);
    } else {
        fprintf(stderr, "sluice why: %s\n", err.text);
    }
    doc_free(told);
    doc_free(objects);
    str_free(&place);
    return status;
}

int command_why(int argc, char **argv)
{
    struct words words = {0};
    struct err err = {0};
    int status = 0;
    signal(SIGPIPE, SIG_IGN); /* a write tells */
    if (!cli_read(why_flags, argc, argv, take, &words, &err) || !is_whole(&words, &err)) {
        fprintf(stderr, "sluice why: %s\n\nsluice why --help says how to use it\n", err.text);
        status = 2;
    } else if (words.common.help) {
        fputs(usage, stdout);
        cli_print(why_flags, stdout);
        fputs(after, stdout);
    } else if (words.common.version) {
        version_print();
    } else {
        status = run(&words);
    }
    str_free(&words.canary);
    return status;
}
