/* Where the text of a module comes from: what the release pinned, else what travels in the binary.
 *
 * The root `stdlib` has the host's primitives, so it always comes from the binary, whatever a Release says: who can write a Release can do no more than a script
 * can. Which version of it a pinned script was written for is the Release's spec.words. */
#pragma once

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/doc.h"
#include "script/embedded.h"

struct module_set {
    const struct embedded_module *embedded;
    size_t embedded_count;
    const struct node *pinned; /* {"strategies.canary": "text"}; may be NULL */
};

/* Is it of the root that only the binary may fill? */
bool module_is_engines(const char *name);
/* The text of a module, borrowed; NULL when there is none. */
const char *module_find(const struct module_set *set, const char *name, size_t *len);
/* A sandbox_parts.source; its context is the set. */
int module_push_source(lua_State *L);
