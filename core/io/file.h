/* Whole small files: kubeconfigs, tokens, certificates. */
#pragma once

#include "base/buf.h"
#include "base/err.h"

/* Replaces what is in `b`; a file above the buffer's ceiling is TOO_LARGE. */
bool file_read(const char *path, struct buf *b, struct err *err);
/* The same for what is read while the loop runs: never waits for another process. A FIFO, a device or a socket is
 * INVALID. */
bool file_read_regular(const char *path, struct buf *b, struct err *err);

/* Writes the text into the file, which replaces what is in there; `is_new`: it must not be there yet. */
bool file_write(const char *path, const char *text, bool is_new, struct err *err);
/* The same for a file that is there: the text is written beside it and takes its place when it is whole, so that a full
 * disk or a kill leaves the old one. Its mode stays, and so does a symbolic link to it. */
bool file_replace(const char *path, const char *text, struct err *err);
/* Writes the text into the file, readable and writable by this user alone (0600). It does not write through a
 * symbolic link, nor into a file that is not regular, belongs to another user or has another name: in a folder that
 * others may write to, such a file would be theirs. `why` comes without the path. */
bool file_write_private(const char *path, const char *text, size_t len, struct err *why);
