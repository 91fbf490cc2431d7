#include "app/demo_gates.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "load/payload.h"

enum { OPEN_MAX = 1000 };

struct gates *demo_gates_new(void)
{
    return gates_new(OPEN_MAX);
}

static void answer(struct exchange *exchange, int status, const char *text)
{
    exchange_answer(exchange, status, "text/plain", text, strlen(text));
}

/* --- what a path asks for --- */

enum verb { OPEN, CLOSE, CHECK };

struct path {
    const char *kind; /* of the gate */
    enum verb verb;
};

static bool read_path(const char *text, struct path *path)
{
    static const char *const kinds[] = {"gate", "rollback"}, *const verbs[] = {"open", "close", "check"};
    for (size_t kind = 0; kind < 2; kind++) {
        size_t len = strlen(kinds[kind]);
        bool is_kind = strncmp(text, "/", 1) == 0 && strncmp(text + 1, kinds[kind], len) == 0 && text[1 + len] == '/';
        for (int verb = OPEN; is_kind && verb <= CHECK; verb++) {
            if (strcmp(text + len + 2, verbs[verb]) == 0) {
                *path = (struct path){kinds[kind], (enum verb)verb};
                return true;
            }
        }
    }
    return false;
}

/* --- gates --- */

static void serve_gate(struct gates *gates, struct exchange *exchange, const char *name, enum verb verb)
{
    struct err err = {0};
    if (verb == CHECK) {
        bool is_open = gates_is_open(gates, name);
        answer(exchange, is_open ? 200 : 403, is_open ? "Approved" : "Forbidden");
    } else if (verb == OPEN && !gates_open(gates, name, &err)) {
        answer(exchange, 400, err.text);
    } else {
        if (verb == CLOSE) {
            gates_close(gates, name);
        }
        answer(exchange, 202, "");
    }
}

/* Each canary has one gate of each kind. */
static void serve_body(struct gates *gates, struct exchange *exchange, const struct path *path)
{
    struct payload payload = {0};
    struct err err = {0};
    if (payload_read(exchange->body, exchange->body_len, &payload, &err)) {
        char *name = str_format("%s/%s", path->kind, payload.canary);
        serve_gate(gates, exchange, name, path->verb);
        str_free(&name);
    } else {
        answer(exchange, 400, err.text);
    }
    payload_fini(&payload);
}

bool demo_gates_serve(void *ctx, struct exchange *exchange)
{
    struct path path;
    if (strcmp(exchange->path, "/gate/approve") == 0) {
        answer(exchange, 200, "OK");
    } else if (strcmp(exchange->path, "/gate/halt") == 0) {
        answer(exchange, 403, "Forbidden");
    } else if (read_path(exchange->path, &path)) {
        serve_body(ctx, exchange, &path);
    } else {
        return false;
    }
    return true;
}
