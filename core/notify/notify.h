/* What this room needs in order to tell people and programs about a Canary: the doors and the Canaries. */
#pragma once

#include "canary/canary.h"
#include "io/clock.h"
#include "io/http.h"
#include "kube/event.h"
#include "kube/store.h"

struct notify {
    struct clock *clock;
    struct http *http; /* hooks */
    struct event_recorder *recorder;
    const struct store *canaries;
    const struct canary_defaults *defaults;
    char *event_webhook; /* of all Canaries without an event hook of their own; NULL: none */
};
