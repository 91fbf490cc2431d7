#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 16 * 1024 };

static bool read_all(int fd, const char *path, struct buf *b, struct err *err)
{
    char chunk[CHUNK];
    for (;;) {
        ssize_t len = read(fd, chunk, sizeof(chunk));
        if (len == 0)
            return true;
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return err_set(err, ERR_IO, "file %s: cannot read: %s", path, strerror(errno));
        if (!buf_append(b, chunk, (size_t)len))
            return err_set(err, ERR_TOO_LARGE, "file %s: larger than %zu bytes", path, b->size_max);
    }
}

bool file_read(const char *path, struct buf *b, struct err *err)
{
    buf_clear(b);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        enum err_code code = errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;
        return err_set(err, code, "file %s: cannot open: %s", path, strerror(errno));
    }
    bool ok = read_all(fd, path, b, err);
    close(fd);
    return ok;
}
