#include "script/where.h"

#include <stdio.h>

#include "base/str.h"

enum { FRAMES_MAX = 100 };

bool where_is_script(const char *place)
{
    static const char *const roots[] = {"strategies/", "scripts/", "checks/", "adapters/"};
    size_t i = 0;
    while (i < sizeof roots / sizeof roots[0] && !str_has_prefix(place, roots[i])) {
        i++;
    }
    return i < sizeof roots / sizeof roots[0];
}

void where_find(lua_State *L, char *out, size_t size)
{
    lua_Debug frame;
    out[0] = '\0';
    for (int level = 0; level < FRAMES_MAX && lua_getstack(L, level, &frame); level++) {
        /* Chunks of modules are named after their file ("@strategies/canary.lua"), the sandbox's own is not. */
        if (!lua_getinfo(L, "Sl", &frame) || frame.source[0] != '@') {
            continue;
        }
        bool script = where_is_script(frame.source + 1);
        if (!script && out[0] != '\0') {
            continue;
        }
        if (frame.currentline > 0) {
            snprintf(out, size, "%s:%d", frame.short_src, frame.currentline);
        } else { /* an instruction that ran out of memory leaves no line */
            snprintf(out, size, "%s:%d, in the function that begins there", frame.short_src, frame.linedefined);
        }
        if (script) {
            return;
        }
    }
}
