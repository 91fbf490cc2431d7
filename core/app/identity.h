/* A name for this process, from which another process on the same machine can tell whether it still lives. */
#pragma once

#include <stdbool.h>

/* "<host>_<boot>_<pid namespace>_<pid>_<start time>" (str_free). */
char *identity_new(void);

/* True when `identity` names a process that could be seen from here (same host, boot and pid namespace) and is not
 * there any more. A stopped process lives; about processes elsewhere nothing is known: false. */
bool identity_is_dead(const char *identity);
