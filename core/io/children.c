#include "io/children.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LISTED_MAX = 4096, STAT_MAX = 512 };

/* Of "PID (NAME) STATE PPID …", where NAME may have any characters. 0: it is gone. */
static pid_t parent_of(int proc, const char *pid)
{
    char text[STAT_MAX];
    int folder = openat(proc, pid, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int file = openat(folder, "stat", O_RDONLY | O_CLOEXEC);
    ssize_t len = file >= 0 ? read(file, text, sizeof text - 1) : 0;
    text[len > 0 ? len : 0] = '\0';
    if (file >= 0) {
        close(file);
    }
    if (folder >= 0) {
        close(folder);
    }
    const char *rest = strrchr(text, ')');
    return rest != NULL && strlen(rest) > strlen(") S ") ? (pid_t)strtol(rest + strlen(") S "), NULL, 10) : 0;
}

static bool is_pid(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= 10 && strspn(name, "0123456789") == len;
}

bool children_each(void (*each)(void *ctx, pid_t pid), void *ctx)
{
    _Alignas(struct dirent64) char listed[LISTED_MAX];
    pid_t self = getpid();
    ssize_t len;
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0) {
        return false;
    }
    while ((len = getdents64(proc, listed, sizeof listed)) > 0) {
        for (ssize_t at = 0; at < len;) {
            const struct dirent64 *entry = (const void *)(listed + at);
            if (is_pid(entry->d_name) && parent_of(proc, entry->d_name) == self) {
                each(ctx, (pid_t)strtol(entry->d_name, NULL, 10));
            }
            at += entry->d_reclen;
        }
    }
    close(proc);
    return len == 0;
}

static void kill_one(void *ctx, pid_t pid)
{
    kill(pid, SIGKILL);
}

/* No number can be somebody else's: a child keeps its own until it was waited for. */
void children_end(void)
{
    for (;;) {
        bool is_listed = children_each(kill_one, NULL);
        pid_t pid = waitpid(-1, NULL, is_listed ? 0 : WNOHANG);
        if (pid == 0 || (pid < 0 && errno == ECHILD)) {
            return;
        }
        while (waitpid(-1, NULL, WNOHANG) > 0) {
            continue;
        }
    }
}
