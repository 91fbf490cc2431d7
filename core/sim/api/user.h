/* Who asks, by a bearer token, and what each may do.
 *
 * Requests without a token are those of the machine that the cluster is on, and may do everything, as with a real
 * server's --authorization-mode=AlwaysAllow. The two users are for people who try what a name and a right are good for:
 * the token of "you" may do everything, that of "viewer" may only read. A token is the name of its user: it keeps
 * nobody out. */
#pragma once

#include "io/exchange.h"

struct user {
    const char *name, *uid;  /* uid NULL: none */
    const char *group;       /* besides that of everybody who is known; NULL: none */
    const char *known_group; /* "system:authenticated", or its contrary */
    bool only_reads;
};

/* NULL: nobody has this token. */
const struct user *user_of(const struct exchange *exchange);
/* `verb` as RBAC has them. */
bool user_may(const struct user *user, const char *verb, const char *group, const char *resource);
/* The same of a path that is no resource. */
bool user_may_at_path(const struct user *user, const char *verb);
