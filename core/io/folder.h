/* What is in a folder. */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* Paths of all files under `path` whose names end in one of `endings` (the last one is NULL), folder by folder in the
 * order of their names. What begins with a dot is passed over, and no link to a folder is followed. A `path` that is no
 * folder is the one file, whatever its ending. */
bool folder_list(const char *path, const char *const *endings, struct str_list *files, struct err *err);

/* Names of what is in the folder `path` itself, in order, without those that begin with a dot. ERR_NOT_FOUND: there is
 * no such folder. */
bool folder_names(const char *path, struct str_list *names, struct err *err);
/* True for a folder, and for a link to one. */
bool folder_is(const char *path);
