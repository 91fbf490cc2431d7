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
    bool help, version;
};

/* True when the flag is one that they share: -f, --html, --help, --version. */
bool author_take(struct author *author, const char *name, const char *value);
/* Asked for its help or the version, so that nothing else need be there. */
bool author_asks(const struct author *author);
/* Tells what was asked for, and gives the exit status; -1: nothing was. */
int author_answer(const struct author *author);
/* What is wrong with the command line; gives the exit status. */
int author_refuse(const struct author *author, const struct err *err);
/* {manifests: [{file, object}], now, terminal, html} for lua/tool; NULL: what could not be read was told. */
struct doc *author_order(const struct author *author);
/* Calls `run` of a module, which Ctrl-C ends. NULL: why there is no result was told; a result with `refused` is
 * none. */
struct doc *author_call(const struct author *author, const char *module, const struct doc *order);
/* Prints the `document` of a result and writes its `html` into the file, if it has them, and gives its `status`; 2
 * without a result, or when the file cannot be written. */
int author_tell(const struct author *author, const struct doc *result);
void author_fini(struct author *author);
