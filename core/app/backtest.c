/* sluice backtest: what rules would have done with the traffic of the past (lua/tool/backtest/backtest.lua). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/author.h"
#include "app/command.h"
#include "app/manifests.h"
#include "base/buf.h"
#include "base/mem.h"
#include "io/file.h"

static const char usage[] = "usage: sluice backtest -f FILE (--data FILE | --prometheus URL) [flags]\n"
                            "\n"
                            "Plays releases of a Canary at moments of the past, by the engine itself in virtual\n"
                            "time, with what Prometheus would have answered then: from a file of `sluice record`,\n"
                            "or from a server. docs/backtest.md says what history cannot tell.\n"
                            "\n";

static const char after[] = "\n"
                            "Exit status: 0 all were played; with --at: 0 it was promoted, 1 taken back, 3 neither;\n"
                            "2 something could not be read, or the server is away, 130 interrupted.\n";

const struct cli_flag backtest_flags[] = {
    {"f", "FILE", "a manifest, or a folder of them: a Canary and what it names; may be given several times"},
    {"filename", "FILE", NULL},
    {"canary", "NAME", "which one, NAME or NAMESPACE/NAME, when there are several"},
    {"data", "FILE", "what sluice record has written"},
    {"prometheus", "URL", "a server to record from now; with --data: asked what is not evaluated here"},
    {"prometheus-token-file", "FILE", "with the bearer token in this file (default the one in $PROMETHEUS_TOKEN)"},
    {"from", "TIME", "since when: -30d, or 2026-06-12T14:00 in UTC (default: all of the data; -7d of a server)"},
    {"to", "TIME", "until when (default: all of the data, or now)"},
    {"every", "DURATION", "a release so often (default: 1h)"},
    {"at", "TIME", "one release alone, told minute by minute"},
    {"bad", "FROM/TO", "a span in which a release should be taken back: 2026-06-12T14:00/15:10; several"},
    {"name", "NAME", "of the rules of -f in the table"},
    {"with", "NAME=FILE", "the same with these manifests in the place of those of -f, side by side; several"},
    {"canary-share", "PERCENT", "that share of the Pods stands for the canary, instead of all traffic"},
    {"by", "LABEL", "that tells Pods apart (default: pod)"},
    {"jobs", "NUMBER", "so many processes (default: one for each processor)"},
    {"html", "FILE", "write a page with the curves into it, too"},
    {"o", "text|json", "text (default) or json, which docs/backtest.md describes"},
    {"output", "text|json", NULL},
    CLI_COMMON,
    {0},
};

enum { JOBS_MAX = 64 };
static const size_t DATA_MAX = (size_t)4 << 30;

struct words {
    struct author author;
    const char *texts[9]; /* of the flags below */
    struct str_list bad, with;
    int jobs;
    bool json;
};

static const char *const text_flags[] = {"canary", "data", "from", "to", "every", "at", "canary-share", "by", "name"};

static const char *text_of(const struct words *words, const char *name)
{
    for (size_t i = 0; i < sizeof text_flags / sizeof text_flags[0]; i++) {
        if (strcmp(text_flags[i], name) == 0) {
            return words->texts[i];
        }
    }
    return NULL;
}

static bool take(void *ctx, const char *name, const char *value, struct err *err)
{
    struct words *words = ctx;
    for (size_t i = 0; i < sizeof text_flags / sizeof text_flags[0]; i++) {
        if (strcmp(text_flags[i], name) == 0) {
            words->texts[i] = value;
            return true;
        }
    }
    if (strcmp(name, "bad") == 0) {
        str_list_push(&words->bad, value);
    } else if (strcmp(name, "with") == 0) {
        str_list_push(&words->with, value);
    } else if (strcmp(name, "jobs") == 0) {
        return cli_read_whole("--jobs", value, 1, JOBS_MAX, &words->jobs, err);
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
    return words->author.prometheus != NULL || text_of(words, "data") != NULL ||
           err_set(err, ERR_INVALID, "--data FILE of `sluice record`, or --prometheus URL, is missing");
}

/* --- the order --- */

static bool add_data(const struct words *words, struct doc *order, struct err *err)
{
    const char *path = text_of(words, "data");
    if (path == NULL) {
        return true;
    }
    struct buf text;
    buf_init(&text, DATA_MAX);
    struct doc *data = file_read(path, &text, err) ? doc_parse(buf_str(&text), text.len, err) : NULL;
    if (data != NULL) {
        node_set(order, doc_root(order), "data", node_copy(order, doc_root(data)));
        node_set_str(order, doc_root(order), "data_file", path);
    } else {
        err_wrap(err, "--data %s", path);
    }
    doc_free(data);
    buf_fini(&text);
    return data != NULL;
}

/* "NAME=FILE", or a file whose path is its name. */
static bool add_other(struct doc *order, struct node *list, const char *with, struct err *err)
{
    const char *equals = strchr(with, '=');
    char *name = equals != NULL ? str_dup_n(with, (size_t)(equals - with)) : str_dup(with);
    struct str_list files = {0};
    struct node *entry = node_new_object(order), *manifests = node_new_array(order);
    str_list_push(&files, equals != NULL ? equals + 1 : with);
    node_set_str(order, entry, "name", name);
    node_set(order, entry, "manifests", manifests);
    node_push(list, entry);
    bool ok = manifests_read(&files, order, manifests, err);
    str_list_fini(&files);
    str_free(&name);
    return ok;
}

static bool add_others(const struct words *words, struct doc *order, struct err *err)
{
    struct node *list = node_new_array(order);
    node_set(order, doc_root(order), "others", list);
    for (size_t i = 0; i < words->with.count; i++) {
        if (!add_other(order, list, words->with.items[i], err)) {
            return false;
        }
    }
    return true;
}

static bool fill_order(const struct words *words, struct doc *order, struct err *err)
{
    static const char *const texts[] = {"canary", "from", "to", "every", "at", "by", "name", NULL};
    struct node *root = doc_root(order), *bad = node_new_array(order);
    for (size_t i = 0; texts[i] != NULL; i++) {
        node_set_str(order, root, texts[i], text_of(words, texts[i]));
    }
    node_set_str(order, root, "share", text_of(words, "canary-share"));
    for (size_t i = 0; i < words->bad.count; i++) {
        node_push_str(order, bad, words->bad.items[i]);
    }
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    node_set(order, root, "bad", bad);
    node_set_int(order, root, "jobs", words->jobs > 0 ? words->jobs : processors < JOBS_MAX ? processors : JOBS_MAX);
    node_set_bool(order, root, "json", words->json);
    return add_others(words, order, err) && add_data(words, order, err);
}

static int run(void *ctx)
{
    struct words *words = ctx;
    struct err err = {0};
    struct doc *order = author_order(&words->author);
    if (order == NULL) {
        return 2;
    }
    int status = 2;
    if (fill_order(words, order, &err)) {
        struct doc *result = author_call(&words->author, "tool.backtest.backtest", order);
        status = author_tell(&words->author, result);
        doc_free(result);
    } else {
        fprintf(stderr, "sluice backtest: %s\n", err.text);
    }
    doc_free(order);
    return status;
}

int command_backtest(int argc, char **argv)
{
    struct words words = {.author = {.command = "backtest", .usage = usage, .flags = backtest_flags, .after = after}};
    struct author_command command = {take, is_whole, run, &words};
    int status = author_main(&words.author, &command, argc, argv);
    str_list_fini(&words.bad);
    str_list_fini(&words.with);
    author_fini(&words.author);
    return status;
}
