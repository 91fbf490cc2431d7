/* A world for tests of child processes: a loop, and what came of the last child. A header alone, because only the tests
 * of io/process.h and io/pipeline.h need it. */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"
#include "io/loop.h"

struct world {
    struct loop *loop;
    int done_count;
    char output[65536];
    size_t len;
    struct err err;
};

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.loop = loop_new()};
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    loop_free(w->loop);
    return 0;
}

static void on_done(void *ctx, const char *output, size_t len, const struct err *err)
{
    struct world *w = ctx;
    w->done_count++;
    w->len = len;
    w->err = *err;
    str_copy(w->output, sizeof w->output, output);
}
