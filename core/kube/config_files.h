/* The files that a kubeconfig is made of, as client-go puts them together: an entry, and current-context, are those of
 * the first file that has them, whole. What another file says of the same name does not count. */
#pragma once

#include <stdbool.h>

#include "base/doc.h"
#include "base/err.h"
#include "base/str.h"

struct config_files {
    struct str_list paths;
    struct doc **docs; /* one for each path */
};

/* One of several that is not there is passed over. False and err, which names the file: one cannot be read, or none is
 * there. */
bool config_files_read(struct config_files *files, const struct str_list *paths, struct err *err);
void config_files_fini(struct config_files *files);

/* The paths, as $KUBECONFIG has them. (mem_free) */
char *config_files_name(const struct config_files *files);
/* The first file whose root has something that is not empty there; NULL: none. */
const struct node *config_files_current_context(const struct config_files *files);
/* `field` ("cluster") of the entry of this name in a list ("clusters"). `*path`: the file's, from which the names of
 * other files count. NULL and err: there is none. */
const struct node *config_files_entry(const struct config_files *files, const char *list, const char *name,
                                      const char *field, const char **path, struct err *err);
