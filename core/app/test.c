/* sluice test: runs specs of strategies in embedded clusters and virtual time (lua/tool/runner.lua). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/command.h"
#include "app/tool_run.h"
#include "base/doc.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/file.h"
#include "io/folder.h"

static const char usage[] = "usage: sluice test FILE|FOLDER... [flags]\n"
                            "\n"
                            "Runs specs (NAME_spec.lua, written as for busted) in an embedded cluster and virtual\n"
                            "time: each once undisturbed, and once with a kill -9 of the engine at every word of\n"
                            "its releases, which must end the same. docs/test.md says how to write one.\n"
                            "\n";

static const char after[] = "\n"
                            "Exit status: 0 all passed, 1 one failed or too few lines ran, 2 something could not be\n"
                            "read, 130 interrupted.\n";

const struct cli_flag test_flags[] = {
    {"no-kills", NULL, "run each spec once, undisturbed"},
    {"each-kill", NULL, "kill the engine at one word after the other, each in a run of its own: slower"},
    {"jobs", "NUMBER", "run so many spec files at once (default: one for each processor)"},
    {"filter", "TEXT", "only specs with this text in their names"},
    {"coverage", "PERCENT", "fail when fewer lines of the scripts ran"},
    {"fail-on-empty", NULL, "fail when no spec ran"},
    {"junit", "FILE", "write the results as JUnit's XML"},
    {"o", "text|json", "text (default) or json, which docs/test.md describes"},
    {"output", "text|json", NULL},
    CLI_COMMON,
    {0},
};

static const struct cli_about about = {usage, after, test_flags};

enum { JOBS_MAX = 64 };

struct words {
    struct str_list paths;
    const char *filter, *junit;
    int coverage; /* -1: no matter */
    int jobs;
    bool no_kills, each, fails_on_empty, json, help, version;
};

static bool take_text(struct words *words, const char *name, const char *value, struct err *err)
{
    if (strcmp(name, "filter") == 0) {
        words->filter = value;
    } else if (strcmp(name, "junit") == 0) {
        words->junit = value;
    } else if (strcmp(name, "coverage") == 0) {
        return cli_read_whole("--coverage", value, 0, 100, &words->coverage, err);
    } else if (strcmp(name, "jobs") == 0) {
        return cli_read_whole("--jobs", value, 1, JOBS_MAX, &words->jobs, err);
    } else {
        return cli_read_form(value, &words->json, err);
    }
    return true;
}

static bool take(void *ctx, const char *name, const char *value, struct err *err)
{
    struct words *words = ctx;
    if (name == NULL) {
        str_list_push(&words->paths, value);
    } else if (value != NULL) {
        return take_text(words, name, value, err);
    } else if (strcmp(name, "no-kills") == 0) {
        words->no_kills = true;
    } else if (strcmp(name, "each-kill") == 0) {
        words->each = true;
    } else if (strcmp(name, "fail-on-empty") == 0) {
        words->fails_on_empty = true;
    } else if (strcmp(name, "version") == 0) {
        words->version = true;
    } else {
        words->help = true;
    }
    return true;
}

static bool is_whole(const struct words *words, struct err *err)
{
    return words->help || words->version || words->paths.count > 0 ||
           err_set(err, ERR_INVALID, "a file or a folder is missing");
}

static bool list_files(const struct words *words, struct str_list *files, struct err *err)
{
    static const char *const endings[] = {"_spec.lua", NULL};
    for (size_t i = 0; i < words->paths.count; i++) {
        if (!folder_list(words->paths.items[i], endings, files, err)) {
            return false;
        }
    }
    return true;
}

/* --- the run --- */

static struct doc *order_of(const struct words *words, const struct str_list *files)
{
    struct doc *order = doc_new();
    struct node *root = node_new_object(order), *list = node_new_array(order);
    doc_set_root(order, root);
    for (size_t i = 0; i < files->count; i++) {
        node_push_str(order, list, files->items[i]);
    }
    node_set(order, root, "files", list);
    node_set_str(order, root, "filter", words->filter);
    node_set_bool(order, root, "kills", !words->no_kills);
    node_set_bool(order, root, "each", words->each);
    node_set_bool(order, root, "json", words->json);
    node_set_bool(order, root, "fail_on_empty", words->fails_on_empty);
    node_set_bool(order, root, "terminal", isatty(STDOUT_FILENO) != 0);
    node_set_int(order, root, "jobs", words->jobs);
    if (words->coverage >= 0) {
        node_set_int(order, root, "coverage", words->coverage);
    }
    return order;
}

static int tell(const struct words *words, const struct node *result)
{
    struct err err = {0};
    const struct node *document = node_get(result, "document");
    if (document != NULL) {
        cli_print_json(document, stdout);
    }
    if (words->junit != NULL && !file_write(words->junit, node_str_or(node_get(result, "junit"), ""), false, &err)) {
        fprintf(stderr, "sluice test: --junit %s\n", err.text);
        return 2;
    }
    return (int)node_int_or(node_get(result, "status"), 2);
}

static int run(const struct words *words)
{
    struct err err = {0};
    struct str_list files = {0};
    int status = 2;
    if (!list_files(words, &files, &err)) {
        fprintf(stderr, "sluice test: %s\n", err.text);
        str_list_fini(&files);
        return status;
    }
    struct doc *order = order_of(words, &files);
    struct doc *result = tool_run("tool.runner", order, &err);
    if (result != NULL) {
        status = tell(words, doc_root(result));
    } else {
        fprintf(stderr, "sluice test: %s\n", err.text);
    }
    doc_free(result);
    doc_free(order);
    str_list_fini(&files);
    return status;
}

int command_test(int argc, char **argv)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int jobs = processors < 1 ? 1 : processors > JOBS_MAX ? JOBS_MAX : (int)processors;
    struct words words = {.coverage = -1, .jobs = jobs};
    struct err err = {0};
    int status = 0;
    if (!cli_read(test_flags, argc, argv, take, &words, &err) || !is_whole(&words, &err)) {
        status = cli_refuse("test", &err);
    } else if (!cli_answer(&about, words.help, words.version)) {
        status = run(&words);
    }
    str_list_fini(&words.paths);
    return status;
}
