/* Whole small files: kubeconfigs, tokens, certificates. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* Replaces what is in `b`; a file above the buffer's ceiling is TOO_LARGE. */
bool file_read(const char *path, struct buf *b, struct err *err);
