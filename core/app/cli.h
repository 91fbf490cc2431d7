/* The flags of a command as a table, from which they are read, listed by --help and completed in a shell. Written
 * "--name=value" or "--name value", with one dash or two; those of one letter as kubectl has them, too: "-ntest", and
 * "-An test" for "-A -n test". A flag without a value may be written "-A=true"; "-A=false" is as if it were not there.
 * Behind "--" there are no flags. (`sluice run` has Flagger's flags, which are read as Go reads them: app/flags.h.) */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "base/doc.h"
#include "base/err.h"

struct cli_flag {
    const char *name;  /* without dashes; NULL ends a table */
    const char *value; /* what stands behind it: "FILE", another word, or all there are, as in "a|b"; NULL: nothing */
    const char *help;  /* NULL: another spelling of the one above, not listed */
};

/* The flags of every command. cli_read lets `help` and `version` stand without other flags. */
#define CLI_COMMON                                                                                                     \
    {"help", NULL, "print this and end"}, {"h", NULL, NULL},                                                           \
    {                                                                                                                  \
        "version", NULL, "print the version and end"                                                                   \
    }

/* Once for each flag, in order; `name` NULL: a word that is no flag. */
typedef bool cli_take_fn(void *ctx, const char *name, const char *value, struct err *err);

/* False: refused by the table or by `take`; the text names the flag, and tells an unknown one from one without its
 * value. */
bool cli_read(const struct cli_flag *table, int argc, char **argv, cli_take_fn *take, void *ctx, struct err *err);
/* The value of -o: text or json. */
bool cli_read_form(const char *value, bool *json, struct err *err);
/* The value of a flag that says where to listen, as in 127.0.0.1:8090, [::1]:8090 or :8090. `*host` is a new string,
 * and what it had is freed; "" is all addresses. */
bool cli_read_listen(const char *flag, const char *value, char **host, int *port, struct err *err);
/* A whole number from `least` to `most`. `flag`: "--jobs", for the message. */
bool cli_read_whole(const char *flag, const char *value, int least, int most, int *number, struct err *err);
/* What -o and CLI_COMMON have said. */
struct cli_common {
    bool json, help, version;
};
/* Takes one of these flags, when a command has taken its own. */
bool cli_take_common(struct cli_common *common, const char *name, const char *value, struct err *err);
/* The value of a flag that names a file which is written: not "-", as standard output has what is told. */
bool cli_read_output(const char *flag, const char *value, const char **file, struct err *err);
/* Tells of a command what is asked for: how it is used, or the version. False: neither. */
struct cli_about {
    const char *usage, *after; /* before the flags and behind them */
    const struct cli_flag *flags;
};
bool cli_answer(const struct cli_about *about, bool help, bool version);
/* Tells how a command was written wrongly, and where it says how it is meant. Gives the exit status of that: 2. */
int cli_refuse(const char *command, const struct err *err);
/* A document on lines of its own. */
void cli_print_json(const struct node *value, FILE *out);
/* Writes out what `out` holds. The reason of the first failure is kept: a later flush has nothing left that could
 * fail. */
void cli_flush(FILE *out);
int cli_write_errno(void); /* 0: nothing failed */
/* The words of `text`, at `column`, in lines of 80 columns that begin there; a newline. */
void cli_print_folded(const char *text, size_t column, FILE *out);
/* A line each, with the continuation of a long help text under its beginning. */
void cli_print(const struct cli_flag *table, FILE *out);
