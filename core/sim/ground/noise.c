#include "sim/ground/noise.h"

/* SplitMix64's finalizer: every bit of the input reaches every bit of the output. */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9;
    x ^= x >> 27;
    x *= 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

double noise_at(uint64_t seed, uint64_t place, int64_t time)
{
    uint64_t bits = mix(mix(mix(seed + 0x9e3779b97f4a7c15) ^ place) + (uint64_t)time);
    return (double)(bits >> 11) / (double)(1ULL << 52) - 1;
}

/* FNV-1a, 64 bit. */
uint64_t noise_place(const char *name)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (; *name != '\0'; name++) {
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3;
    }
    return hash;
}
