/* What the commands share that are about one Canary of a cluster: which release is its last one. */
#pragma once

#include "app/session.h"

/* The list of Releases of the Canary of this name (doc_free); NULL and err without it. */
struct doc *hand_releases(struct session *session, const char *namespace, const char *canary, bool metadata_only,
                          struct err *err);
/* The last Release of the Canary (its metadata and, unless `metadata_only`, all of it), by its number (doc_free). NULL:
 * there is none, and err is NONE, or they could not be read. */
struct doc *hand_last_release(struct session *session, const struct node *canary, bool metadata_only, struct err *err);
/* The Release of this name (doc_free); NULL and err without it. */
struct doc *hand_release(struct session *session, const char *name, struct err *err);
/* The Canary (doc_free); NULL and err without it. */
struct doc *hand_canary(struct session *session, const char *name, struct err *err);
