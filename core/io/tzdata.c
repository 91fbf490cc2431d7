#include "io/tzdata.h"

#include <string.h>

#include "base/str.h"
#include "io/file.h"

#define FOLDER "/usr/share/zoneinfo"

enum { NAME_MAX_LEN = 64 };

/* A name leads nowhere but into the database. */
static bool is_name(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
    size_t len = strlen(name);
    return len > 0 && len <= NAME_MAX_LEN && strspn(name, letters) == len && name[0] != '/' && name[len - 1] != '/' &&
           strstr(name, "//") == NULL;
}

struct zone *tzdata_zone(const char *name, struct err *err)
{
    if (!is_name(name)) {
        err_set(err, ERR_INVALID, "\"%.64s\" is not the name of a time zone, such as Europe/Berlin", name);
        return NULL;
    }
    char *path = str_format("%s/%s", FOLDER, name);
    struct buf bytes;
    struct zone *zone = NULL;
    buf_init(&bytes, ZONE_FILE_MAX);
    if (!file_read_regular(path, &bytes, err)) {
        err_set(err, ERR_NOT_FOUND, "there is no time zone \"%s\" in %s", name, FOLDER);
    } else {
        zone = zone_parse(buf_str(&bytes), bytes.len, err);
        if (zone == NULL) {
            err_wrap(err, "time zone \"%s\" (%s)", name, path);
        }
    }
    buf_fini(&bytes);
    str_free(&path);
    return zone;
}
