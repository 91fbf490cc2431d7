/* What a process takes of the machine's memory. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* Bytes; of pages that it shares with others, such as those of a process that it was forked from, its part. 0: nobody
 * knows. */
int64_t process_memory(pid_t pid);
