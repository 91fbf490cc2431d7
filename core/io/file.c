#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

enum { CHUNK = 16 * 1024 };

static bool read_all(int fd, const char *path, struct buf *b, struct err *err)
{
    char chunk[CHUNK];
    for (;;) {
        ssize_t len = read(fd, chunk, sizeof(chunk));
        if (len == 0) {
            return true;
        }
        if (len < 0 && errno == EINTR) {
            continue;
        }
        if (len < 0) {
            return err_set(err, ERR_IO, "file %s: cannot read: %s", path, strerror(errno));
        }
        if (!buf_append(b, chunk, (size_t)len)) {
            return err_set(err, ERR_TOO_LARGE, "file %s: larger than %zu bytes", path, b->size_max);
        }
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

static bool check_ours(int fd, struct err *why)
{
    struct stat about;
    if (fstat(fd, &about) != 0) {
        return err_set(why, ERR_IO, "%s", strerror(errno));
    }
    if (!S_ISREG(about.st_mode)) {
        return err_set(why, ERR_INVALID, "not a regular file");
    }
    if (about.st_uid != geteuid()) {
        return err_set(why, ERR_INVALID, "the file belongs to another user");
    }
    return about.st_nlink == 1 || err_set(why, ERR_INVALID, "the file has another name, too");
}

static bool write_all(int fd, const char *text, size_t len, struct err *why)
{
    while (len > 0) {
        ssize_t written = write(fd, text, len);
        if (written < 0 && errno != EINTR) {
            return err_set(why, ERR_IO, "%s", strerror(errno));
        }
        text += written > 0 ? written : 0;
        len -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

bool file_write(const char *path, const char *text, bool is_new, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (is_new ? O_EXCL : O_TRUNC), 0666);
    bool ok = fd >= 0 || err_set(err, ERR_IO, "%s", strerror(errno));
    ok = ok && write_all(fd, text, strlen(text), err);
    if (fd >= 0 && close(fd) != 0 && ok) {
        ok = err_set(err, ERR_IO, "%s", strerror(errno));
    }
    return ok || err_wrap(err, "%s", path);
}

/* A hidden file beside `path`, with the mode of `about`; -1. `name` is its template. */
static int open_beside(char *name, const struct stat *about)
{
    int fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0 && fchmod(fd, about->st_mode & 07777) != 0) {
        close(fd);
        unlink(name);
        return -1;
    }
    return fd;
}

static bool replace_at(const char *path, const char *text, struct err *err)
{
    struct stat about;
    const char *slash = strrchr(path, '/');
    char *beside = str_format("%.*s.%s.XXXXXX", (int)(slash + 1 - path), path, slash + 1);
    int fd = stat(path, &about) == 0 ? open_beside(beside, &about) : -1;
    bool ok = fd >= 0 && write_all(fd, text, strlen(text), err) && fsync(fd) == 0;
    ok = fd >= 0 && close(fd) == 0 && ok && rename(beside, path) == 0;
    if (!ok && err->code == ERR_NONE) {
        err_set(err, ERR_IO, "%s", strerror(errno));
    }
    if (!ok && fd >= 0) {
        unlink(beside);
    }
    str_free(&beside);
    return ok;
}

bool file_replace(const char *path, const char *text, struct err *err)
{
    char real[PATH_MAX];
    bool ok = realpath(path, real) != NULL ? replace_at(real, text, err) : err_set(err, ERR_IO, "%s", strerror(errno));
    return ok || err_wrap(err, "%s", path);
}

bool file_write_private(const char *path, const char *text, size_t len, struct err *why)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd < 0) {
        return err_set(why, ERR_IO, "%s", errno == ELOOP ? "it is a symbolic link" : strerror(errno));
    }
    bool ok = check_ours(fd, why);
    if (ok && (fchmod(fd, 0600) != 0 || ftruncate(fd, 0) != 0)) {
        ok = err_set(why, ERR_IO, "%s", strerror(errno));
    }
    ok = ok && write_all(fd, text, len, why);
    if (close(fd) != 0 && ok) {
        ok = err_set(why, ERR_IO, "%s", strerror(errno));
    }
    return ok;
}
