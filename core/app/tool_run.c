#include "app/tool_run.h"

#include <signal.h>

#include "lab/lua/tool.h"

static struct tool *running;
static volatile sig_atomic_t is_interrupted;

static void on_signal(int signum)
{
    is_interrupted = 1;
    tool_interrupt(running);
}

static void set_handler(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESETHAND | SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

struct doc *tool_run(const char *module, const struct doc *order, struct err *err)
{
    running = tool_open();
    set_handler(on_signal);
    struct doc *result = tool_call(running, module, "run", doc_root(order), err);
    set_handler(SIG_DFL);
    tool_close(running);
    running = NULL;
    return result;
}

bool tool_run_is_interrupted(void)
{
    return is_interrupted != 0;
}
