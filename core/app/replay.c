/* sluice replay: a kept release played again by its own script or another one (lua/tool/record/replay.lua). */
#include <string.h>

#include "app/cli.h"
#include "app/command.h"
#include "app/tool_run.h"
#include "app/why.h"
#include "base/buf.h"
#include "base/str.h"
#include "io/file.h"

static const char usage[] = "usage: sluice replay FILE [--strategy NEW.lua] [flags]\n"
                            "\n"
                            "Plays a Release, as kubectl get release NAME -o yaml shows it, against the script that\n"
                            "it pinned, or against another one: the script says its words, and the record answers\n"
                            "them. The first word that is another one is told, and nothing is asked or done.\n"
                            "docs/replay.md has all of it.\n"
                            "\n";

static const char after[] = "\n"
                            "Exit status: 0 all words agree, 1 one does not, 2 the record cannot be played (its own\n"
                            "script fails, too), or the script does not load, 130 interrupted.\n";

const struct cli_flag replay_flags[] = {
    {"strategy", "FILE", "a script in the place of the Release's own strategy"},
    {"o", "text|json", "text (default) or json, which docs/replay.md describes"},
    {"output", "text|json", NULL},
    CLI_COMMON,
    {0},
};

static const struct cli_about about = {usage, after, replay_flags};

enum { SCRIPT_MAX = 1024 * 1024, INTERRUPTED = 130 };

struct words {
    const char *file;
    const char *strategy; /* NULL: the Release's own */
    struct cli_common common;
};

static bool take(void *ctx, const char *name, const char *value, struct err *err)
{
    struct words *words = ctx;
    if (name == NULL && words->file != NULL) {
        return err_set(err, ERR_INVALID, "%s: one file with a Release is wanted", value);
    } else if (name == NULL) {
        words->file = value;
    } else if (strcmp(name, "strategy") == 0) {
        words->strategy = value;
    } else {
        return cli_take_common(&words->common, name, value, err);
    }
    return true;
}

static bool is_whole(const struct words *words, struct err *err)
{
    return words->common.help || words->common.version || words->file != NULL ||
           err_set(err, ERR_INVALID,
                   "a file with a Release is missing (kubectl get release NAME -o yaml; - for the "
                   "standard input)");
}

/* The order with the script in it; NULL and err: that cannot be read. */
static struct doc *order_of(const struct words *words, const struct doc *objects, const char *place, struct err *err)
{
    struct buf script;
    buf_init(&script, SCRIPT_MAX);
    struct doc *order = NULL;
    bool ok = words->strategy == NULL || file_read(words->strategy, &script, err);
    if (ok && strlen(buf_str(&script)) < script.len) {
        ok = err_set(err, ERR_INVALID, "%s: a script is wanted, got a file with NUL bytes", words->strategy);
    }
    if (ok) {
        order = why_order(objects, place, words->common.json);
        node_set_str(order, doc_root(order), "path", words->strategy);
        node_set_str(order, doc_root(order), "script", words->strategy != NULL ? buf_str(&script) : NULL);
    }
    buf_fini(&script);
    return order;
}

static int run(const struct words *words)
{
    struct err err = {0};
    char *place = NULL;
    int status = 2;
    struct doc *told = NULL, *objects = why_read_file(words->file, &place, &err);
    struct doc *order = objects != NULL ? order_of(words, objects, place, &err) : NULL;
    if (order != NULL) {
        told = tool_run("tool.record.replay", order, &err);
    }
    if (told != NULL) {
        status = why_tell("replay", told);
    } else {
        fprintf(stderr, "sluice replay: %s\n", err.text);
    }
    doc_free(told);
    doc_free(order);
    doc_free(objects);
    str_free(&place);
    return status;
}

int command_replay(int argc, char **argv)
{
    struct words words = {0};
    struct err err = {0};
    if (!cli_read(replay_flags, argc, argv, take, &words, &err) || !is_whole(&words, &err)) {
        return cli_refuse("replay", &err);
    } else if (cli_answer(&about, words.common.help, words.common.version)) {
        return 0;
    }
    int status = run(&words);
    return tool_run_is_interrupted() ? INTERRUPTED : status;
}
