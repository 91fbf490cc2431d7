/* How the versions of an application behave, by image: what the world does that no object says. */
#pragma once

#include "base/doc.h"
#include "base/str.h"

struct behaviour {
    double errors;         /* share of requests answered with 500, 0 to 1 */
    double latency_ms;     /* median of an answer's time; its 99th percentile is latency_p99_ms */
    double latency_p99_ms; /* at least latency_ms */
    int64_t ready_ms;      /* from a Pod's start until it is Ready; negative: never */
};

/* What is different from the usual; what was not said stays as it was. */
enum { BEHAVIOUR_ERRORS = 1, BEHAVIOUR_LATENCY = 2, BEHAVIOUR_P99 = 4, BEHAVIOUR_READY = 8 };

struct behaviour_change {
    unsigned said; /* BEHAVIOUR_* */
    struct behaviour to;
};

/* The 99th percentile stays at or above the median: of the two, what was said counts. */
void behaviour_apply(struct behaviour *behaviour, const struct behaviour_change *change);
bool behaviour_change_equal(const struct behaviour_change *a, const struct behaviour_change *b);

/* Annotations of a Pod, which people write into the template of its Deployment: sluice.dev/demo-errors ("5%"),
 * -latency, -p99 ("20ms") and -ready ("4s", "never"). `wrong`: NULL, or where a sentence about each that cannot be read
 * goes; such a one says nothing. */
struct behaviour_change behaviour_read(const struct node *annotations, struct str_list *wrong);

struct behaviours;

struct behaviours *behaviours_new(void);
void behaviours_free(struct behaviours *behaviours);
/* For Pods whose first container's image ends with `image` ("podinfo:3.1.1"); replaces what was said before. */
void behaviours_set(struct behaviours *behaviours, const char *image, const struct behaviour *behaviour);
/* Never NULL. An image without a behaviour of its own answers all requests with 200 in 5 ms (p99 20 ms), and its Pods
 * are Ready after a second. */
const struct behaviour *behaviours_find(const struct behaviours *behaviours, const char *image);
/* Of a Pod: by the image of its first container, and by its annotations. */
struct behaviour behaviours_of_pod(const struct behaviours *behaviours, const struct node *pod);
