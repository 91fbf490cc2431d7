#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
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

static bool check_regular(int fd, const char *path, struct err *err)
{
    struct stat about;
    if (fstat(fd, &about) != 0) {
        return err_set(err, ERR_IO, "file %s: cannot read: %s", path, strerror(errno));
    }
    return S_ISREG(about.st_mode) || err_set(err, ERR_INVALID, "file %s: not a regular file", path);
}

static bool read_file(const char *path, bool is_regular, struct buf *b, struct err *err)
{
    buf_clear(b);
    /* Without O_NONBLOCK the open of a FIFO waits until somebody writes to it. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | (is_regular ? O_NONBLOCK : 0));
    if (fd < 0) {
        enum err_code code = errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;
        return err_set(err, code, "file %s: cannot open: %s", path, strerror(errno));
    }
    bool ok = (!is_regular || check_regular(fd, path, err)) && read_all(fd, path, b, err);
    close(fd);
    return ok;
}

bool file_read(const char *path, struct buf *b, struct err *err)
{
    return read_file(path, false, b, err);
}

bool file_read_regular(const char *path, struct buf *b, struct err *err)
{
    return read_file(path, true, b, err);
}
