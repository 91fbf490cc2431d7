/* The phases of a Canary, status.phase: each stands here once, with its name and what it means for the engine. */
#pragma once

#include <stdbool.h>

enum phase_state {
    PHASE_SETTING_UP, /* the objects are not all there yet */
    PHASE_AT_REST,    /* no release runs: a changed target begins one */
    PHASE_MID_RUN,    /* a release runs */
};

/* NONE: before the first status. */
#define PHASES(X)                                                                                                      \
    X(NONE, "", SETTING_UP)                                                                                            \
    X(INITIALIZING, "Initializing", SETTING_UP)                                                                        \
    X(INITIALIZED, "Initialized", AT_REST)                                                                             \
    X(WAITING, "Waiting", AT_REST)                                                                                     \
    X(PROGRESSING, "Progressing", MID_RUN)                                                                             \
    X(WAITING_PROMOTION, "WaitingPromotion", MID_RUN)                                                                  \
    X(PROMOTING, "Promoting", MID_RUN)                                                                                 \
    X(FINALISING, "Finalising", MID_RUN)                                                                               \
    X(SUCCEEDED, "Succeeded", AT_REST)                                                                                 \
    X(FAILED, "Failed", AT_REST)

/* The names, as texts: PHASE_PROGRESSING is "Progressing". */
#define PHASE_NAME(name, text, state) extern const char PHASE_##name[];
PHASES(PHASE_NAME)
#undef PHASE_NAME

/* What a phase means; a name that is none of them counts as one in the middle of a release. */
enum phase_state phase_state(const char *phase);
/* One that a release can bring about: all but those before the first one. */
bool phase_is_of_release(const char *phase);
