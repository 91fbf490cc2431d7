/* YAML that travels in the binary: "crds/<file>" (deploy/crds, and what the mesh brings), "tutorial/<file>"
 * (examples/tutorial), "scenarios/tutorial.yaml" (examples/scenarios). Made by cmake/Embed.cmake. */
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
