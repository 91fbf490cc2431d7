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
    "  sluice version       print the version\n";

static int dispatch(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "help";
    if (strcmp(command, "run") == 0) {
        return command_run(argc - 2, argv + 2);
    }
    if (strcmp(command, "demo") == 0) {
        return command_demo(argc - 2, argv + 2);
    }
    if (strcmp(command, "sim") == 0) {
        return command_sim(argc - 2, argv + 2);
    }
    if (strcmp(command, "check") == 0) {
        return command_check(argc - 2, argv + 2);
    }
    if (strcmp(command, "version") == 0 || strcmp(command, "--version") == 0) {
        version_print();
        return 0;
    }
    if (strcmp(command, "help") == 0 || strcmp(command, "-h") == 0 || strcmp(command, "-help") == 0 ||
        strcmp(command, "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    fprintf(stderr, "sluice: there is no command \"%s\"\n\n%s", command, usage);
    return 2;
}

/* What was printed may still be in a buffer, and a disk be full: whoever reads the file later must not take half an output for all of it. */
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
