/* Files that travel in the binary, made by cmake/Embed.cmake. YAML: "crds/<file>" (deploy/crds, and what the mesh
 * brings), "tutorial/<file>" (examples/tutorial), "scenarios/tutorial.yaml" (examples/scenarios). For authors:
 * "tool/<file>" (lua/tool), and what `sluice new` writes, "strategy/<file>" and "addon/<path>". */
#pragma once

#include <stddef.h>

struct text {
    const char *name, *bytes; /* NUL-terminated */
    size_t len;
};
extern const struct text texts[];
extern const size_t texts_count;

/* NULL without one. */
const struct text *texts_find(const char *name);
