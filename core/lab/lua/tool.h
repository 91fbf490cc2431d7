/* The Lua of the commands for authors: lua/tool, which reads scripts and runs specs, in a state of its own with the
 * whole standard library, the stdlib of the scripts and the module `sluice`. Only the binary's own files and the specs
 * of its user run in it, never a strategy: those run in the sandbox (script/). */
#pragma once

#include "base/doc.h"
#include "base/err.h"

struct tool;

struct tool *tool_open(void);
void tool_close(struct tool *tool);
/* require(module)[function](argument), and what that returns. NULL and err when it raised, or returned what no document
 * can hold. `argument` NULL: nil. */
struct doc *tool_call(struct tool *tool, const char *module, const char *function, const struct node *argument,
                      struct err *err);
/* Ends what is under way with an error at its next line; safe in a handler of signals. require 'tool.process' knows of
 * it. */
void tool_interrupt(struct tool *tool);
