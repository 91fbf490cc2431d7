/* Where a pod spec names ConfigMaps and Secrets: one walk, used to list, to rename and to undo renames. */
#pragma once

#include "base/doc.h"

struct config_reference {
    const char *kind;    /* "configmap" or "secret" */
    struct node *holder; /* the object that carries the name… */
    const char *key;     /* …under this key */
    const char *name;
    bool optional;
};

/* Volumes first, then containers, then init containers, each in list order. The walk goes on after `fn` changed the
 * name. */
typedef void config_reference_fn(void *ctx, const struct config_reference *reference);
void config_reference_each(const struct node *pod_spec, config_reference_fn *fn, void *ctx);
