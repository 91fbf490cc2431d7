#include "app/process_memory.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

int64_t process_memory(pid_t pid)
{
    char line[128];
    long long kib = 0;
    char *path = str_format("/proc/%d/smaps_rollup", (int)pid);
    FILE *file = fopen(path, "re");
    str_free(&path);
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "Pss: %lld kB", &kib) == 1) {
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return (int64_t)kib * 1024;
}
