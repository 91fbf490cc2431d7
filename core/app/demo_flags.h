/* What sluice demo and sluice sim have in common: their flags, and the scenario these name. */
#pragma once

#include "app/cli.h"
#include "sim/story/scenario.h"

struct demo_flags {
    const char *command, *usage, *after;
    const struct cli_flag *table;
    bool plays;       /* sluice demo: a scenario and an engine; else sluice sim */
    const char *file; /* the scenario's; NULL: the tutorial in the binary */
    bool serves, listens, api_only, logs, help, version;
    char *host;
    int port, speed;
    const char *kubeconfig; /* NULL: print it */
    int64_t seed;           /* -1: the scenario's */
};

extern const struct cli_flag demo_flags_of_demo[], demo_flags_of_sim[];

/* Gives the exit status; what went wrong was told. */
typedef int demo_act_fn(const struct demo_flags *flags, const struct scenario *scenario);
/* Runs the whole command: reads its words (`command`, `usage`, `table` and `plays` are set) and the scenario, and
 * calls `act` with both. Returns the exit status: that of `act`, 2 when it was not called. */
int demo_flags_run(struct demo_flags *flags, int argc, char **argv, demo_act_fn *act);
/* "sluice demo", as a person typed it; a script that calls it for people says what to type in SLUICE_DEMO. mem_free. */
char *demo_flags_command(void);
uint64_t demo_flags_seed(const struct demo_flags *flags, const struct scenario *scenario);
