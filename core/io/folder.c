#include "io/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"

enum { DEPTH_MAX = 64 };

static bool fail(const char *path, struct err *err)
{
    enum err_code code = errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;
    return err_set(err, code, "%s: %s", path, strerror(errno));
}

static bool has_ending(const char *name, const char *const *endings)
{
    for (size_t i = 0; endings[i] != NULL; i++) {
        if (str_has_suffix(name, endings[i])) {
            return true;
        }
    }
    return false;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool folder_names(const char *path, struct str_list *names, struct err *err)
{
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return fail(path, err);
    }
    const struct dirent *entry;
    while ((errno = 0, entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.') {
            str_list_push(names, entry->d_name);
        }
    }
    bool ok = errno == 0 || fail(path, err);
    closedir(folder);
    if (names->count > 0) {
        qsort(names->items, names->count, sizeof names->items[0], by_name);
    }
    return ok;
}

static bool walk(const char *path, const char *const *endings, int depth, struct str_list *files, struct err *err);

static bool visit(const char *path, const char *const *endings, int depth, struct str_list *files, struct err *err)
{
    struct stat is;
    if (lstat(path, &is) != 0) {
        return fail(path, err);
    }
    if (S_ISDIR(is.st_mode)) {
        return walk(path, endings, depth + 1, files, err);
    }
    bool is_file = S_ISREG(is.st_mode) || (S_ISLNK(is.st_mode) && stat(path, &is) == 0 && S_ISREG(is.st_mode));
    if (is_file && has_ending(path, endings)) {
        str_list_push(files, path);
    }
    return true;
}

static bool walk(const char *path, const char *const *endings, int depth, struct str_list *files, struct err *err)
{
    if (depth > DEPTH_MAX) {
        return err_set(err, ERR_TOO_LARGE, "%s: more than %d folders deep", path, DEPTH_MAX);
    }
    struct str_list names = {0};
    bool ok = folder_names(path, &names, err);
    for (size_t i = 0; i < names.count && ok; i++) {
        bool is_here = strcmp(path, ".") == 0; /* one file has one name, whatever leads to it */
        char *inner =
            str_format("%s%s%s", is_here ? "" : path, is_here || str_has_suffix(path, "/") ? "" : "/", names.items[i]);
        ok = visit(inner, endings, depth, files, err);
        mem_free(inner);
    }
    str_list_fini(&names);
    return ok;
}

bool folder_list(const char *path, const char *const *endings, struct str_list *files, struct err *err)
{
    struct stat is;
    if (stat(path, &is) != 0) {
        return fail(path, err);
    }
    if (S_ISDIR(is.st_mode)) {
        return walk(path, endings, 0, files, err);
    }
    str_list_push(files, path);
    return true;
}

bool folder_is(const char *path)
{
    struct stat is;
    return stat(path, &is) == 0 && S_ISDIR(is.st_mode);
}
