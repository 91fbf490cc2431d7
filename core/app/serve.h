/* The embedded cluster in real time, or faster, over a socket, for kubectl and whatever else speaks to an API server: sluice sim, and with the engine at work on it
 * sluice demo --serve. Prometheus answers under /prometheus. */
#pragma once

#include "app/demo_flags.h"

/* Until a signal ends it. A scenario that a file tells is played, and its acts are printed; of the tutorial in the binary only the world is there. False: it could
 * not begin, and said why. */
bool serve(const struct demo_flags *flags, const struct scenario *scenario);
