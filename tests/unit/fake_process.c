#include "fake_process.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

struct fake_process {
    struct http door;
    struct clock *clock, *world_clock;
    struct http *world_door;
    struct timer alarm; /* on the world's clock: when this one's next timer is due */
    struct call *open;
    struct wire *wires;
    bool dead;
    int64_t died_ms, wall_offset_ms; /* what its clocks show from its death on */
    int answers_left;                /* 0: no answer kills it */
    void (*died)(void *ctx);
    void *died_ctx;
};

/* The caller's half of a call. */
struct call {
    struct http_call base;
    struct fake_process *process;
    struct call *next;
    struct wire *wire; /* NULL: it reaches nobody */
    struct timer refusal;
    http_data_fn *on_data;
    http_done_fn *done;
    void *ctx;
};

/* The world's half, which may outlive the caller. */
struct wire {
    struct fake_process *process;
    struct wire *next;
    struct http_call *real;
    struct call *call; /* NULL: the caller is dead */
};

/* --- time --- */

static int64_t mono(void *ctx)
{
    struct fake_process *process = ctx;
    return process->dead ? process->died_ms : clock_mono_ms(process->world_clock);
}

static int64_t wall(void *ctx)
{
    struct fake_process *process = ctx;
    return process->dead ? process->died_ms + process->wall_offset_ms : clock_wall_ms(process->world_clock);
}

static void on_alarm(struct timer *timer, void *ctx)
{
    clock_fire(((struct fake_process *)ctx)->clock);
}

static void arm(void *ctx, int64_t when_mono_ms)
{
    struct fake_process *process = ctx;
    timer_cancel(&process->alarm);
    if (when_mono_ms >= 0 && !process->dead) {
        int64_t delay_ms = when_mono_ms - clock_mono_ms(process->world_clock);
        timer_start(process->world_clock, &process->alarm, delay_ms > 0 ? delay_ms : 0, on_alarm, process);
    }
}

/* --- the door --- */

static void wire_free(struct wire *wire)
{
    struct wire **at = &wire->process->wires;
    while (*at != wire) {
        at = &(*at)->next;
    }
    *at = wire->next;
    mem_free(wire);
}

static void wire_cut(struct wire *wire)
{
    http_cancel(wire->real);
    wire_free(wire);
}

static void call_free(struct call *call)
{
    struct call **at = &call->process->open;
    while (*at != call) {
        at = &(*at)->next;
    }
    *at = call->next;
    timer_cancel(&call->refusal);
    mem_free(call);
}

static void call_finish(struct call *call, const struct http_response *response, const struct err *err)
{
    http_done_fn *done = call->done;
    void *ctx = call->ctx;
    call_free(call);
    done(ctx, response, err);
}

static void on_refused(struct timer *timer, void *ctx)
{
    struct err err;
    err_set(&err, ERR_UNREACHABLE, "the process is dead");
    call_finish(ctx, NULL, &err);
}

static void refuse(struct call *call)
{
    call->wire = NULL;
    timer_start(call->process->clock, &call->refusal, 0, on_refused, call);
}

static bool on_data(void *ctx, const char *bytes, size_t len)
{
    struct wire *wire = ctx;
    return wire->call->on_data(wire->call->ctx, bytes, len);
}

static void on_done(void *ctx, const struct http_response *response, const struct err *err)
{
    struct wire *wire = ctx;
    struct fake_process *process = wire->process;
    struct call *call = wire->call;
    wire_free(wire);
    if (call == NULL) {
        return;
    }
    call->wire = NULL;
    if (call->on_data == NULL && process->answers_left > 0 && --process->answers_left == 0) {
        fake_process_kill(process, true);
        return;
    }
    call_finish(call, response, err);
}

static struct http_call *start(struct http *http, const struct http_request *request, http_data_fn *data,
                               http_done_fn *done, void *ctx)
{
    struct fake_process *process = (struct fake_process *)http;
    struct call *call = mem_new(struct call);
    *call = (struct call){.base.http = http, .process = process, .next = process->open, .on_data = data};
    call->done = done;
    call->ctx = ctx;
    process->open = call;
    if (process->dead) {
        refuse(call);
        return &call->base;
    }
    struct wire *wire = mem_new(struct wire);
    *wire = (struct wire){.process = process, .next = process->wires, .call = call};
    process->wires = call->wire = wire;
    wire->real = http_start(process->world_door, request, data != NULL ? on_data : NULL, on_done, wire);
    return &call->base;
}

static void cancel(struct http_call *base)
{
    struct call *call = (struct call *)base;
    if (call->wire != NULL) {
        wire_cut(call->wire);
    }
    call_free(call);
}

static const struct http_ops door_ops = {.start = start, .cancel = cancel};

/* --- life and death --- */

struct fake_process *fake_process_new(struct clock *world_clock, struct http *world_door)
{
    struct fake_process *process = mem_new(struct fake_process);
    process->door.ops = &door_ops;
    process->world_clock = world_clock;
    process->world_door = world_door;
    process->clock = clock_new(&(struct clock_driver){.mono_ms = mono, .wall_ms = wall, .arm = arm, .ctx = process});
    return process;
}

struct clock *fake_process_clock(struct fake_process *process)
{
    return process->clock;
}

struct http *fake_process_door(struct fake_process *process)
{
    return &process->door;
}

bool fake_process_is_dead(const struct fake_process *process)
{
    return process->dead;
}

void fake_process_kill_at_answer(struct fake_process *process, int count)
{
    process->answers_left = count;
}

void fake_process_on_death(struct fake_process *process, void (*died)(void *ctx), void *ctx)
{
    process->died = died;
    process->died_ctx = ctx;
}

void fake_process_kill(struct fake_process *process, bool sent_arrives)
{
    if (process->dead) {
        return;
    }
    process->died_ms = clock_mono_ms(process->world_clock);
    process->wall_offset_ms = clock_wall_ms(process->world_clock) - process->died_ms;
    process->dead = true;
    timer_cancel(&process->alarm);
    for (struct call *call = process->open; call != NULL; call = call->next) {
        if (call->wire != NULL && sent_arrives && call->on_data == NULL) {
            call->wire->call = NULL;
        } else if (call->wire != NULL) {
            wire_cut(call->wire);
        }
        refuse(call);
    }
    if (process->died != NULL) {
        process->died(process->died_ctx);
    }
}

void fake_process_bury(struct fake_process *process, const bool *closed)
{
    assert(process->dead);
    while (!*closed) {
        int64_t next_ms = clock_next_ms(process->clock);
        assert(next_ms >= 0);
        process->died_ms = next_ms > process->died_ms ? next_ms : process->died_ms;
        clock_fire(process->clock);
    }
}

void fake_process_free(struct fake_process *process)
{
    assert(process->open == NULL);
    while (process->wires != NULL) {
        wire_cut(process->wires);
    }
    clock_free(process->clock);
    timer_cancel(&process->alarm);
    mem_free(process);
}
