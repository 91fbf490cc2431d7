/* How the versions of an application behave, by image: what the world does that no object says. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct behaviour {
    double errors;         /* share of requests answered with 500, 0 to 1 */
    double latency_ms;     /* median of an answer's time; its 99th percentile is latency_p99_ms */
    double latency_p99_ms; /* at least latency_ms */
    int64_t ready_ms;      /* from a Pod's start until it is Ready; negative: never */
};

struct behaviours;

struct behaviours *behaviours_new(void);
void behaviours_free(struct behaviours *behaviours);
/* For Pods whose first container's image ends with `image` ("podinfo:3.1.1"); replaces what was said before. */
void behaviours_set(struct behaviours *behaviours, const char *image, const struct behaviour *behaviour);
/* Never NULL: an image that nothing was said about answers everything with 200 in 5 ms (p99 20 ms) and is Ready after a second. */
const struct behaviour *behaviours_find(const struct behaviours *behaviours, const char *image);
