/* Scripts of a folder (-scripts), such as a mounted ConfigMap: FOLDER/strategies/NAME.lua, FOLDER/checks/NAME.lua,
 * and adapters of a team's own, FOLDER/adapters/metrics/NAME.lua, FOLDER/adapters/alerts/NAME.lua.
 *
 * They are read when it is opened, and every few seconds again: that finds a swap of links, as of a ConfigMap, and any
 * other change, on every file system. A file that cannot be read, or whose name no script can have, is named in a
 * warning once, and the others go on; so are scripts where nobody looks for them, and a folder that is not there. */
#pragma once

#include "rollout/library.h"

enum { SCRIPT_FOLDER_PERIOD_MS = 5000 };

struct script_folder;

struct script_folder *script_folder_open(struct context *context, const char *path);
void script_folder_close(struct script_folder *folder);
