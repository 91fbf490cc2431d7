/* sluice: chooses the command. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/command.h"
#include "app/shown.h"
#include "app/version.h"
#include "base/mem.h"
#include "base/spelling.h"

enum { FORM_COLUMNS = 16, SAYS_COLUMN = 25, NAME_SIZE = 100, COULD_NOT = 2, INTERRUPTED = 130 };

static const struct command {
    const char *name, *form, *says;
    int (*run)(int argc, char **argv);
} commands[] = {
#define ROW(name, form, says, help, flags, dashes, words) {#name, form, says, command_##name},
    COMMANDS(ROW)
#undef ROW
};

static void print_usage(FILE *out)
{
    fputs("sluice " SLUICE_VERSION ": progressive delivery for Kubernetes\n\n", out);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        const char *says = commands[i].says, *end;
        fprintf(out, "  sluice %-*s", FORM_COLUMNS, commands[i].form);
        if (strlen(commands[i].form) >= FORM_COLUMNS) {
            fprintf(out, "\n%*s", SAYS_COLUMN, "");
        }
        for (; (end = strchr(says, '\n')) != NULL; says = end + 1) {
            fprintf(out, "%.*s\n%*s", (int)(end - says), says, SAYS_COLUMN, "");
        }
        fprintf(out, "%s\n", says);
    }
}

static bool is_help(const char *word)
{
    return strcmp(word, "help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "-help") == 0 ||
           strcmp(word, "--help") == 0;
}

static const char version_usage[] = "usage: sluice version\n"
                                    "\n"
                                    "Prints the version, and the commit it was built from where that is known.\n"
                                    "\n"
                                    "Exit status: 0 it is told.\n";

/* Has no flags but those of every command. */
int command_version(int argc, char **argv)
{
    const char *word = argc > 0 ? argv[0] : "-version";
    struct err err;
    bool is_version = strcmp(word, "-version") == 0 || strcmp(word, "--version") == 0;
    if (argc > 1 || (!is_version && !is_help(word))) {
        err_set(&err, ERR_INVALID, "%s: unexpected word", argv[argc - 1]);
        return cli_refuse("version", &err);
    }
    if (is_version) {
        version_print();
    } else {
        fputs(version_usage, stdout);
    }
    return 0;
}

/* How many words a flag has that may stand before the command, as before each of kubectl's; 0: it is none. */
static int count_words(const char *word)
{
    static const char *const valued[] = {"-n", "--namespace", "--kubeconfig", "--context", "--cluster", "--user"};
    for (size_t i = 0; i < sizeof valued / sizeof valued[0]; i++) {
        size_t len = strlen(valued[i]);
        if (strcmp(word, valued[i]) == 0) {
            return 2;
        } else if (strncmp(word, valued[i], len) == 0 && (word[len] == '=' || word[1] != '-')) {
            return 1;
        }
    }
    return strcmp(word, "-A") == 0 || strcmp(word, "--all-namespaces") == 0;
}

static int refuse(const char *command)
{
    enum { COUNT = sizeof commands / sizeof commands[0] };
    const char *names[COUNT];
    char line[NAME_SIZE];
    for (size_t i = 0; i < COUNT; i++) {
        names[i] = commands[i].name;
    }
    const char *nearest = spelling_nearest(command, names, COUNT);
    shown_line(line, sizeof line, command);
    if (command[0] == '-') {
        fprintf(stderr, "sluice: %s: %s\n", line,
                count_words(command) > 0 ? "a command is missing" : "unknown flag before a command");
    } else {
        fprintf(stderr, "sluice: there is no command \"%s\"%s%s%s\n", line, nearest != NULL ? "; did you mean " : "",
                nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
    }
    fputs("\nsluice help lists them all\n", stderr);
    return COULD_NOT;
}

static int dispatch(const char *command, int argc, char **argv)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(command, commands[i].name) == 0) {
            return commands[i].run(argc, argv);
        }
    }
    if (is_help(command)) {
        return command_help(argc, argv);
    } else if (strcmp(command, "-version") == 0 || strcmp(command, "--version") == 0) {
        version_print();
        return 0;
    }
    return refuse(command);
}

/* sluice help COMMAND: the same as sluice COMMAND -help. */
int command_help(int argc, char **argv)
{
    static char help_flag[] = "-help";
    static char *asked[] = {help_flag, NULL};
    if (argc > 0 && !is_help(argv[0])) {
        return dispatch(argv[0], 1, asked);
    }
    print_usage(stdout);
    return 0;
}

/* Flushes the output. The last of it may still be in a buffer, and the disk may be full: a reader of the file must
 * not take a part of the output for all of it, nor the status for that of a rule which says no. What was interrupted
 * stays that. */
static int end_output(int status)
{
    cli_flush(stdout);
    if (!ferror(stdout)) {
        return status;
    }
    int number = cli_write_errno();
    fprintf(stderr, "sluice: cannot write to standard output%s%s\n", number != 0 ? ": " : "",
            number != 0 ? strerror(number) : "");
    return status == INTERRUPTED ? status : COULD_NOT;
}

/* A file that is opened later must not take the place of a standard one that whoever started this has closed: it would
 * be read from, or written to. */
static void hold_standard_files(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) {
        close(fd);
    }
}

/* Puts the command in front of the flags that stand before it. */
static void lift_command(int argc, char **argv)
{
    int at = 1;
    for (int count; at < argc && (count = count_words(argv[at])) > 0; at += count) {
    }
    if (at > 1 && at < argc) {
        char *command = argv[at];
        memmove(&argv[2], &argv[1], (size_t)(at - 1) * sizeof argv[0]);
        argv[1] = command;
    }
}

int main(int argc, char **argv)
{
    mem_init();
    hold_standard_files();
    signal(SIGPIPE, SIG_IGN); /* a write tells */
    lift_command(argc, argv);
    return end_output(argc > 1 ? dispatch(argv[1], argc - 2, argv + 2) : command_help(0, NULL));
}
