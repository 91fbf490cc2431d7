/* What is in a folder. */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* Paths of all files under `path` whose names end in one of `endings` (the last one is NULL), folder by folder in the
 * order of their names. What begins with a dot is passed over, and no link to a folder is followed. A `path` that is no
 * folder is the one file, whatever its ending. */
bool folder_list(const char *path, const char *const *endings, struct str_list *files, struct err *err);
