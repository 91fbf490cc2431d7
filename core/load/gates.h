/* The gates that people open and close: a set of the open ones. One that nobody has opened is closed, so asking for it
 * costs nothing. They are in memory only, as Flagger's: after a restart all are closed. */
#pragma once

#include <stddef.h>

#include "base/err.h"

struct gates;

/* At most so many are open at once. */
struct gates *gates_new(size_t open_max);
void gates_free(struct gates *gates);

/* False: too many are open. */
bool gates_open(struct gates *gates, const char *name, struct err *err);
void gates_close(struct gates *gates, const char *name);
bool gates_is_open(const struct gates *gates, const char *name);
