/* A kept Release played again, for lua/tool. */
#pragma once

#include <lua.h>

/* replay(object, script?, words_max?): what replay_play has found (lab/replay.h), a table; or nil and why it cannot be
 * played. */
int replaying_run(lua_State *L);
