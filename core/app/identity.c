#include "app/identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "io/file.h"

enum { PROC_FILE_MAX = 4096, STAT_START_TIME = 22 };

/* The first `len` characters of a small file; "" when it cannot be read. */
static char *read_start(const char *path, size_t len)
{
    struct buf b;
    struct err ignored;
    buf_init(&b, PROC_FILE_MAX);
    char *text = file_read(path, &b, &ignored) ? str_dup_n(buf_str(&b), b.len < len ? b.len : len) : str_dup("");
    buf_fini(&b);
    return text;
}

/* Field 22 of /proc/<pid>/stat, in ticks since boot; 0 when there is no such process. The second field may hold blanks,
 * so fields are counted from its closing bracket. */
static unsigned long long start_time(long pid)
{
    char *path = str_format("/proc/%ld/stat", pid);
    char *stat = read_start(path, PROC_FILE_MAX);
    const char *at = strrchr(stat, ')');
    for (int field = 2; at != NULL && field < STAT_START_TIME; field++) {
        at = strchr(at + 1, ' ');
    }
    unsigned long long ticks = at != NULL ? strtoull(at + 1, NULL, 10) : 0;
    str_free(&stat);
    str_free(&path);
    return ticks;
}

/* Host, boot and pid namespace: where these are equal, equal pids mean the same process. */
static char *neighbourhood(void)
{
    char host[256] = "localhost", namespace[64] = "";
    gethostname(host, sizeof host - 1);
    ssize_t len = readlink("/proc/self/ns/pid", namespace, sizeof namespace - 1);
    namespace[len > 0 ? len : 0] = '\0';
    char *boot = read_start("/proc/sys/kernel/random/boot_id", 8);
    char *text =
        str_format("%s_%s_%.*s", host, boot, (int)strspn(namespace + strcspn(namespace, "0123456789"), "0123456789"),
                   namespace + strcspn(namespace, "0123456789"));
    str_free(&boot);
    return text;
}

char *identity_new(void)
{
    char *near = neighbourhood();
    long pid = (long)getpid();
    char *text = str_format("%s_%ld_%llu", near, pid, start_time(pid));
    str_free(&near);
    return text;
}

bool identity_is_dead(const char *identity)
{
    char *near = neighbourhood();
    size_t len = strlen(near);
    bool dead = false;
    if (strncmp(identity, near, len) == 0 && identity[len] == '_') {
        char *end;
        long pid = strtol(identity + len + 1, &end, 10);
        unsigned long long started = *end == '_' ? strtoull(end + 1, NULL, 10) : 0;
        dead = started != 0 && start_time(pid) != started;
    }
    str_free(&near);
    return dead;
}
