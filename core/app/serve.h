/* The embedded cluster in real time, or faster, over a socket, for kubectl and whatever else speaks to an API server:
 * sluice sim, and with the engine at work on it sluice demo --serve. Prometheus answers under /prometheus. */
#pragma once

#include "app/demo_flags.h"

/* Serves until a signal. A scenario from a file is played, and its acts are printed; of the tutorial in the binary
 * only the world is set up. Gives the exit status; why serving could not begin was told. */
int serve(const struct demo_flags *flags, const struct scenario *scenario);
