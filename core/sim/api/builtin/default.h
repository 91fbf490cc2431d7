/* Defaults of built-in kinds, and what a server gives out by itself. */
#pragma once

#include "base/doc.h"
#include "sim/kinds/kinds.h"

struct api;

void builtin_default(const struct kind *kind, struct doc *object, bool is_new);
/* What is given out rather than said: addresses, ports, priorities. Nobody owns it. */
void builtin_allocate(struct api *api, const struct kind *kind, struct doc *object, bool is_new);
bool builtin_has_generation(const struct kind *kind);
