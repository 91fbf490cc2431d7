/* Lua strings are bytes; texts that leave the VM for logs, events and errors are UTF-8 of bounded length. */
#pragma once

#include <stddef.h>

/* Copies what fits into `to`, terminated, with '?' for every byte that is not UTF-8 and every control character but
 * tabs and ends of lines, and a space for every NUL. */
void plain_copy(char *to, size_t size, const char *s, size_t len);
