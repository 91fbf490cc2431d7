/* Child processes that a person's command asks for: programs joined by pipes as a shell joins them, but made by us.
 * They are confined (io/confine.h), have an environment of their own, nothing to read, and what they write, on
 * whichever stream, is one output. When they have ended, whatever else they have started is killed, and so it is when
 * they last too long or when we die (io/supervisor.h). */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "io/confine.h"
#include "io/loop.h"

enum { PIPELINE_PROGRAMS_MAX = 8 };

struct pipeline;

struct pipeline_options {
    const struct str_list *programs; /* the words of each, the first of them its name */
    char *const *paths;              /* where they are */
    size_t count;
    const char *const *env; /* all of it: "NAME=value", NULL-terminated */
    int64_t timeout_ms;
    size_t output_max;
    struct confinement confinement;
};

/* `err` is set when they could not start, were killed by a limit, or the last program has failed; then its text has
 * the words of Go's os/exec where there are such ("exit status 1"). The output is as far as it came. */
typedef void pipeline_done_fn(void *ctx, const char *output, size_t len, const struct err *err);

/* Copies all it needs. `done` comes once, on a later turn, unless pipeline_cancel was called. */
struct pipeline *pipeline_start(struct loop *loop, const struct pipeline_options *options, pipeline_done_fn *done,
                                void *ctx);
/* Kills them; no callback comes. */
void pipeline_cancel(struct pipeline *pipeline);

/* A child of ours that a pipeline waits for. */
bool pipeline_supervises(pid_t pid);
