#include "prom/usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STAT_MAX = 4096, BOOT_MAX = 256 * 1024 };

/* /proc has no sizes: read until nothing more comes. */
static bool read_text(const char *path, struct buf *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    char chunk[1024];
    ssize_t len;
    while ((len = read(fd, chunk, sizeof chunk)) > 0 && buf_append(text, chunk, (size_t)len)) {
    }
    close(fd);
    return len == 0;
}

struct stat_fields {
    unsigned long long user_ticks, system_ticks, start_ticks;
    long long resident_pages;
};

/* The command's name stands in parentheses and may hold anything, so counting starts behind the last one: field 3. */
static bool read_stat(struct stat_fields *fields)
{
    struct buf text;
    buf_init(&text, STAT_MAX);
    bool ok = read_text("/proc/self/stat", &text);
    const char *at = ok ? strrchr(buf_str(&text), ')') : NULL;
    int found = at == NULL
                    ? 0
                    : sscanf(at + 1,
                             " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d "
                             "%llu %*u %lld",
                             &fields->user_ticks, &fields->system_ticks, &fields->start_ticks, &fields->resident_pages);
    buf_fini(&text);
    return found == 4;
}

static bool read_boot_s(unsigned long long *boot_s)
{
    struct buf text;
    buf_init(&text, BOOT_MAX);
    const char *line = read_text("/proc/stat", &text) ? strstr(buf_str(&text), "\nbtime ") : NULL;
    bool found = line != NULL && sscanf(line, " btime %llu", boot_s) == 1;
    buf_fini(&text);
    return found;
}

static bool count_fds(int *count)
{
    DIR *dir = opendir("/proc/self/fd");
    if (dir == NULL) {
        return false;
    }
    *count = -1; /* the directory itself */
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        *count += entry->d_name[0] != '.';
    }
    closedir(dir);
    return true;
}

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void usage_write(struct buf *out)
{
    struct stat_fields stat;
    unsigned long long boot_s;
    int fds;
    double ticks_per_s = (double)sysconf(_SC_CLK_TCK);
    if (read_stat(&stat)) {
        head(out, "process_resident_memory_bytes", "gauge", "Resident memory size in bytes.");
        buf_printf(out, "process_resident_memory_bytes %lld\n", stat.resident_pages * sysconf(_SC_PAGESIZE));
        head(out, "process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.");
        buf_printf(out, "process_cpu_seconds_total %.2f\n",
                   (double)(stat.user_ticks + stat.system_ticks) / ticks_per_s);
        if (read_boot_s(&boot_s)) {
            head(out, "process_start_time_seconds", "gauge", "Start time of the process since unix epoch in seconds.");
            buf_printf(out, "process_start_time_seconds %.2f\n",
                       (double)boot_s + (double)stat.start_ticks / ticks_per_s);
        }
    }
    if (count_fds(&fds)) {
        head(out, "process_open_fds", "gauge", "Number of open file descriptors.");
        buf_printf(out, "process_open_fds %d\n", fds);
    }
}
