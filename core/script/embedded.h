/* The Lua that travels in the binary: lua/stdlib, lua/strategies, lua/checks and lua/adapters, made into C by
 * cmake/Embed.cmake. */
#pragma once

#include <stddef.h>

struct embedded_module {
    const char *name;   /* as require has it: "stdlib.metrics", "strategies.canary" */
    const char *source; /* not terminated by what `len` counts, but a NUL follows */
    size_t len;
};

extern const struct embedded_module embedded_modules[];
extern const size_t embedded_count;
