#include "lab/killing.h"

#include <assert.h>
#include <string.h>

static const char *const names[MACHINE_STROKES] = {
    [MACHINE_BEFORE] = "before",   [MACHINE_SERVED] = "served",         [MACHINE_ANSWERED] = "answered",
    [MACHINE_REFUSED] = "refused", [MACHINE_UNANSWERED] = "unanswered", [MACHINE_BESIDE] = "beside",
};

/* The next way from this one on; MACHINE_STROKES: there is none. */
static int way_from(const struct killing *killing, int way)
{
    while (way < MACHINE_STROKES && (killing->strokes & KILLING_BY(way)) == 0) {
        way++;
    }
    return way;
}

bool killing_next(struct killing *killing)
{
    int every = killing->every > 0 ? killing->every : 1, way;
    assert(killing->strokes != 0);
    if (killing->request == 0) {
        killing->request = killing->first + killing->offset % every;
        way = way_from(killing, 0);
    } else {
        way = way_from(killing, (int)killing->stroke + 1);
        if (killing->in_turn || way == MACHINE_STROKES) {
            killing->request += every;
        }
        way = way < MACHINE_STROKES ? way : way_from(killing, 0);
    }
    killing->stroke = (enum machine_stroke)way;
    return killing->request <= killing->last;
}

const char *killing_stroke_name(enum machine_stroke stroke)
{
    return names[stroke];
}

bool killing_stroke_find(const char *name, enum machine_stroke *stroke)
{
    for (int way = 0; way < MACHINE_STROKES; way++) {
        if (strcmp(names[way], name) == 0) {
            *stroke = (enum machine_stroke)way;
            return true;
        }
    }
    return false;
}
