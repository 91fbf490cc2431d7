/* A child process whose output is wanted: exec credential plugins. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "io/loop.h"

struct process;

struct process_options {
    const char *const *argv;      /* NULL-terminated; argv[0] is looked up in PATH */
    const char *const *env_extra; /* "NAME=value", NULL-terminated, besides our own environment; NULL: none */
    int64_t timeout_ms;
    size_t output_max;
};

/* `output`: stdout; err is set when it could not start, was killed by the timeout, wrote too much or exited with
 * another code than 0 (the text carries the end of its stderr). */
typedef void process_done_fn(void *ctx, const char *output, size_t len, const struct err *err);
struct process *process_start(struct loop *loop, const struct process_options *options, process_done_fn *done,
                              void *ctx);
/* Kills it; no callback comes. */
void process_cancel(struct process *process);
