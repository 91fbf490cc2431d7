#include "sim/machine.h"

#include <assert.h>
#include <stddef.h>

#include "base/mem.h"

struct machine {
    struct http door;
    struct clock *clock, *world_clock;
    struct http *world_door;
    struct timer alarm; /* on the world's clock: when this one's next timer is due */
    struct call *open;
    struct wire *wires;
    bool dead;
    int64_t died_ms, wall_offset_ms; /* what its clocks show from its death on */
    int requests;
    int last_request; /* the one that kills it; 0: none does */
    enum machine_moment last_moment;
    struct timer end; /* on the world's clock: the turn in which the last answer is read is over */
    void (*died)(void *ctx);
    void *died_ctx;
};

/* The caller's half of a call. */
struct call {
    struct http_call base;
    struct machine *machine;
    struct call *next;
    int number;        /* among the machine's requests; 0: a stream */
    struct wire *wire; /* NULL: it reaches nobody */
    struct timer refusal;
    http_data_fn *on_data;
    http_done_fn *done;
    void *ctx;
};

/* The world's half, which may outlive the caller. */
struct wire {
    struct machine *machine;
    struct wire *next;
    struct http_call *real;
    struct call *call; /* NULL: the caller is dead */
};

/* --- time --- */

static int64_t mono(void *ctx)
{
    struct machine *machine = ctx;
    return machine->dead ? machine->died_ms : clock_mono_ms(machine->world_clock);
}

static int64_t wall(void *ctx)
{
    struct machine *machine = ctx;
    return machine->dead ? machine->died_ms + machine->wall_offset_ms : clock_wall_ms(machine->world_clock);
}

static void on_alarm(struct timer *timer, void *ctx)
{
    clock_fire(((struct machine *)ctx)->clock);
}

static void arm(void *ctx, int64_t when_mono_ms)
{
    struct machine *machine = ctx;
    timer_cancel(&machine->alarm);
    if (when_mono_ms >= 0 && !machine->dead) {
        int64_t delay_ms = when_mono_ms - clock_mono_ms(machine->world_clock);
        timer_start(machine->world_clock, &machine->alarm, delay_ms > 0 ? delay_ms : 0, on_alarm, machine);
    }
}

/* --- the door --- */

static void wire_free(struct wire *wire)
{
    struct wire **at = &wire->machine->wires;
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
    struct call **at = &call->machine->open;
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
    err_set(&err, ERR_UNREACHABLE, "the machine is dead");
    call_finish(ctx, NULL, &err);
}

static void refuse(struct call *call)
{
    call->wire = NULL;
    timer_start(call->machine->clock, &call->refusal, 0, on_refused, call);
}

static bool on_data(void *ctx, const char *bytes, size_t len)
{
    struct wire *wire = ctx;
    return wire->call->on_data(wire->call->ctx, bytes, len);
}

static bool is_last_at(const struct call *call, enum machine_moment moment)
{
    return call->number > 0 && call->number == call->machine->last_request && call->machine->last_moment == moment;
}

static void on_end(struct timer *timer, void *ctx)
{
    machine_kill(ctx, true);
}

static void on_done(void *ctx, const struct http_response *response, const struct err *err)
{
    struct wire *wire = ctx;
    struct machine *machine = wire->machine;
    struct call *call = wire->call;
    wire_free(wire);
    if (call == NULL) {
        return;
    }
    call->wire = NULL;
    if (is_last_at(call, MACHINE_SERVED)) {
        machine_kill(machine, true);
        return;
    }
    if (is_last_at(call, MACHINE_ANSWERED)) {
        timer_start(machine->world_clock, &machine->end, 0, on_end, machine);
    }
    call_finish(call, response, err);
}

static struct http_call *start(struct http *http, const struct http_request *request, http_data_fn *data,
                               http_done_fn *done, void *ctx)
{
    struct machine *machine = (struct machine *)http;
    struct call *call = mem_new(struct call);
    *call = (struct call){.base.http = http, .machine = machine, .next = machine->open, .on_data = data};
    call->done = done;
    call->ctx = ctx;
    machine->open = call;
    if (data == NULL && !machine->dead) {
        call->number = ++machine->requests;
    }
    if (is_last_at(call, MACHINE_BEFORE)) {
        machine_kill(machine, true);
        return &call->base;
    }
    if (machine->dead) {
        refuse(call);
        return &call->base;
    }
    struct wire *wire = mem_new(struct wire);
    *wire = (struct wire){.machine = machine, .next = machine->wires, .call = call};
    machine->wires = call->wire = wire;
    wire->real = http_start(machine->world_door, request, data != NULL ? on_data : NULL, on_done, wire);
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

struct machine *machine_new(struct clock *world_clock, struct http *world_door)
{
    struct machine *machine = mem_new(struct machine);
    machine->door.ops = &door_ops;
    machine->world_clock = world_clock;
    machine->world_door = world_door;
    machine->clock = clock_new(&(struct clock_driver){.mono_ms = mono, .wall_ms = wall, .arm = arm, .ctx = machine});
    return machine;
}

struct clock *machine_clock(struct machine *machine)
{
    return machine->clock;
}

struct http *machine_door(struct machine *machine)
{
    return &machine->door;
}

bool machine_is_dead(const struct machine *machine)
{
    return machine->dead;
}

int machine_requests(const struct machine *machine)
{
    return machine->requests;
}

void machine_kill_at(struct machine *machine, int request, enum machine_moment moment)
{
    machine->last_request = request;
    machine->last_moment = moment;
}

void machine_on_death(struct machine *machine, void (*died)(void *ctx), void *ctx)
{
    machine->died = died;
    machine->died_ctx = ctx;
}

void machine_kill(struct machine *machine, bool sent_arrives)
{
    if (machine->dead) {
        return;
    }
    machine->died_ms = clock_mono_ms(machine->world_clock);
    machine->wall_offset_ms = clock_wall_ms(machine->world_clock) - machine->died_ms;
    machine->dead = true;
    timer_cancel(&machine->alarm);
    timer_cancel(&machine->end);
    for (struct call *call = machine->open; call != NULL; call = call->next) {
        if (call->wire != NULL && sent_arrives && call->on_data == NULL) {
            call->wire->call = NULL;
        } else if (call->wire != NULL) {
            wire_cut(call->wire);
        }
        refuse(call);
    }
    if (machine->died != NULL) {
        machine->died(machine->died_ctx);
    }
}

void machine_bury(struct machine *machine, const bool *closed)
{
    assert(machine->dead);
    while (!*closed) {
        int64_t next_ms = clock_next_ms(machine->clock);
        assert(next_ms >= 0);
        machine->died_ms = next_ms > machine->died_ms ? next_ms : machine->died_ms;
        clock_fire(machine->clock);
    }
}

void machine_free(struct machine *machine)
{
    assert(machine->open == NULL);
    while (machine->wires != NULL) {
        wire_cut(machine->wires);
    }
    clock_free(machine->clock);
    timer_cancel(&machine->alarm);
    timer_cancel(&machine->end);
    mem_free(machine);
}
