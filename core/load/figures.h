/* The metrics of a load tester: what its loads were answered, and what became of its tasks, by canary. */
#pragma once

#include "prom/metrics.h"

/* The text is never longer, whatever canaries are called and servers answer. */
enum { FIGURES_CANARIES_MAX = 500, FIGURES_TEXT_MAX = 32 * 1024 * 1024 };

struct figures;

struct figures *figures_new(void);
void figures_free(struct figures *figures);

/* Series of a canary begin with its first task; those of the one whose last task is the oldest make room when there are
 * too many, because anybody may name canaries. */
void figures_begin(struct figures *figures, const char *namespace, const char *name);
/* `status` 0: no answer. */
void figures_result(struct figures *figures, const char *namespace, const char *name, int status, int64_t took_us);
/* `type`: "hey", "program", or "unknown" of what was refused before its command was read. `outcome`: "finished",
 * "failed", "refused", "skipped". */
void figures_task(struct figures *figures, const char *namespace, const char *name, const char *type,
                  const char *outcome);
/* A load gets less than its rate. */
void figures_slowed(struct figures *figures, const char *namespace, const char *name);
/* How many tasks run, and how many requests a second their loads want together. */
void figures_running(struct figures *figures, size_t tasks, double rate);

void figures_write(const struct figures *figures, struct buf *out);
