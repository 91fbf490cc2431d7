#include "app/reading_door.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"

struct reading_door {
    struct http base;
    struct http *inner;
    struct clock *clock;
    const char *trusted, *bearer;
};

struct door_call {
    struct http_call base;
    struct http_call *inner; /* NULL: it is refused, and its caller told on a later turn */
    struct timer turn;
    struct err err;
    http_data_fn *on_data;
    http_done_fn *done;
    void *ctx;
};

/* --- what comes back --- */

static void on_turn(struct timer *timer, void *ctx)
{
    struct door_call *call = ctx;
    call->done(call->ctx, NULL, &call->err);
    mem_free(call);
}

static bool on_data(void *ctx, const char *bytes, size_t len)
{
    struct door_call *call = ctx;
    return call->on_data(call->ctx, bytes, len);
}

static void on_done(void *ctx, const struct http_response *response, const struct err *err)
{
    struct door_call *call = ctx;
    call->done(call->ctx, response, err);
    mem_free(call);
}

static void cancel(struct http_call *base)
{
    struct door_call *call = (struct door_call *)base;
    timer_cancel(&call->turn);
    if (call->inner != NULL) {
        http_cancel(call->inner);
    }
    mem_free(call);
}

/* --- what goes out --- */

static bool is_below(const char *url, const char *root)
{
    size_t len = strlen(root);
    while (len > 0 && root[len - 1] == '/') {
        len--;
    }
    return strncmp(url, root, len) == 0 && url[len] == '/';
}

static bool is_signed(const struct http_request *request)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, "Authorization") == 0) {
            return true;
        }
    }
    return false;
}

static void send_signed(struct reading_door *door, struct door_call *call, const struct http_request *request)
{
    struct http_request signing = *request;
    struct http_header *headers = mem_alloc_array(request->header_count + 1, sizeof *headers);
    for (size_t i = 0; i < request->header_count; i++) {
        headers[i] = request->headers[i];
    }
    headers[signing.header_count++] = (struct http_header){"Authorization", door->bearer};
    signing.headers = headers;
    call->inner = http_start(door->inner, &signing, call->on_data != NULL ? on_data : NULL, on_done, call);
    mem_free(headers);
}

static struct http_call *start(struct http *http, const struct http_request *request, http_data_fn *data,
                               http_done_fn *done, void *ctx)
{
    struct reading_door *door = (struct reading_door *)http;
    struct door_call *call = mem_new(struct door_call);
    call->base.http = http;
    call->on_data = data;
    call->done = done;
    call->ctx = ctx;
    if (strcmp(request->method, "GET") != 0) {
        err_set(&call->err, ERR_REJECTED, READING_DOOR_REFUSAL "%s", request->method);
        timer_start(door->clock, &call->turn, 0, on_turn, call);
    } else if (door->bearer != NULL && is_below(request->url, door->trusted) && !is_signed(request)) {
        send_signed(door, call, request);
    } else {
        call->inner = http_start(door->inner, request, data != NULL ? on_data : NULL, on_done, call);
    }
    return &call->base;
}

struct http *reading_door_new(struct http *inner, struct clock *clock, const char *trusted, const char *bearer)
{
    static const struct http_ops ops = {start, cancel};
    struct reading_door *door = mem_new(struct reading_door);
    door->base.ops = &ops;
    door->inner = inner;
    door->clock = clock;
    door->trusted = trusted;
    door->bearer = trusted != NULL ? bearer : NULL;
    return &door->base;
}

void reading_door_free(struct http *door)
{
    mem_free(door);
}
