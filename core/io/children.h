/* The children of a process, as the kernel lists them: also those that somebody else has made, which became ours when
 * their parent died. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* Calls `each` for every child of the caller, dead ones that were not waited for included; one that comes meanwhile may
 * be left out. System calls only. False: /proc cannot be read, errno says why. */
bool children_each(void (*each)(void *ctx, pid_t pid), void *ctx);
/* Kills them and waits for them. Where the caller is a subreaper, the children of those become ours, so it is done
 * again until there are none. System calls only. */
void children_end(void);
