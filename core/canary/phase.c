#include "canary/phase.h"

#include <string.h>

#define PHASE_NAME(name, text, state) const char PHASE_##name[] = text;
PHASES(PHASE_NAME)
#undef PHASE_NAME

enum phase_state phase_state(const char *phase)
{
#define PHASE_STATE(name, text, state)                                                                                 \
    if (strcmp(phase, text) == 0) {                                                                                    \
        return PHASE_##state;                                                                                          \
    }
    PHASES(PHASE_STATE)
#undef PHASE_STATE
    return PHASE_MID_RUN;
}

bool phase_is_of_release(const char *phase)
{
    static const char *const early[] = {PHASE_NONE, PHASE_INITIALIZING, PHASE_INITIALIZED};
    for (size_t i = 0; i < sizeof early / sizeof early[0]; i++) {
        if (strcmp(phase, early[i]) == 0) {
            return false;
        }
    }
#define PHASE_FOUND(name, text, state)                                                                                 \
    if (strcmp(phase, text) == 0) {                                                                                    \
        return true;                                                                                                   \
    }
    PHASES(PHASE_FOUND)
#undef PHASE_FOUND
    return false;
}
