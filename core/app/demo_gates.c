#include "app/demo_gates.h"

#include <string.h>

#include "load/gate_door.h"

enum { OPEN_MAX = 1000 };

struct gates *demo_gates_new(void)
{
    return gates_new(OPEN_MAX);
}

bool demo_gates_serve(void *ctx, struct exchange *exchange)
{
    const struct gate_path *path = gate_door_find(exchange->path);
    if (path == NULL) {
        return gate_door_serve_plain(exchange, exchange->path);
    }
    struct payload payload = {0};
    struct err err = {0};
    if (!payload_read(exchange->body, exchange->body_len, &payload, &err) ||
        !gate_door_serve(ctx, exchange, path, &payload, &err)) {
        exchange_answer(exchange, 400, "text/plain; charset=utf-8", err.text, strlen(err.text));
    }
    payload_fini(&payload);
    return true;
}
