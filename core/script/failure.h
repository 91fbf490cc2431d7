/* How a run of Lua ended, as an error that a person can read: file:line, then what happened. */
#pragma once

#include <lua.h>

#include "base/err.h"
#include "script/kill.h"

struct script_limits;

struct failure {
    lua_State *L;    /* the VM's main state */
    lua_State *from; /* whose stack has the error value on top */
    const struct kill_report *report;
    const struct script_limits *limits;
    const char *when; /* "after rollout:shift" */
};

enum failure_kind {
    FAILURE_NONE,
    FAILURE_RAISED, /* SCRIPT */
    FAILURE_BOUND,  /* LIMIT: time or memory */
};

/* Sets err, to NONE as well. The VM is not touched after a hard kill, and nothing raises. The error value may be
 * anything: only strings, numbers and the raw field `message` of a table are read. */
enum failure_kind failure_kind(const struct failure *failure, struct err *err);
