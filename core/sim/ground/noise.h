/* Noise that is a pure function of a seed, a place and a time. It does not depend on the order or the number of
 * questions. */
#pragma once

#include <stdint.h>

/* From -1 to 1, evenly; the same for the same three. */
double noise_at(uint64_t seed, uint64_t place, int64_t time);
/* A number for a name. */
uint64_t noise_place(const char *name);
