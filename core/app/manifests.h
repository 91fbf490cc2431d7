/* Objects in files, for commands that hand them to lua/tool as they are. */
#pragma once

#include "base/doc.h"
#include "base/err.h"
#include "base/str.h"

/* Appends {file, object} to `list`, a node of `doc`, for each object of the files and folders, in order; a List is its
 * items, "-" the standard input. False: err names the file. */
bool manifests_read(const struct str_list *paths, struct doc *doc, struct node *list, struct err *err);
