/* core/script/prelude.lua as text: the Lua half of the sandbox. See sandbox.c for what it is given and what it
 * returns. */
#pragma once

extern const char prelude_source[];
