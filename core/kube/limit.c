#include "kube/limit.h"

#include <assert.h>
#include <utlist.h>

void limit_init(struct limit *limit, struct clock *clock, size_t count)
{
    *limit = (struct limit){.clock = clock, .free_count = count};
}

void limit_fini(struct limit *limit)
{
    assert(limit->waiting == NULL);
    timer_cancel(&limit->turn);
}

static void on_turn(struct timer *timer, void *ctx)
{
    struct limit *limit = ctx;
    while (limit->free_count > 0 && limit->waiting != NULL) {
        struct limit_place *place = limit->waiting;
        DL_DELETE(limit->waiting, place);
        place->is_waiting = false;
        place->is_going = true;
        limit->free_count--;
        place->go(place->ctx);
    }
}

bool limit_enter(struct limit *limit, struct limit_place *place, void (*go)(void *ctx), void *ctx)
{
    assert(!place->is_waiting && !place->is_going);
    place->go = go;
    place->ctx = ctx;
    if (limit->free_count == 0 || limit->waiting != NULL) { /* nobody overtakes */
        place->is_waiting = true;
        DL_APPEND(limit->waiting, place);
        return false;
    }
    limit->free_count--;
    place->is_going = true;
    return true;
}

/* The next place goes on a later turn: the leaving one may be the first of many that are being cancelled, and the
 * next ones would be sent only to be cancelled too. */
void limit_leave(struct limit *limit, struct limit_place *place)
{
    if (place->is_waiting) {
        DL_DELETE(limit->waiting, place);
    } else if (place->is_going) {
        limit->free_count++;
        if (limit->waiting != NULL && !timer_is_pending(&limit->turn)) {
            timer_start(limit->clock, &limit->turn, 0, on_turn, limit);
        }
    }
    place->is_waiting = place->is_going = false;
}
