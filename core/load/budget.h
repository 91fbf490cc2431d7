/* The rate of all loads of a tester together, divided among those that run: who wants less than an even share gets what
 * it wants, and the others share evenly what is left. */
#pragma once

#include <stddef.h>

struct budget;

/* `rate` > 0: requests per second. */
struct budget *budget_new(double rate);
/* When nobody has a share any more. */
void budget_free(struct budget *budget);

/* Of one load, which it is embedded in. */
struct budget_share {
    double wanted; /* > 0 */
    double given;  /* > 0, `wanted` at most */
    void (*changed)(void *ctx);
    void *ctx;
    struct budget_share *prev, *next;
};

/* Sets `given`, and calls `changed` of the others whose share is another one now. */
void budget_join(struct budget *budget, struct budget_share *share);
/* Nothing happens when it has not joined. */
void budget_leave(struct budget *budget, struct budget_share *share);

/* What all of them want. */
double budget_wanted(const struct budget *budget);
