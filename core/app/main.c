/* sluice: chooses the command. */
#include <stdio.h>
#include <string.h>

#include "app/cli.h"
#include "app/command.h"
#include "app/version.h"
#include "base/mem.h"

static const char usage[] = "sluice " SLUICE_VERSION ": progressive delivery for Kubernetes\n"
                            "\n"
                            "  sluice run [flags]     watch Canaries and roll out their revisions\n"
                            "  sluice demo [FILE]     play a scenario, or the tutorial, on an embedded cluster, in\n"
                            "                         virtual time; with --serve: that cluster for kubectl\n"
                            "  sluice sim [flags]     serve an embedded cluster without an engine, for kubectl\n"
                            "  sluice check -f PATH   say of each Canary in files, or of a cluster, whether it is\n"
                            "                         accepted, and why not\n"
                            "  sluice version         print the version, as -version does behind every command\n"
                            "  sluice help COMMAND    say how a command is used, as -help does behind it\n"
                            "  sluice completion bash|zsh\n"
                            "                         write what makes a shell complete commands and flags\n";

static bool is_help(const char *word)
{
    return strcmp(word, "help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "-help") == 0 ||
           strcmp(word, "--help") == 0;
}

static const char version_usage[] = "usage: sluice version\n"
                                    "\n"
                                    "Prints the version, and the commit it was built from where that is known.\n";

/* Has no flags but those of every command. */
static int command_version(int argc, char **argv)
{
    const char *word = argc > 0 ? argv[0] : "-version";
    bool is_version = strcmp(word, "-version") == 0 || strcmp(word, "--version") == 0;
    if (argc > 1 || (!is_version && !is_help(word))) {
        fprintf(stderr, "sluice version: %s: unexpected word\n\nsluice version --help says how to use it\n",
                argv[argc - 1]);
        return 2;
    }
    if (is_version) {
        version_print();
    } else {
        fputs(version_usage, stdout);
    }
    return 0;
}

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"run", command_run},
    {"demo", command_demo},
    {"sim", command_sim},
    {"check", command_check},
    {"completion", command_completion},
    {"version", command_version},
};

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
    } else if (strcmp(command, "-version") == 0 || strcmp(command, "--version") == 0) {
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
    cli_flush(stdout);
    if (!ferror(stdout)) {
        return status;
    }
    int number = cli_write_errno();
    fprintf(stderr, "sluice: cannot write to standard output%s%s\n", number != 0 ? ": " : "",
            number != 0 ? strerror(number) : "");
    return status != 0 ? status : 1;
}

int main(int argc, char **argv)
{
    mem_init();
    return end_output(dispatch(argc, argv));
}
