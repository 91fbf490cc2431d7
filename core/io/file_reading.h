/* A small file, read in a thread of its own: a file system that hangs (NFS without its server) holds up nobody else. It
 * is not a thread of libuv's, for those are few, and the end of the process waits for them. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "io/loop.h"

struct file_reading;

/* Called in the thread; such as file_read_regular. */
typedef bool file_read_fn(const char *path, struct buf *b, struct err *err);
typedef void file_reading_done_fn(void *ctx, const struct buf *content, const struct err *err);
struct file_reading *file_reading_start(struct loop *loop, const char *path, size_t size_max, file_read_fn *read,
                                        file_reading_done_fn *done, void *ctx);
/* No done comes. A thread that hangs goes on to hang, and touches nothing that is not its own. */
void file_reading_cancel(struct file_reading *reading);
