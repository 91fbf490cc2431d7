/* The load tester's endpoints, those of Flagger's (docs/load.md):
 *
 *     /                         a job; metadata has type, cmd, logCmdOutput, returnCmdOutput
 *     /gate/{open,close,check}  a gate of the canary that the body names; /gate/approve and /gate/halt always say so
 *     /rollback/{open,close,check}
 *     /healthz, /metrics
 *
 * A task of type cmd is answered when it has started, one of another type when it has ended. */
#pragma once

#include "base/pattern.h"
#include "io/exchange.h"
#include "load/job.h"

struct tester_options {
    struct job_ground ground;         /* without figures and budget */
    double rate;                      /* of all loads together */
    const struct pattern *namespaces; /* whose hooks are served; NULL: all */
    size_t tasks_max, gates_max;
};

struct tester;

enum { TESTER_PATIENCE_MS = 25 * 1000 };

struct tester *tester_new(const struct tester_options *options);
/* Ends what runs, without an answer: exchanges that are open must be gone, or be gone later without being used. */
void tester_free(struct tester *tester);

/* Starts no task any more, and calls `drained` on a later turn, when nobody waits for the end of one; who still does
 * after TESTER_PATIENCE_MS is told that it was stopped. Other tasks go on. */
void tester_drain(struct tester *tester, void (*drained)(void *ctx), void *ctx);

/* An exchange_serve_fn; `ctx` is the tester. */
void tester_serve(void *ctx, struct exchange *exchange);
