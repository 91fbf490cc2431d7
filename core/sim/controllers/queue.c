#include "sim/controllers/queue.h"

#include "sim/controllers/controller.h"
#include "sim/controllers/graph.h"

static void on_turn(struct timer *timer, void *ctx);

void controller_unqueue(struct controllers *c, struct item *item)
{
    if (!item->is_queued) {
        return;
    }
    if (item->previous_queued != NULL) {
        item->previous_queued->next_queued = item->next_queued;
    } else {
        c->first = item->next_queued;
    }
    if (item->next_queued != NULL) {
        item->next_queued->previous_queued = item->previous_queued;
    } else {
        c->last = item->previous_queued;
    }
    item->next_queued = item->previous_queued = NULL;
    item->is_queued = false;
}

void controller_wake(struct controllers *c, struct item *item)
{
    if (item->is_queued || item->storage == NULL) {
        return;
    }
    item->is_queued = true;
    item->turn = c->turn;
    item->previous_queued = c->last;
    if (c->last != NULL) {
        c->last->next_queued = item;
    } else {
        c->first = item;
    }
    c->last = item;
    if (!timer_is_pending(&c->timer)) {
        timer_start(c->clock, &c->timer, 0, on_turn, c);
    }
}

static void on_later(struct timer *timer, void *ctx)
{
    struct item *item = ctx;
    controller_wake(item->controllers, item);
}

void controller_wake_later(struct controllers *c, struct item *item, int64_t delay_ms)
{
    int64_t when_ms = clock_mono_ms(c->clock) + delay_ms;
    item->controllers = c;
    if (!timer_is_pending(&item->timer) || when_ms < item->timer.when_ms) {
        timer_start(c->clock, &item->timer, delay_ms, on_later, item);
    }
}

void controller_wake_dependents(struct controllers *c, struct item *item, enum item_kind kind)
{
    for (struct edge *edge = item->dependents; edge != NULL; edge = edge->next_dependent) {
        if (edge->dependent->kind == kind) {
            controller_wake(c, edge->dependent);
        }
    }
}

static void on_turn(struct timer *timer, void *ctx)
{
    struct controllers *c = ctx;
    uint64_t turn = c->turn++;
    while (c->first != NULL && c->first->turn <= turn) {
        struct item *item = c->first;
        controller_unqueue(c, item);
        timer_cancel(&item->timer);
        c->look(c, item);
    }
}
