/* Where the text of a module comes from: what the release pinned, else what travels in the binary. */
#pragma once

#include <lua.h>
#include <stddef.h>

#include "base/doc.h"
#include "script/embedded.h"

struct module_set {
    const struct embedded_module *embedded;
    size_t embedded_count;
    const struct node *pinned; /* {"strategies.canary": "text"}; may be NULL */
};

/* The text of a module, borrowed; NULL when there is none. */
const char *module_find(const struct module_set *set, const char *name, size_t *len);
/* A sandbox_parts.source; its context is the set. */
int module_push_source(lua_State *L);
