#include "io/orphans.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <uv.h>

#include "base/mem.h"
#include "io/children.h"
#include "io/pipeline.h"

struct orphans {
    uv_signal_t deaths;
};

static void end_one(void *ctx, pid_t pid)
{
    if (!pipeline_supervises(pid)) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, WNOHANG);
    }
}

/* Who dies may leave us children, and so may those in their turn when they are killed. */
static void on_death(uv_signal_t *handle, int signum)
{
    children_each(end_one, NULL);
}

struct orphans *orphans_new(struct loop *loop)
{
    struct orphans *orphans = mem_new(struct orphans);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    uv_signal_init(loop_uv(loop), &orphans->deaths);
    uv_signal_start(&orphans->deaths, on_death, SIGCHLD);
    return orphans;
}

static void on_closed(uv_handle_t *handle)
{
    mem_free(handle->data);
}

void orphans_free(struct orphans *orphans)
{
    if (orphans != NULL) {
        children_end();
        prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
        orphans->deaths.data = orphans;
        uv_close((uv_handle_t *)&orphans->deaths, on_closed);
    }
}
