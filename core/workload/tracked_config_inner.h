/* What the tracked_config*.c files share, and nobody else includes. */
#pragma once

#include "workload/tracked_config.h"

/* Of the kinds in references: "configmap" and "secret". */
bool config_is_secret(const char *kind);
/* Neither switched off by its annotation, nor a Secret of a type that controllers write. */
bool tracked_config_is_tracked(const char *kind, const struct node *object);
/* True when an owner reference is this Canary's. */
bool tracked_config_is_owner(const struct node *owner, const struct canary_names *names);
/* True when a pruned object has the checksum of `whole`. */
bool tracked_config_has_content_of(const struct node *object, const struct node *whole);
