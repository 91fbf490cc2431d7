#include "board/files.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"

enum { TAG_DIGITS = 16 };

const struct web_file *web_file_find(const char *name)
{
    for (size_t i = 0; i < web_files_count; i++) {
        if (strcmp(web_files[i].name, name) == 0) {
            return &web_files[i];
        }
    }
    return NULL;
}

const char *web_file_type(const struct web_file *file)
{
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".svg", "image/svg+xml"},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (str_has_suffix(file->name, types[i][0])) {
            return types[i][1];
        }
    }
    return "application/octet-stream";
}

void web_file_tag(const struct web_file *file, char out[static 24])
{
    char digest[65];
    hash_sha256(file->bytes, file->len, digest);
    snprintf(out, 24, "\"%.*s\"", TAG_DIGITS, digest);
}
