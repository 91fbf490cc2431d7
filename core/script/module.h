/* Finds the text of a module: the one that the release pinned, else the one in the binary.
 *
 * The modules under the root `stdlib` have the host's primitives, so they always come from the binary, whatever a
 * Release says: somebody who may write a Release can do no more than a script can. The Release's spec.words says for
 * which version of the stdlib a pinned script was written. */
#pragma once

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/doc.h"
#include "script/chunks.h"
#include "script/embedded.h"

struct module_set {
    const struct embedded_module *embedded;
    size_t embedded_count;
    struct chunks *chunks;     /* of the binary's texts; NULL: each VM compiles them */
    const struct node *pinned; /* {"strategies.canary": "text"}; may be NULL */
};

/* True when all that is pinned is as it stands in the binary. */
bool module_all_engines(const struct module_set *set);
/* The text of a module, borrowed; NULL when there is none. */
const char *module_find(const struct module_set *set, const char *name, size_t *len);
/* A sandbox_parts.load; its context is the set. */
int module_load(lua_State *L);
