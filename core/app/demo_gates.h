/* The gates of the load tester that a served embedded cluster has in its world: closed until somebody opens them, as
 * those of sluice load (load/gates.h). Hooks ask them within the cluster, people open them at the API server's port. */
#pragma once

#include "io/exchange.h"
#include "load/gates.h"

struct gates *demo_gates_new(void);
/* /gate/approve, /gate/halt, and /gate/… and /rollback/… with open, close and check. False: another path, and nobody
 * has answered. `ctx`: the gates. */
bool demo_gates_serve(void *ctx, struct exchange *exchange);
