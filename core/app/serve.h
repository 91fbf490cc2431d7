/* The embedded cluster in real time, or faster, over a socket, for kubectl and whatever else speaks to an API server: sluice sim, and with the engine at work on it
 * sluice demo --serve. Prometheus answers under /prometheus. */
#pragma once

int serve_demo(int argc, char **argv);
