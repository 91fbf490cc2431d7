/* The dice of a random world: the same seed throws the same numbers everywhere. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* splitmix64 */
static inline uint64_t dice_throw(uint64_t *dice)
{
    uint64_t z = *dice += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* From `low` to `high`, both included. */
static inline int64_t dice_between(uint64_t *dice, int64_t low, int64_t high)
{
    return low + (int64_t)(dice_throw(dice) % (uint64_t)(high - low + 1));
}

static inline bool dice_chance(uint64_t *dice, int percent)
{
    return dice_between(dice, 1, 100) <= percent;
}
