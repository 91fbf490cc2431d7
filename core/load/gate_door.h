/* The endpoints of gates, Flagger's, for whoever serves them over a set of open ones (load/gates.h):
 *
 *     /gate/approve, /gate/halt                     always say so
 *     /gate/{open,close,check}, /rollback/{…}       a gate of the canary that the body names, one of each kind */
#pragma once

#include "io/exchange.h"
#include "load/gates.h"
#include "load/payload.h"

/* False: another path, and nobody has answered. */
bool gate_door_serve_plain(struct exchange *exchange, const char *path);

enum gate_verb { GATE_OPEN, GATE_CLOSE, GATE_CHECK };

struct gate_path {
    const char *path, *word; /* "gate" or "rollback" */
    enum gate_verb verb;
};

/* NULL: it is no gate's. */
const struct gate_path *gate_door_find(const char *path);
/* False: it cannot be opened, as `err` says, and nobody has answered. */
bool gate_door_serve(struct gates *gates, struct exchange *exchange, const struct gate_path *path,
                     const struct payload *payload, struct err *err);
