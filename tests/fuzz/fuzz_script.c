// room: script
/* libFuzzer: any text as a strategy, loaded and run under its bounds, with every operation answered by its own
 * arguments.
 *
 * What must hold: it ends, nothing crashes, nothing leaks (ASan sees to the latter two). */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/doc.h"
#include "base/log.h"
#include "script/task.h"

enum { TURNS_MAX = 20 };

/* Every third operation is answered later, so that yields are fuzzed too. */
static unsigned calls;
static struct doc *later;

static bool on_call(void *ctx, const char *operation, const struct node *args, struct doc **answer, struct err *err)
{
    struct doc *copy = doc_copy(args);
    if (++calls % 3 == 0) {
        later = copy;
        return false;
    }
    *answer = copy;
    return true;
}

static bool on_enter(void *ctx, const char *word, const struct node *args, struct doc **result, int64_t *started_ms)
{
    *started_ms = 1;
    if (calls % 2 == 0)
        return false;
    calls++;
    *result = doc_copy(args);
    return true;
}

static void on_leave(void *ctx, const struct node *result)
{
}

static void on_evidence(void *ctx, const struct node *evidence, const char *where)
{
    assert(where);
}

static void on_log(void *ctx, const char *message)
{
}

static void on_ended(void *ctx, enum strategy_end end, const struct err *err)
{
}

static void run(struct task *task)
{
    struct err err;
    for (int turn = 0; turn < TURNS_MAX; turn++) {
        enum task_turn how = task_resume(task, &err);
        if (how == TASK_WAITS) {
            task_answer(task, later);
            later = NULL;
        } else if (how != TASK_PAUSED) {
            return;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char frame[] =
        "local host = require 'host' return { start = function(definition) return definition.run(host) end }";
    static const struct script_limits limits = {.memory_max = 2 * 1024 * 1024, .cpu = {.soft_ms = 5, .hard_ms = 5}};
    const struct embedded_module modules[] = {
        {"stdlib.start", frame, sizeof frame - 1},
        {"strategies.fuzz", (const char *)data, size},
    };
    struct module_set set = {.embedded = modules, .embedded_count = 2};
    struct strategy_start start = {.module = "strategies.fuzz",
                                   .label = "fuzz.test",
                                   .seed = 1,
                                   .host = {.call = on_call,
                                            .enter = on_enter,
                                            .leave = on_leave,
                                            .evidence = on_evidence,
                                            .log = on_log,
                                            .ended = on_ended}};
    struct err err;
    log_set_sink(log_drop, NULL);
    calls = 0;
    struct sandbox_vm *vm = sandbox_vm_new(&set, limits.memory_max, false, &err);
    struct task *task = vm != NULL ? task_new(&start, vm, &limits, NULL, &err) : NULL;
    sandbox_vm_release(vm);
    if (task)
        run(task);
    task_free(task);
    doc_free(later);
    later = NULL;
    return 0;
}
