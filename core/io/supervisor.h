/* A process of ours between us and the programs of a pipeline. Whatever they start stays below it, because orphans
 * become children of the nearest subreaper: also what leaves its process group or its session, which no signal to a
 * group reaches. It ends all of them when it is told to, or when we have died. */
#pragma once

#include <stddef.h>

#include "io/confine.h"

struct supervised {
    const char *path;
    char *const *argv;
};

struct supervision {
    const struct supervised *programs; /* each reads what the one before it writes */
    size_t count;
    const char *const *env;
    const struct confinement *confinement;
    int nothing; /* what the first one reads, */
    int output;  /* and where the last one writes, and all of them their errors */
    int control; /* the supervisor's end: it sends its report, and ends at one byte, or at the end of the stream */
};

/* Sent when all programs have ended. */
struct supervisor_report {
    int error;  /* errno of what kept a program from being started; 0: nothing */
    int status; /* of the last program, as waitpid has it */
};

/* In a child of ours, with all signals blocked: their handlers are those of its parent. That may have had threads, so
 * only system calls are made. */
_Noreturn void supervisor_run(const struct supervision *supervision);
