/* The flags of `sluice load`: those of Flagger's load tester, and what bounds ours. */
#pragma once

#include <stdint.h>

#include "app/cli.h"
#include "base/str.h"

struct load_flags {
    char *host; /* "": all addresses */
    int port;
    const char *place_flag; /* which of -port and -listen has said so; NULL: none */
    const char *log_level, *zap_encoding, *namespace_regexp;
    int64_t timeout_ms;
    int64_t rate_max, load_rate_max; /* load_rate_max 0: the other one alone */
    int64_t workers_max, tasks_max, gates_max, processes_max;
    struct str_list allowed, variables;
    bool help, version;
};

/* Texts are borrowed from argv. load_flags_fini is due in any case. */
bool load_flags_read(struct load_flags *flags, int argc, char **argv, struct err *err);
void load_flags_fini(struct load_flags *flags);
