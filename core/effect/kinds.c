/* The kinds of effects; to add one: its file, its declaration and its row here. */
#include <string.h>

#include "effect/kind.h"

extern const struct effect_kind effect_route, effect_phase, effect_sync, effect_status, effect_event, effect_scale,
    effect_promote, effect_autoscaler, effect_hooks, effect_gauge;

static const struct effect_kind *const kinds[] = {
    &effect_route, &effect_phase,   &effect_sync,       &effect_status, &effect_event,
    &effect_scale, &effect_promote, &effect_autoscaler, &effect_hooks,  &effect_gauge,
};

const struct effect_kind *effect_kind_find(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i]->name, name) == 0) {
            return kinds[i];
        }
    }
    return NULL;
}
