/* The kinds of effects. A row here makes `effect_`row of its file count. */
#include <string.h>

#include "effect/kind.h"

#define EFFECT_KINDS(X)                                                                                                \
    X(route)                                                                                                           \
    X(phase)                                                                                                           \
    X(sync)                                                                                                            \
    X(status)                                                                                                          \
    X(event)                                                                                                           \
    X(scale)                                                                                                           \
    X(promote)                                                                                                         \
    X(autoscaler)                                                                                                      \
    X(hooks)                                                                                                           \
    X(gauge)                                                                                                           \
    X(alert)

#define DECLARE(row) extern const struct effect_kind effect_##row;
EFFECT_KINDS(DECLARE)
#undef DECLARE

#define ROW(row) &effect_##row,
static const struct effect_kind *const kinds[] = {EFFECT_KINDS(ROW)};
#undef ROW

const struct effect_kind *effect_kind_at(size_t index)
{
    return index < sizeof kinds / sizeof kinds[0] ? kinds[index] : NULL;
}

const struct effect_kind *effect_kind_find(const char *name)
{
    size_t i = 0;
    while (effect_kind_at(i) != NULL && strcmp(kinds[i]->name, name) != 0) {
        i++;
    }
    return effect_kind_at(i);
}
