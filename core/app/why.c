/* sluice why: why a release did what it did, told from its record alone (lua/tool/record). */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/command.h"
#include "app/subject.h"
#include "app/tool_run.h"
#include "app/why.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/file.h"
#include "release/check.h"

static const char usage[] = "usage: sluice why [-n NAMESPACE] CANARY[/NUMBER]|RELEASE [flags]\n"
                            "       sluice why -f FILE [CANARY[/NUMBER]|RELEASE] [flags]\n"
                            "\n"
                            "Tells from the record of a release, the last one unless told, what it did and why:\n"
                            "who began it, each verdict that was not good enough with its value and its bound, who\n"
                            "ended it, and how soon. Nothing is written, and Prometheus is not asked.\n"
                            "docs/why.md has all of it.\n"
                            "\n";

static const char after[] = "\n"
                            "Exit status: 0 it is told, 1 a verdict is another one with --replay, 2 there is no such\n"
                            "release, or it could not be read, 130 interrupted.\n";

const struct cli_flag why_flags[] = {
    {"f", "FILE", "a Release in a file, as kubectl get -o yaml shows it; - for the standard input"},
    {"filename", "FILE", NULL},
    SESSION_FLAGS,
    {"replay", NULL, "make each verdict once more of what is on record, and name those that differ"},
    {"html", "FILE", "write a page with the curves into it, too"},
    {"o", "text|json", "text (default) or json, which docs/why.md describes"},
    {"output", "text|json", NULL},
    CLI_COMMON,
    {0},
};

static const struct cli_about about = {usage, after, why_flags};

enum { COLUMNS_DEFAULT = 80, INTERRUPTED = 130 };

struct words {
    struct session_flags session;
    const char *file;   /* NULL: a cluster */
    char *word;         /* which `canary` points into */
    const char *canary; /* or a Release; NULL: not told, which a file allows */
    bool is_release;    /* `canary` can be a Release's name alone */
    int64_t number;     /* of the Release; 0: the last one */
    const char *html;   /* where a page is written; NULL: none is wanted */
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

/* podinfo, canary/podinfo, and each of them with the number of a release; podinfo-3, release/podinfo-3. */
static bool take_canary(struct words *words, const char *value, struct err *err)
{
    const char *slash = find_number(value);
    long long number = slash != NULL ? strtoll(slash + 1, NULL, 10) : 0;
    struct subject subject;
    if (words->word != NULL) {
        return err_set(err, ERR_INVALID, "%s: one Canary is wanted", value);
    }
    if (slash != NULL && (number < 1 || number > RELEASE_COUNT_MAX)) {
        return err_set(err, ERR_INVALID, "%s: a Canary, or one and the number of a release, as in podinfo/3, is wanted",
                       value);
    }
    words->word = str_dup_n(value, slash != NULL ? (size_t)(slash - value) : strlen(value));
    if (!subject_read(words->word, SUBJECT_CANARY | SUBJECT_RELEASE, &subject, err)) {
        return false;
    }
    words->canary = subject.name;
    words->is_release = subject.kind == SUBJECT_RELEASE;
    words->number = number;
    return !words->is_release || number == 0 ||
           err_set(err, ERR_INVALID, "%s: a Release is called by its name alone, as in release/podinfo-3", value);
}

static bool take(void *ctx, const char *name, const char *value, struct err *err)
{
    struct words *words = ctx;
    if (name == NULL) {
        return take_canary(words, value, err);
    } else if (strcmp(name, "f") == 0 || strcmp(name, "filename") == 0) {
        words->file = value;
    } else if (session_take(&words->session, name, value)) {
        return true;
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
    const struct session_flags *session = &words->session;
    bool is_cluster = session->namespace != NULL || session->kubeconfig != NULL || session->context != NULL ||
                      session->cluster != NULL || session->user != NULL;
    if (words->common.help || words->common.version) {
        return true;
    }
    if (words->file != NULL && is_cluster) {
        return err_set(err, ERR_INVALID,
                       "-f is for a file, --namespace, --kubeconfig, --context, --cluster and --user are for a "
                       "cluster");
    }
    if (words->html != NULL && words->replays) {
        return err_set(err, ERR_INVALID, "--html is for the story, not for --replay");
    }
    return words->file != NULL || words->canary != NULL ||
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
    node_set_str(order, root, words->is_release ? "release" : "canary", words->canary);
    if (words->number > 0) {
        node_set_int(order, root, "number", words->number);
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

/* `objects`: NULL when they could not be read. */
static int tell_of(const struct words *words, struct doc *objects, char *place, struct err *err)
{
    struct doc *told = NULL;
    int status = SESSION_FAILED;
    if (objects != NULL) {
        struct doc *order = order_of(words, objects, place);
        told = tool_run("tool.record.why", order, err);
        doc_free(order);
    }
    if (told != NULL) {
        status = tell(words, told);
    }
    doc_free(told);
    doc_free(objects);
    str_free(&place);
    return status;
}

static int run_cluster(void *ctx, struct session *session, struct err *err)
{
    const struct words *words = ctx;
    char *place = NULL;
    struct doc *objects = words->is_release ? why_read_release(session, words->canary, &place, err)
                                            : why_read_cluster(session, words->canary, &place, err);
    if (objects == NULL && !words->is_release && words->number == 0 && err->code == ERR_NOT_FOUND) {
        struct err ignored = {0}; /* that there is no such Canary says enough */
        objects = why_read_release(session, words->canary, &place, &ignored);
    }
    return tell_of(words, objects, place, err);
}

static int run(struct words *words)
{
    struct err err = {0};
    char *place = NULL;
    if (words->file == NULL) {
        return session_run("why", &words->session, run_cluster, words);
    }
    struct doc *objects = why_read_file(words->file, &place, &err);
    int status = tell_of(words, objects, place, &err);
    if (status == SESSION_FAILED) {
        fprintf(stderr, "sluice why: %s\n", err.text);
        status = 2;
    }
    return status;
}

int command_why(int argc, char **argv)
{
    struct words words = {.session = {.otherwise = "a file by -f"}};
    struct err err = {0};
    int status = 0;
    if (!cli_read(why_flags, argc, argv, take, &words, &err) || !is_whole(&words, &err)) {
        status = cli_refuse("why", &err);
    } else if (!cli_answer(&about, words.common.help, words.common.version)) {
        status = run(&words);
    }
    str_free(&words.word);
    return tool_run_is_interrupted() ? INTERRUPTED : status;
}
