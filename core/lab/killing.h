/* All the places at which something may strike the engine of a story: each of its requests, in each way. The story is
 * played undisturbed first, then once for each place, and must leave the same.
 *
 *     struct killing killing = {.strokes = KILLING_DEATHS, .every = 8};
 *     killing.first = stage_requests(&stage) + 1;               // the release begins
 *     …                                                         // and ends
 *     killing.last = stage_requests(&stage);
 *     while (killing_next(&killing)) {
 *         …                                                     // the same story anew, up to where the release begins
 *         stage_strike_at(&stage, killing.request, killing.stroke, on_struck, &struck);
 *         …                                                     // to its end: `struck`, and what it left
 *     }
 *
 * C tests call it, and specs by core/lab/lua. */
#pragma once

#include "lab/stage.h"

#define KILLING_BY(stroke) (1U << (stroke))
#define KILLING_DEATHS (KILLING_BY(MACHINE_BEFORE) | KILLING_BY(MACHINE_SERVED) | KILLING_BY(MACHINE_ANSWERED))
#define KILLING_TROUBLE (KILLING_BY(MACHINE_REFUSED) | KILLING_BY(MACHINE_UNANSWERED))

struct killing {
    int first, last;  /* the requests of the undisturbed story, as stage_requests counts them */
    unsigned strokes; /* KILLING_BY(…) | … */
    int every;        /* at every so many requests; 0: at each */
    int offset;       /* at which of these the first is */
    bool in_turn;     /* one way at each request, the next one at the next; else all ways at each */

    int request; /* the place: set by killing_next. Zero at first */
    enum machine_stroke stroke;
};

/* The next place; false after the last one. */
bool killing_next(struct killing *killing);
/* "before", "served", "answered", "refused", "unanswered", "beside". */
const char *killing_stroke_name(enum machine_stroke stroke);
/* False for an unknown name. */
bool killing_stroke_find(const char *name, enum machine_stroke *stroke);
