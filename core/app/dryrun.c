/* sluice dryrun: what a release would do, before it does it (lua/tool/backtest/dryrun.lua). */
#include <stdio.h>
#include <string.h>

#include "app/author.h"
#include "app/command.h"

static const char usage[] = "usage: sluice dryrun -f FILE (--plan | --scenario FILE) [flags]\n"
                            "\n"
                            "Plays a release of a Canary in an embedded cluster and virtual time: at its fastest,\n"
                            "when every check passes, or in a scenario, with the objects of the files in the place\n"
                            "of its own. docs/dryrun.md says more.\n"
                            "\n";

static const char after[] = "\n"
                            "Exit status: 0 it would be promoted, 1 taken back, 2 it could not be played, 3 it does\n"
                            "not come to an end, 130 interrupted.\n";

const struct cli_flag dryrun_flags[] = {
    {"f", "FILE", "a manifest, or a folder of them: a Canary and what it names; may be given several times"},
    {"filename", "FILE", NULL},
    {"canary", "NAME", "which one, NAME or NAMESPACE/NAME, when there are several"},
    {"plan", NULL, "the release at its fastest"},
    {"scenario", "FILE", "the release in this story"},
    {"html", "FILE", "write a page with the curves into it, too"},
    {"o", "text|json", "text (default) or json, which docs/dryrun.md describes"},
    {"output", "text|json", NULL},
    CLI_COMMON,
    {0},
};

struct words {
    struct author author;
    const char *canary, *scenario;
    bool plan, json;
};

static bool take(void *ctx, const char *name, const char *value, struct err *err)
{
    struct words *words = ctx;
    if (strcmp(name, "canary") == 0) {
        words->canary = value;
    } else if (strcmp(name, "scenario") == 0) {
        words->scenario = value;
    } else if (strcmp(name, "plan") == 0) {
        words->plan = true;
    } else {
        return cli_read_form(value, &words->json, err);
    }
    return true;
}

static bool is_whole(const void *ctx, struct err *err)
{
    const struct words *words = ctx;
    if (words->author.files.count == 0) {
        return err_set(err, ERR_INVALID, "-f FILE is missing: a Canary, and what it names");
    }
    return words->plan != (words->scenario != NULL) ||
           err_set(err, ERR_INVALID, "either --plan or --scenario FILE is wanted");
}

static int run(void *ctx)
{
    struct words *words = ctx;
    struct doc *order = author_order(&words->author);
    if (order == NULL) {
        return 2;
    }
    struct node *root = doc_root(order);
    node_set_str(order, root, "canary", words->canary);
    node_set_str(order, root, "scenario", words->scenario);
    node_set_bool(order, root, "json", words->json);
    struct doc *result = author_call(&words->author, "tool.backtest.dryrun", order);
    int status = author_tell(&words->author, result);
    doc_free(result);
    doc_free(order);
    return status;
}

int command_dryrun(int argc, char **argv)
{
    struct words words = {.author = {.command = "dryrun", .usage = usage, .flags = dryrun_flags, .after = after}};
    struct author_command command = {take, is_whole, run, &words};
    int status = author_main(&words.author, &command, argc, argv);
    author_fini(&words.author);
    return status;
}
