/* sluice record: keeps what a Prometheus has of the series that checks ask for (lua/tool/backtest/record.lua). */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/author.h"
#include "app/command.h"
#include "base/mem.h"
#include "io/file.h"

static const char usage[] = "usage: sluice record --prometheus URL -f FILE -o FILE [flags]\n"
                            "\n"
                            "Fetches what the checks of Canaries ask a Prometheus, as raw samples, into a file from\n"
                            "which `sluice backtest` answers. docs/backtest.md describes the file.\n"
                            "\n";

static const char after[] = "\n"
                            "Exit status: 0 it was written, 2 it could not be, 130 interrupted.\n";

const struct cli_flag record_flags[] = {
    {"prometheus", "URL", "the server"},
    {"prometheus-token-file", "FILE", "with the bearer token in this file (default the one in $PROMETHEUS_TOKEN)"},
    {"f", "FILE", "a manifest, or a folder of them: Canaries and what they name; may be given several times"},
    {"filename", "FILE", NULL},
    {"from", "TIME", "since when: -30d, or 2026-06-12T14:00 in UTC (default: -7d)"},
    {"to", "TIME", "until when (default: now)"},
    {"o", "FILE", "where it is written"},
    {"output", "FILE", NULL},
    CLI_COMMON,
    {0},
};

struct words {
    struct author author;
    const char *from, *to, *file;
};

static bool take(void *ctx, const char *name, const char *value, struct err *err)
{
    struct words *words = ctx;
    if (strcmp(name, "from") == 0) {
        words->from = value;
    } else if (strcmp(name, "to") == 0) {
        words->to = value;
    } else {
        return cli_read_output("-o", value, &words->file, err);
    }
    return true;
}

static bool is_whole(const void *ctx, struct err *err)
{
    const struct words *words = ctx;
    if (words->author.files.count == 0) {
        return err_set(err, ERR_INVALID, "-f FILE is missing: the Canaries, and what they name");
    }
    if (words->author.prometheus == NULL) {
        return err_set(err, ERR_INVALID, "--prometheus: the URL of a server is wanted, got none");
    }
    return words->file != NULL || err_set(err, ERR_INVALID, "-o FILE is missing: where it is written");
}

static int write_document(const struct words *words, const struct node *result)
{
    struct err err = {0};
    char *text = node_to_text(node_get(result, "document"));
    bool ok = file_write(words->file, text, false, &err);
    mem_free(text);
    if (!ok) {
        fprintf(stderr, "sluice record: -o %s\n", err.text);
        return 2;
    }
    struct node_iter it = node_iterate(node_get(result, "notes"));
    while (node_next(&it)) {
        printf("%s\n", node_str_or(it.value, ""));
    }
    printf("%s: %lld samples of %lld series, from %s to %s, of Prometheus %s, with %lld requests\n", words->file,
           (long long)node_int_or(node_get(result, "samples"), 0),
           (long long)node_int_or(node_get(result, "series"), 0), node_str_or(node_get(result, "from"), ""),
           node_str_or(node_get(result, "to"), ""), node_str_or(node_get(result, "server"), ""),
           (long long)node_int_or(node_get(result, "asked"), 0));
    return 0;
}

static int run(void *ctx)
{
    struct words *words = ctx;
    struct doc *order = author_order(&words->author);
    if (order == NULL) {
        return 2;
    }
    node_set_str(order, doc_root(order), "from", words->from);
    node_set_str(order, doc_root(order), "to", words->to);
    struct doc *result = author_call(&words->author, "tool.backtest.record", order);
    int status = result != NULL ? write_document(words, doc_root(result)) : 2;
    doc_free(result);
    doc_free(order);
    return status;
}

int command_record(int argc, char **argv)
{
    struct words words = {.author = {.command = "record", .usage = usage, .flags = record_flags, .after = after}};
    struct author_command command = {take, is_whole, run, &words};
    int status = author_main(&words.author, &command, argc, argv);
    author_fini(&words.author);
    return status;
}
