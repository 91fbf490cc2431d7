/* Other programs than hey: which of them may run, where they are, and in which environment. */
#pragma once

#include "io/pipeline.h"
#include "load/words.h"

struct programs_options {
    const struct str_list *allowed;   /* their names, as in "curl" */
    const struct str_list *variables; /* of our environment, which they get too, as in "KUBERNETES_SERVICE_HOST" */
    int64_t timeout_ms;
    uint64_t processes_max;
};

struct programs;

/* False for what is no name of a program or variable. */
bool programs_check(const struct programs_options *options, struct err *err);
/* Allowed ones that this machine does not have are told in the log. */
struct programs *programs_new(const struct programs_options *options);
void programs_free(struct programs *programs);

/* FORBIDDEN for a program that is not allowed, NOT_FOUND for one that is not here. */
bool programs_find(const struct programs *programs, const struct words *words, struct str_list *paths, struct err *err);
/* `paths`: what programs_find has found. */
struct pipeline *programs_start(const struct programs *programs, struct loop *loop, const struct words *words,
                                const struct str_list *paths, pipeline_done_fn *done, void *ctx);
