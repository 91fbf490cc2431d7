/* The Lua half of the sandbox, as text: our versions of what the standard library offers, the environments and `require`. See sandbox.c for what it is given and what it
 * returns. In Lua, not in C, because what Lua runs the hook can stop, and it may wait. */
#pragma once

extern const char prelude_source[];
