/* sluice: chooses the command. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/version.h"
#include "base/mem.h"

static const char usage[] =
    "sluice " SLUICE_VERSION ": progressive delivery for Kubernetes\n"
    "\n"
    "  sluice run [flags]   watch Canaries and roll out their revisions (sluice run -help lists the flags)\n"
    "  sluice demo [FILE]   play a scenario, or the tutorial, on an embedded cluster, in virtual time; with --serve: "
    "that cluster for kubectl\n"
    "  sluice sim [flags]   serve an embedded cluster without an engine, for kubectl (sluice sim -help lists the "
    "flags)\n"
    "  sluice check -f PATH say of each Canary in files, or of a cluster, whether it is accepted, and why not\n"
    "  sluice version       print the version\n"
    "  sluice help COMMAND  say how a command is used\n"
    "  sluice completion bash|zsh\n"
    "                       write what makes a shell complete commands and flags\n";

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"run", command_run},
    {"demo", command_demo},
    {"sim", command_sim},
    {"check", command_check},
    {"completion", command_completion},
};

static bool is_help(const char *word)
{
    return strcmp(word, "help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "-help") == 0 ||
           strcmp(word, "--help") == 0;
}

static int refuse(const char *command)
{
    fprintf(stderr, "sluice: there is no command \"%s\"\n\n%s", command, usage);
    return 2;
}

static int dispatch(int argc, char **argv)
{
    static char help_flag[] = "-help";
    static char *asked[] = {NULL, NULL, help_flag, NULL};
    const char *command = argc > 1 ? argv[1] : "help";
    bool explains = is_help(command) && argc > 2; /* sluice help COMMAND: the same as sluice COMMAND -help */
    if (explains) {
        command = argv[2];
        argc = 3;
        argv = asked;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(command, commands[i].name) == 0) {
            return commands[i].run(argc - 2, argv + 2);
        }
    }
    if (is_help(command)) {
        fputs(usage, stdout);
    } else if (strcmp(command, "version") == 0 || strcmp(command, "-version") == 0 ||
               strcmp(command, "--version") == 0) {
        version_print();
    } else {
        return refuse(command);
    }
    return 0;
}

/* Flushes the output. The last of it may still be in a buffer, and the disk may be full: a reader of the file must
 * not take a part of the output for all of it. */
static int end_output(int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return status;
    }
    fprintf(stderr, "sluice: cannot write to standard output%s%s\n", errno != 0 ? ": " : "",
            errno != 0 ? strerror(errno) : "");
    return status != 0 ? status : 1;
}

int main(int argc, char **argv)
{
    mem_init();
    return end_output(dispatch(argc, argv));
}
