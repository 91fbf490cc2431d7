/* What a hook asked for, while it runs: a load that is played here, or programs.
 *
 * A load is asked for by the command line of hey; anything else is programs, each of which must be allowed. A task ends
 * by itself, or when its time is over. */
#pragma once

#include "io/http.h"
#include "io/loop.h"
#include "load/budget.h"
#include "load/figures.h"
#include "load/plan.h"
#include "load/programs.h"

/* What all tasks of a tester share. */
struct job_ground {
    struct clock *clock;
    struct loop *loop; /* NULL: no program can run */
    struct http *http;
    struct figures *figures;
    const struct programs *programs;
    struct load_ceiling ceiling;
    struct budget *budget;
};

struct job_order {
    const char *namespace, *name, *canary; /* canary: "name.namespace" */
    const char *program; /* that gets the command as its words; NULL: the command names its programs */
    const char *command;
    bool logs_output;
};

struct job {
    const struct job_ground *ground;
    char *namespace, *name, *canary, *command;
    bool logs_output, is_load;
    struct words words;    /* of programs, */
    struct str_list paths; /* and where they are */
    struct load_plan plan;
    struct budget_share share;
    bool is_slowed;        /* it was given less than it wants */
    struct player *player; /* of the two the one that runs */
    struct pipeline *pipeline;
    void (*done)(struct job *job, const char *output, size_t len, const struct err *err);
    void *ctx;
};

/* Reads the order and starts nothing. NULL: refused, FORBIDDEN when it is a program that may not run. */
struct job *job_new(const struct job_ground *ground, const struct job_order *order, struct err *err);
/* "hey" or "program"; also of an order that was refused. */
const char *job_type_of(const struct job_order *order);
/* Ends it without a callback, if it runs. */
void job_free(struct job *job);

/* `done` comes once, on a later turn, with the output of the programs or the figures of the load; an error when the
 * programs have failed. A job that is done may be started again. */
void job_start(struct job *job, void (*done)(struct job *, const char *output, size_t len, const struct err *err),
               void *ctx);
