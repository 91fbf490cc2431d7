/* An HTTP door for fuzz targets: it keeps the one call that is under way, and the target plays the server. */
#pragma once

#include <assert.h>
#include <stdlib.h>

#include "io/clock.h"
#include "io/http.h"

struct door {
    struct http base;
    struct http_call call;
    http_data_fn *on_data;
    http_done_fn *done; /* NULL: no call is under way */
    void *ctx;
};

static struct http_call *door_start(struct http *http, const struct http_request *request, http_data_fn *on_data,
                                    http_done_fn *done, void *ctx)
{
    struct door *door = (struct door *)http;
    assert(door->done == NULL);
    door->call.http = http;
    door->on_data = on_data;
    door->done = done;
    door->ctx = ctx;
    return &door->call;
}

static void door_cancel(struct http_call *call)
{
    ((struct door *)call->http)->done = NULL;
}

static const struct http_ops door_ops = {.start = door_start, .cancel = door_cancel};

/* `body` ends with a NUL behind its length, as every transport's does. */
static void door_answer(struct door *door, int status, const char *body, size_t len)
{
    http_done_fn *done = door->done;
    struct http_response response = {.status = status, .body = body, .body_len = len};
    struct err none = {0};
    door->done = NULL;
    done(door->ctx, &response, &none);
}

static int64_t door_time(void *ctx)
{
    return 1773216907000;
}

static void door_arm(void *ctx, int64_t when_ms)
{
}

/* Time stands still. */
static const struct clock_driver door_clock = {.mono_ms = door_time, .wall_ms = door_time, .arm = door_arm};
