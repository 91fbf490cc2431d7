/* What a child process is held to that runs a program for somebody else. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct confinement {
    uint64_t cpu_s;        /* of the processor */
    uint64_t memory_bytes; /* of its own, as a process has them to write to */
    uint64_t file_bytes;   /* of the largest file that it writes */
    uint64_t open_files;
    uint64_t processes; /* of its user on this machine, whoever started them; to root it does not count */
};

/* Between fork and exec, so it does nothing but system calls. The process gets these limits, never regains rights by a
 * program with set-uid, dies with the one that made it, and root becomes nobody. False: it could not be held, and must
 * not go on; errno says why, and `*step` at what. */
bool confine(const struct confinement *confinement, const char **step);
/* Root without CAP_KILL, as in a container that drops it, may signal such processes as their user; afterwards it is no
 * more than that, but can be signalled by none of them. */
void confine_reach(void);
