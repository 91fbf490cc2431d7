#include "load/programs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define SEARCHED "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum {
    OUTPUT_MAX = 1024 * 1024,
    MEMORY_MAX = 512 * 1024 * 1024,
    FILE_MAX = 16 * 1024 * 1024,
    OPEN_FILES_MAX = 256,
};

struct programs {
    struct str_list allowed, env;
    char **envp; /* the texts of env */
    int64_t timeout_ms;
    uint64_t processes_max;
};

/* --- what is allowed --- */

static bool is_name(const char *text, const char *others)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    size_t len = 0;
    while (text[len] != '\0' && (strchr(letters, text[len]) != NULL || strchr(others, text[len]) != NULL)) {
        len++;
    }
    return len > 0 && text[len] == '\0' && text[0] != '-' && text[0] != '.';
}

bool programs_check(const struct programs_options *options, struct err *err)
{
    for (size_t i = 0; i < options->allowed->count; i++) {
        const char *name = options->allowed->items[i];
        if (strcmp(name, "hey") == 0) {
            return err_set(err, ERR_INVALID, "-allow-commands hey: its command lines are played without the program");
        }
        if (!is_name(name, "-.+")) {
            return err_set(err, ERR_INVALID, "-allow-commands \"%s\": the name of a program wanted, as in curl", name);
        }
    }
    for (size_t i = 0; i < options->variables->count; i++) {
        const char *name = options->variables->items[i];
        if (!is_name(name, "")) {
            return err_set(err, ERR_INVALID, "-command-env \"%s\": the name of a variable wanted", name);
        }
    }
    return true;
}

/* A new string; NULL: it is in none of the folders. */
static char *path_of(const char *name)
{
    struct str_list folders = {0};
    char *found = NULL;
    str_list_split(&folders, SEARCHED, ':');
    for (size_t i = 0; found == NULL && i < folders.count; i++) {
        struct stat stat_;
        char *path = str_format("%s/%s", folders.items[i], name);
        if (stat(path, &stat_) == 0 && S_ISREG(stat_.st_mode) && access(path, X_OK) == 0) {
            found = path;
        } else {
            mem_free(path);
        }
    }
    str_list_fini(&folders);
    return found;
}

bool programs_find(const struct programs *programs, const struct words *words, struct str_list *paths, struct err *err)
{
    for (size_t i = 0; i < words->count; i++) {
        const char *name = words->programs[i].items[0];
        if (!str_list_has(&programs->allowed, name)) {
            return err_set(err, ERR_FORBIDDEN, "%s is not among the programs that -allow-commands names%s", name,
                           programs->allowed.count == 0 ? ": it names none" : "");
        }
        char *path = path_of(name);
        if (path == NULL) {
            return err_set(err, ERR_NOT_FOUND, "%s is allowed, and not installed in " SEARCHED, name);
        }
        str_list_push(paths, path);
        mem_free(path);
    }
    return true;
}

/* --- all of it --- */

static void set_environment(struct programs *programs, const struct str_list *variables)
{
    str_list_push(&programs->env, "PATH=" SEARCHED);
    str_list_push(&programs->env, "HOME=/tmp");
    str_list_push(&programs->env, "LANG=C.UTF-8");
    for (size_t i = 0; i < variables->count; i++) {
        const char *value = getenv(variables->items[i]);
        if (value != NULL) {
            str_list_push_format(&programs->env, "%s=%s", variables->items[i], value);
        }
    }
    programs->envp = mem_alloc_array(programs->env.count + 1, sizeof *programs->envp);
    memcpy(programs->envp, programs->env.items, programs->env.count * sizeof *programs->envp);
}

struct programs *programs_new(const struct programs_options *options)
{
    struct programs *programs = mem_new(struct programs);
    for (size_t i = 0; i < options->allowed->count; i++) {
        const char *name = options->allowed->items[i];
        char *path = path_of(name);
        if (path == NULL) {
            log_warn(NULL, "-allow-commands: %s is not installed in " SEARCHED, name);
        }
        mem_free(path);
        str_list_push(&programs->allowed, name);
    }
    set_environment(programs, options->variables);
    programs->timeout_ms = options->timeout_ms;
    programs->processes_max = options->processes_max;
    return programs;
}

void programs_free(struct programs *programs)
{
    str_list_fini(&programs->allowed);
    str_list_fini(&programs->env);
    mem_free(programs->envp);
    mem_free(programs);
}

struct pipeline *programs_start(const struct programs *programs, struct loop *loop, const struct words *words,
                                const struct str_list *paths, pipeline_done_fn *done, void *ctx)
{
    struct pipeline_options options = {
        .programs = words->programs,
        .paths = paths->items,
        .count = words->count,
        .env = (const char *const *)programs->envp,
        .timeout_ms = programs->timeout_ms,
        .output_max = OUTPUT_MAX,
        .confinement = {.cpu_s = (uint64_t)programs->timeout_ms / 1000 + 1,
                        .memory_bytes = MEMORY_MAX,
                        .file_bytes = FILE_MAX,
                        .open_files = OPEN_FILES_MAX,
                        .processes = programs->processes_max},
    };
    return pipeline_start(loop, &options, done, ctx);
}
