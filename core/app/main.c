/* sluice: chooses the command. */
#include <stdio.h>
#include <string.h>

#include "app/command.h"
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

int main(int argc, char **argv)
{
    mem_init();
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
        printf("sluice version %s\n", SLUICE_VERSION);
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
