/* The flags of sluice demo and sluice sim, and the scenario they name. */
#pragma once

#include "sim/scenario.h"

struct demo_flags {
    const char *command, *usage;
    bool plays;       /* sluice demo: a scenario and an engine; else sluice sim */
    const char *file; /* the scenario's; NULL: the tutorial in the binary */
    bool serves, api_only, help;
    char *host;
    int port, speed;
    const char *kubeconfig; /* NULL: print it */
    int64_t seed;           /* -1: the scenario's */
};

/* `command`, `usage` and `plays` are set; the rest is read. False: err names the word that is wrong; demo_flags_fini all the same. */
bool demo_flags_read(struct demo_flags *flags, int argc, char **argv, struct err *err);
void demo_flags_fini(struct demo_flags *flags);
void demo_flags_help(const struct demo_flags *flags, bool is_error);

/* NULL: err says what is wrong, and where. */
struct scenario *demo_flags_scenario(const struct demo_flags *flags, struct err *err);
uint64_t demo_flags_seed(const struct demo_flags *flags, const struct scenario *scenario);
