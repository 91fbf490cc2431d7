/* Requests of the commands for authors, which ask one after the other:
 *
 *     process.fetch { url = …, timeout_ms = …, size_max = … }
 *         ──> { status = 200, body = {…} }           an answer; `body` is what its JSON says, absent when it is none
 *         ──> { status = 429, retry_after_ms = … }   with `text`, the beginning of what is no JSON
 *         ──> { error = …, code = 'timeout' }        no answer came
 *     process.pause(ms)                              real time passes
 *
 * An interrupt (tool_interrupt) ends the wait. */
#pragma once

#include <lua.h>

int fetch_run(lua_State *L);
int fetch_pause(lua_State *L);
/* Frees the connections that are kept for the next request. */
void fetch_close(void);
