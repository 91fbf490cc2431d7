/* What the commands share that play releases of manifests: sluice record, backtest, dryrun. */
#pragma once

#include "app/cli.h"
#include "base/doc.h"
#include "base/str.h"

struct author {
    const char *command; /* "record" */
    const char *usage, *after;
    const struct cli_flag *flags;
    struct str_list files; /* of -f */
    const char *html;      /* where a page is written; NULL: none is wanted */
    const char *prometheus, *token_file;
    bool help, version;
};

/* What is a command's own; all of them get its `ctx`. */
struct author_command {
    cli_take_fn *take;                                  /* flags that author_take does not know */
    bool (*is_whole)(const void *ctx, struct err *err); /* all that must be given is there */
    int (*run)(void *ctx);                              /* gives the exit status */
    void *ctx;
};

/* Reads the command line, tells help or version or what is wrong with it, or else runs the command. Gives the exit
 * status. */
int author_main(struct author *author, const struct author_command *command, int argc, char **argv);
/* {manifests: [{file, object}], now, terminal, html, prometheus, bearer} for lua/tool; NULL: what could not be read was
 * told. */
struct doc *author_order(const struct author *author);
/* Calls `run` of a module, which Ctrl-C ends. NULL: why there is no result was told; a result with `refused` is
 * none. */
struct doc *author_call(const struct author *author, const char *module, const struct doc *order);
/* Prints the `document` of a result and writes its `html` into the file, if it has them, and gives its `status`; 2
 * without a result, or when the file cannot be written. */
int author_tell(const struct author *author, const struct doc *result);
void author_fini(struct author *author);
