#include "sim/ground/machine.h"

#include <assert.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

struct machine {
    struct http door;
    struct clock *clock, *world_clock;
    struct http *world_door;
    struct timer alarm; /* on the world's clock: when this one's next timer is due */
    struct call *open;
    struct wire *wires;
    bool paused;
    uint64_t held;        /* so many calls had something arrive while it could not read */
    struct timer reading; /* on the world's clock: it wakes, and reads what has arrived */
    bool dead;
    int64_t died_ms, wall_offset_ms; /* what its clocks show from its death on */
    int requests;
    int struck_request; /* the one at which something strikes; 0: none */
    enum machine_stroke stroke;
    void (*struck)(void *ctx);
    void *struck_ctx;
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
    struct http_call *real; /* NULL: it has ended */
    struct call *call;      /* NULL: the caller is dead */
    uint64_t held;          /* when something arrived that was not read yet, among all that did; 0: nothing */
    struct buf bytes;       /* of a stream, not read yet */
    struct http_response response;
    char *body; /* of the response; NULL: there is none */
    struct err err;
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
    if (when_mono_ms >= 0 && !machine->dead && !machine->paused) {
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
    buf_fini(&wire->bytes);
    str_free(&wire->body);
    mem_free(wire);
}

static void wire_cut(struct wire *wire)
{
    if (wire->real != NULL) {
        http_cancel(wire->real);
    }
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

static void on_failed(struct timer *timer, void *ctx)
{
    static const char body[] = "{\"message\":\"the server is in trouble\"}";
    static const struct err none = {0};
    struct http_response response = {.status = 500, .body = body, .body_len = sizeof body - 1};
    call_finish(ctx, &response, &none);
}

static void refuse(struct call *call)
{
    call->wire = NULL;
    timer_start(call->machine->clock, &call->refusal, 0, on_refused, call);
}

static bool holds(const struct wire *wire)
{
    return wire->call != NULL && (wire->machine->paused || timer_is_pending(&wire->machine->reading));
}

static void hold(struct wire *wire)
{
    if (wire->held == 0) {
        wire->held = ++wire->machine->held;
    }
}

static bool on_data(void *ctx, const char *bytes, size_t len)
{
    struct wire *wire = ctx;
    if (holds(wire)) {
        hold(wire);
        buf_append(&wire->bytes, bytes, len);
        return true;
    }
    return wire->call->on_data(wire->call->ctx, bytes, len);
}

static bool strikes(const struct call *call, enum machine_stroke stroke)
{
    struct machine *machine = call->machine;
    bool does = call->number > 0 && call->number == machine->struck_request && machine->stroke == stroke;
    if (does && machine->struck != NULL) {
        machine->struck(machine->struck_ctx);
    }
    return does;
}

static void on_end(struct timer *timer, void *ctx)
{
    machine_kill(ctx, true);
}

static void read_answer(struct call *call, const struct http_response *response, const struct err *err)
{
    struct machine *machine = call->machine;
    call->wire = NULL;
    if (strikes(call, MACHINE_SERVED)) {
        machine_kill(machine, true);
        return;
    }
    if (strikes(call, MACHINE_UNANSWERED)) {
        struct err lost;
        err_set(&lost, ERR_TIMEOUT, "the answer is lost");
        call_finish(call, NULL, &lost);
        return;
    }
    if (strikes(call, MACHINE_ANSWERED)) {
        timer_start(machine->world_clock, &machine->end, 0, on_end, machine);
    }
    call_finish(call, response, err);
}

static void hold_answer(struct wire *wire, const struct http_response *response, const struct err *err)
{
    hold(wire);
    wire->real = NULL;
    wire->err = *err;
    if (response != NULL) {
        wire->response = *response;
        wire->response.body = wire->body = str_dup_n(response->body, response->body_len);
    }
}

static void on_done(void *ctx, const struct http_response *response, const struct err *err)
{
    struct wire *wire = ctx;
    struct call *call = wire->call;
    if (holds(wire)) {
        hold_answer(wire, response, err);
        return;
    }
    wire_free(wire);
    if (call != NULL) {
        read_answer(call, response, err);
    }
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
    strikes(call, MACHINE_BESIDE);
    if (strikes(call, MACHINE_BEFORE)) {
        machine_kill(machine, true);
        return &call->base;
    }
    if (machine->dead) {
        refuse(call);
        return &call->base;
    }
    if (strikes(call, MACHINE_REFUSED)) {
        timer_start(machine->clock, &call->refusal, 0, on_failed, call);
        return &call->base;
    }
    struct wire *wire = mem_new(struct wire);
    *wire = (struct wire){.machine = machine, .next = machine->wires, .call = call};
    buf_init(&wire->bytes, SIZE_MAX);
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

/* --- sleep --- */

static struct wire *first_held(struct machine *machine)
{
    struct wire *first = NULL;
    for (struct wire *wire = machine->wires; wire != NULL; wire = wire->next) {
        if (wire->held != 0 && (first == NULL || wire->held < first->held)) {
            first = wire;
        }
    }
    return first;
}

/* False: the receiver wants no more of the stream. */
static bool read_bytes(struct wire *wire)
{
    struct buf bytes = wire->bytes;
    buf_init(&wire->bytes, SIZE_MAX);
    bool taken = bytes.len == 0 || wire->call->on_data(wire->call->ctx, buf_str(&bytes), bytes.len);
    buf_fini(&bytes);
    return taken;
}

static void refuse_rest(struct wire *wire)
{
    if (wire->real != NULL) {
        http_cancel(wire->real);
        wire->real = NULL;
    }
    str_free(&wire->body);
    err_set(&wire->err, ERR_TOO_LARGE, "the receiver refused the rest of the answer");
}

/* What it does about one may end others, or itself. */
static void on_reading(struct timer *timer, void *ctx)
{
    struct machine *machine = ctx;
    struct wire *wire;
    while (!machine->dead && (wire = first_held(machine)) != NULL) {
        wire->held = 0;
        bool taken = read_bytes(wire);
        if (machine->dead) {
            return;
        }
        if (!taken) {
            refuse_rest(wire);
        }
        if (wire->real == NULL) {
            struct call *call = wire->call;
            struct http_response response = wire->response;
            struct err err = wire->err;
            char *body = wire->body;
            wire->body = NULL;
            wire_free(wire);
            read_answer(call, body != NULL ? &response : NULL, &err);
            str_free(&body);
        }
    }
}

void machine_pause(struct machine *machine)
{
    if (!machine->dead && !machine->paused) {
        machine->paused = true;
        timer_cancel(&machine->alarm);
        timer_cancel(&machine->reading);
    }
}

void machine_resume(struct machine *machine, bool answers_first)
{
    if (machine->dead || !machine->paused) {
        return;
    }
    machine->paused = false;
    if (!answers_first) {
        arm(machine, clock_next_ms(machine->clock));
    }
    timer_start(machine->world_clock, &machine->reading, 0, on_reading, machine);
    if (answers_first) {
        arm(machine, clock_next_ms(machine->clock));
    }
}

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

void machine_strike_at(struct machine *machine, int request, enum machine_stroke stroke, void (*struck)(void *ctx),
                       void *ctx)
{
    machine->struck_request = request;
    machine->stroke = stroke;
    machine->struck = struck;
    machine->struck_ctx = ctx;
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
    timer_cancel(&machine->reading);
    timer_cancel(&machine->end);
    for (struct call *call = machine->open; call != NULL; call = call->next) {
        if (call->wire != NULL && sent_arrives && call->on_data == NULL && call->wire->real != NULL) {
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

void machine_discard(struct machine *machine, const bool *closed)
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
