/* Whole small files: kubeconfigs, tokens, certificates. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* Replaces what is in `b`; a file above the buffer's ceiling is TOO_LARGE. */
bool file_read(const char *path, struct buf *b, struct err *err);
/* The same for what is read while the loop runs: never waits for another process. A FIFO, a device or a socket is INVALID. */
bool file_read_regular(const char *path, struct buf *b, struct err *err);
