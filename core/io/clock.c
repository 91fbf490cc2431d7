#include "io/clock.h"

#include <assert.h>

#include "base/mem.h"

enum { HEAP_FIRST = 16, NOT_ARMED = -1 };

struct clock {
    struct clock_driver driver;
    struct timer **heap; /* binary heap: the parent of i is (i - 1) / 2 */
    size_t count, capacity;
    uint64_t serial;
    int64_t armed_ms; /* the wake-up that the driver was given last; -1: none */
    bool firing;
};

struct clock *clock_new(const struct clock_driver *driver)
{
    assert(driver->mono_ms != NULL && driver->wall_ms != NULL && driver->arm != NULL);
    struct clock *clock = mem_new(struct clock);
    clock->driver = *driver;
    clock->armed_ms = NOT_ARMED;
    return clock;
}

void clock_free(struct clock *clock)
{
    if (clock == NULL) {
        return;
    }
    assert(clock->count == 0 && "a timer is still pending");
    assert(!clock->firing);
    mem_free(clock->heap);
    mem_free(clock);
}

int64_t clock_mono_ms(const struct clock *clock)
{
    return clock->driver.mono_ms(clock->driver.ctx);
}

int64_t clock_wall_ms(const struct clock *clock)
{
    return clock->driver.wall_ms(clock->driver.ctx);
}

/* --- the heap --- */

static bool is_before(const struct timer *a, const struct timer *b)
{
    return a->when_ms != b->when_ms ? a->when_ms < b->when_ms : a->serial < b->serial;
}

static void put(struct clock *clock, size_t index, struct timer *timer)
{
    clock->heap[index] = timer;
    timer->heap_index = index;
}

static void sift_up(struct clock *clock, size_t index, struct timer *timer)
{
    while (index > 0) {
        size_t parent = (index - 1) / 2;
        if (!is_before(timer, clock->heap[parent])) {
            break;
        }
        put(clock, index, clock->heap[parent]);
        index = parent;
    }
    put(clock, index, timer);
}

static void sift_down(struct clock *clock, size_t index, struct timer *timer)
{
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= clock->count) {
            break;
        }
        if (child + 1 < clock->count && is_before(clock->heap[child + 1], clock->heap[child])) {
            child++;
        }
        if (!is_before(clock->heap[child], timer)) {
            break;
        }
        put(clock, index, clock->heap[child]);
        index = child;
    }
    put(clock, index, timer);
}

static void heap_add(struct clock *clock, struct timer *timer)
{
    if (clock->count == clock->capacity) {
        clock->capacity = clock->capacity ? clock->capacity * 2 : HEAP_FIRST;
        clock->heap = mem_resize(clock->heap, clock->capacity * sizeof(clock->heap[0]));
    }
    sift_up(clock, clock->count++, timer);
}

static void heap_remove(struct clock *clock, struct timer *timer)
{
    size_t index = timer->heap_index;
    assert(index < clock->count && clock->heap[index] == timer);
    struct timer *last = clock->heap[--clock->count];
    timer->clock = NULL;
    if (last == timer) {
        return;
    }
    if (index > 0 && is_before(last, clock->heap[(index - 1) / 2])) {
        sift_up(clock, index, last);
    } else {
        sift_down(clock, index, last);
    }
}

/* --- timers --- */

/* Gives the driver a new wake-up, unless it has that one already: most timers do not change the earliest one. */
static void arm(struct clock *clock)
{
    int64_t next_ms = clock_next_ms(clock);
    if (clock->firing || next_ms == clock->armed_ms) {
        return;
    }
    clock->armed_ms = next_ms;
    clock->driver.arm(clock->driver.ctx, next_ms);
}

static void schedule(struct clock *clock, struct timer *timer, int64_t delay_ms)
{
    int64_t now_ms = clock_mono_ms(clock);
    if (delay_ms < 0) {
        delay_ms = 0;
    }
    timer->when_ms = delay_ms > INT64_MAX - now_ms ? INT64_MAX : now_ms + delay_ms;
    timer->serial = clock->serial++;
    timer->clock = clock;
    heap_add(clock, timer);
}

void timer_start(struct clock *clock, struct timer *timer, int64_t delay_ms, timer_fn *fire, void *ctx)
{
    assert(fire);
    if (timer->clock != NULL) {
        heap_remove(timer->clock, timer);
    }
    timer->fire = fire;
    timer->ctx = ctx;
    timer->has_wall = false;
    schedule(clock, timer, delay_ms);
    arm(clock);
}

static int64_t until_wall(const struct clock *clock, int64_t wall_ms)
{
    int64_t now_ms = clock_wall_ms(clock);
    if (wall_ms <= now_ms) {
        return 0;
    }
    return now_ms < 0 && wall_ms > INT64_MAX + now_ms ? INT64_MAX : wall_ms - now_ms;
}

void timer_start_at_wall(struct clock *clock, struct timer *timer, int64_t wall_ms, timer_fn *fire, void *ctx)
{
    timer_start(clock, timer, until_wall(clock, wall_ms), fire, ctx);
    timer->has_wall = true;
    timer->wall_ms = wall_ms;
}

void timer_cancel(struct timer *timer)
{
    struct clock *clock = timer->clock;
    if (clock == NULL) {
        return;
    }
    heap_remove(clock, timer);
    arm(clock);
}

bool timer_is_pending(const struct timer *timer)
{
    return timer->clock != NULL;
}

/* --- firing --- */

/* True when the wall clock was set back since the timer was started; then the timer waits for the rest. */
static bool is_early(struct clock *clock, struct timer *timer)
{
    int64_t rest_ms = timer->has_wall ? until_wall(clock, timer->wall_ms) : 0;
    if (rest_ms == 0) {
        return false;
    }
    heap_remove(clock, timer);
    schedule(clock, timer, rest_ms);
    return true;
}

/* Serials grow and time never goes back, so a timer that is started meanwhile stands behind all timers that were due
 * before it. The first new serial at the top therefore ends the turn. */
void clock_fire(struct clock *clock)
{
    assert(!clock->firing && "clock_fire from inside a timer");
    int64_t now_ms = clock_mono_ms(clock);
    uint64_t end = clock->serial;
    clock->armed_ms = NOT_ARMED;
    clock->firing = true;
    while (clock->count > 0) {
        struct timer *timer = clock->heap[0];
        if (timer->when_ms > now_ms || timer->serial >= end) {
            break;
        }
        if (is_early(clock, timer)) {
            continue;
        }
        heap_remove(clock, timer);
        timer->fire(timer, timer->ctx);
    }
    clock->firing = false;
    arm(clock);
}

int64_t clock_next_ms(const struct clock *clock)
{
    return clock->count > 0 ? clock->heap[0]->when_ms : -1;
}

size_t clock_pending(const struct clock *clock)
{
    return clock->count;
}

bool clock_validate(const struct clock *clock)
{
    for (size_t i = 0; i < clock->count; i++) {
        const struct timer *timer = clock->heap[i];
        if (timer->clock != clock || timer->heap_index != i || timer->serial >= clock->serial) {
            return false;
        }
        if (i > 0 && !is_before(clock->heap[(i - 1) / 2], timer)) {
            return false;
        }
    }
    return true;
}
