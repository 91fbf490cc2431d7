/* A module of lua/tool that does the work of a command. */
#pragma once

#include "base/doc.h"
#include "base/err.h"

/* What its `run` makes of an order (doc_free). NULL and err: it raised. Ctrl-C asks it to end, the second one ends the
 * process. */
struct doc *tool_run(const char *module, const struct doc *order, struct err *err);
/* Ctrl-C came: what a module has come to may be a part of it. */
bool tool_run_is_interrupted(void);
