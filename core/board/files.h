/* The files of the page (web/ and uPlot), which travel in the binary. */
#pragma once

#include <stddef.h>

struct web_file {
    const char *name; /* "main.js" */
    const char *bytes;
    size_t len;
};
extern const struct web_file web_files[]; /* of cmake/Embed.cmake */
extern const size_t web_files_count;

/* NULL: there is no such file. */
const struct web_file *web_file_find(const char *name);
/* By the ending of its name. */
const char *web_file_type(const struct web_file *file);
/* The value of ETag: of its bytes, in quotes. */
void web_file_tag(const struct web_file *file, char out[static 24]);
