#include "script/strategist.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct scripts {
    struct strategist strategist;
    struct clock *clock;
    struct module_set binary; /* without pinned sources */
    struct script_limits limits;
    struct sandbox_vm *shared; /* by the engine's own strategies; NULL: none is there */
    struct limits most;
    bool awake; /* no script rests */
    size_t running;
};

struct strategy {
    struct scripts *scripts;
    struct task *task;
    struct doc *pinned;
    struct strategy_host host;
    struct budget budget;
    bool delayed; /* its next turn waits, and the host knows */
    struct timer turn;
};

static void drop_shared(struct scripts *scripts)
{
    sandbox_vm_release(scripts->shared);
    scripts->shared = NULL;
}

/* What only running strategies need. */
static void tidy(struct scripts *scripts)
{
    if (scripts->running == 0) {
        drop_shared(scripts);
        chunks_clear(scripts->binary.chunks);
    }
}

static void drop_task(struct strategy *strategy)
{
    timer_cancel(&strategy->turn);
    if (strategy->task != NULL) {
        task_free(strategy->task);
        strategy->task = NULL;
        strategy->scripts->running--;
    }
    doc_free(strategy->pinned);
    strategy->pinned = NULL;
    tidy(strategy->scripts);
}

static void strategy_free(struct strategy *strategy)
{
    drop_task(strategy);
    budget_fini(&strategy->budget);
    mem_free(strategy);
}

/* Reports the end. Nothing may follow, because the callback may stop the strategy. */
static void report_end(struct strategy *strategy, enum strategy_end end, const struct err *err)
{
    strategy->host.ended(strategy->host.ctx, end, err);
}

static void on_turn(struct timer *timer, void *ctx);

/* True when the next turn may begin now; otherwise it comes once the budget allows it. */
static bool may_go_on(struct strategy *strategy)
{
    int64_t wait_ms = budget_wait_ms(&strategy->budget);
    if (wait_ms > 0) {
        timer_start(strategy->scripts->clock, &strategy->turn, wait_ms, on_turn, strategy);
    }
    if (strategy->delayed != (wait_ms > 0)) {
        char where[KILL_WHERE_SIZE];
        task_where(strategy->task, where, sizeof where);
        strategy->delayed = wait_ms > 0;
        strategy->host.delayed(strategy->host.ctx, wait_ms, budget_lack(&strategy->budget), where);
    }
    return wait_ms == 0;
}

static enum task_turn run_turn(struct strategy *strategy, struct err *err)
{
    enum task_turn turn = task_resume(strategy->task, err);
    if (turn == TASK_PAUSED) {
        budget_spend_replay(&strategy->budget, task_spent_ns(strategy->task));
    } else {
        budget_spend(&strategy->budget, task_spent_ns(strategy->task));
    }
    return turn;
}

static void on_turn(struct timer *timer, void *ctx)
{
    struct strategy *strategy = ctx;
    struct err err;
    if (!may_go_on(strategy)) {
        return;
    }
    switch (run_turn(strategy, &err)) {
    case TASK_WAITS:
        break;
    case TASK_PAUSED:
    case TASK_HELD:
        timer_start(strategy->scripts->clock, &strategy->turn, 0, on_turn, strategy);
        break;
    case TASK_RETURNED:
        report_end(strategy, STRATEGY_RETURNED, &err);
        break;
    case TASK_FAILED:
        report_end(strategy, STRATEGY_FAILED, &err);
        break;
    case TASK_KILLED:
        report_end(strategy, STRATEGY_KILLED, &err);
        break;
    case TASK_ABANDONED:
        strategy_free(strategy);
        break;
    case TASK_LOST:
        report_end(strategy, STRATEGY_LOST, &err);
        break;
    }
}

/* --- limits --- */

static void apply(struct script_limits *limits, const struct limits *asked)
{
    int64_t memory = (int64_t)limits->memory_max;
    limit_lower(&memory, asked->of[LIMIT_MEMORY]);
    limits->memory_max = (size_t)memory;
    if (limits->budget.measured) { /* otherwise a slow machine would tell another story */
        limit_lower(&limits->cpu.soft_ms, asked->of[LIMIT_STEP_TIME]);
    }
    limit_lower(&limits->budget.cpu_ms, asked->of[LIMIT_TIME_PER_MINUTE]);
    limit_lower(&limits->budget.queries, asked->of[LIMIT_QUERIES]);
    limit_lower(&limits->budget.messages, asked->of[LIMIT_MESSAGES]);
    limit_lower(&limits->budget.log_lines, asked->of[LIMIT_LOG_LINES]);
}

/* `asked` NULL: the scripts are the engine's own. */
static struct script_limits limits_of(const struct scripts *scripts, const struct limits *asked)
{
    struct script_limits limits = scripts->limits;
    if (asked != NULL) {
        apply(&limits, asked);
    } else {
        limits.budget.queries = limits.budget.messages = 0;
    }
    return limits;
}

static struct limits most(const struct strategist *strategist)
{
    return ((const struct scripts *)strategist)->most;
}

/* --- the port --- */

/* A VM for one strategy; to be released by who asked. NULL and err. */
static struct sandbox_vm *vm_for(struct scripts *scripts, const struct module_set *set,
                                 const struct script_limits *limits, struct err *err)
{
    if (!module_all_engines(set)) {
        return sandbox_vm_new(set, limits->memory_max, false, err);
    }
    if (!sandbox_vm_has_room(scripts->shared)) {
        drop_shared(scripts);
        scripts->shared = sandbox_vm_new(&scripts->binary, scripts->limits.memory_max, true, err);
    }
    return scripts->shared != NULL ? sandbox_vm_hold(scripts->shared) : NULL;
}

static struct strategy *start(struct strategist *strategist, const struct strategy_start *order, struct err *err)
{
    struct scripts *scripts = (struct scripts *)strategist;
    struct script_limits limits = limits_of(scripts, order->limits);
    struct strategy *strategy = order->before;
    if (strategy == NULL) {
        strategy = mem_new(struct strategy);
        strategy->scripts = scripts;
        budget_init(&strategy->budget, scripts->clock, &limits.budget, order->label);
    }
    strategy->host = order->host;
    strategy->pinned = order->sources != NULL ? doc_copy(order->sources) : NULL;
    struct module_set set = scripts->binary;
    set.pinned = doc_root(strategy->pinned);
    struct sandbox_vm *vm = vm_for(scripts, &set, &limits, err);
    strategy->task = vm != NULL ? task_new(order, vm, &limits, &strategy->budget, err) : NULL;
    sandbox_vm_release(vm);
    if (strategy->task == NULL) {
        strategy_free(strategy);
        return NULL;
    }
    scripts->running++;
    budget_spend(&strategy->budget, task_spent_ns(strategy->task));
    timer_start(scripts->clock, &strategy->turn, 0, on_turn, strategy);
    return strategy;
}

static void answer(struct strategy *strategy, const struct node *value)
{
    assert(task_is_waiting(strategy->task));
    struct doc *doc = value != NULL ? doc_copy(value) : doc_new();
    task_answer(strategy->task, doc);
    timer_start(strategy->scripts->clock, &strategy->turn, 0, on_turn, strategy);
}

static void stop(struct strategy *strategy)
{
    if (strategy->task != NULL && task_is_running(strategy->task)) {
        task_abandon(strategy->task); /* on_turn frees it */
    } else {
        strategy_free(strategy);
    }
}

static void rest(struct strategy *strategy)
{
    assert(strategy->task == NULL || !task_is_running(strategy->task));
    drop_task(strategy);
}

static void where(const struct strategy *strategy, char *out, size_t size)
{
    task_where(strategy->task, out, size);
}

static bool is_apart(const struct strategy *strategy)
{
    return task_is_apart(strategy->task) && !strategy->scripts->awake;
}

static struct node *sources(struct strategist *strategist, const char *name, struct doc *doc)
{
    const struct scripts *scripts = (const struct scripts *)strategist;
    struct node *object = node_new_object(doc);
    char *module = str_format("strategies.%s", name);
    size_t len;
    const char *text = module_find(&scripts->binary, module, &len);
    if (text != NULL) {
        node_set(doc, object, module, node_new_str_n(doc, text, len));
    }
    mem_free(module);
    return object;
}

static void list_checks(const struct strategist *strategist, struct str_list *names)
{
    static const char room[] = "checks.";
    const struct scripts *scripts = (const struct scripts *)strategist;
    for (size_t i = 0; i < scripts->binary.embedded_count; i++) {
        const char *name = scripts->binary.embedded[i].name;
        if (str_has_prefix(name, room)) {
            str_list_push(names, name + strlen(room));
        }
    }
}

static void drop_log(void *ctx, const char *message)
{
}

static struct doc *inspect(struct strategist *strategist, const char *module, const struct node *sources,
                           const struct limits *asked, struct err *err)
{
    const struct scripts *scripts = (const struct scripts *)strategist;
    struct script_limits limits = limits_of(scripts, asked);
    struct strategy_start order = {.module = module, .sources = sources, .host = {.log = drop_log}};
    struct module_set set = scripts->binary;
    set.pinned = sources;
    struct budget budget; /* a script may print while it loads */
    budget_init(&budget, scripts->clock, &limits.budget, NULL);
    struct sandbox_vm *vm = sandbox_vm_new(&set, limits.memory_max, false, err);
    struct task *task = vm != NULL ? task_new(&order, vm, &limits, &budget, err) : NULL;
    sandbox_vm_release(vm);
    struct doc *declared = task != NULL ? task_declares(task, err) : NULL;
    task_free(task);
    budget_fini(&budget);
    return declared;
}

static const struct strategist_ops ops = {
    .start = start,
    .answer = answer,
    .stop = stop,
    .rest = rest,
    .where = where,
    .is_apart = is_apart,
    .inspect = inspect,
    .limits = most,
    .sources = sources,
    .list_checks = list_checks,
};

struct strategist *script_strategist_new(struct clock *clock, const struct embedded_module *modules, size_t count)
{
    struct scripts *scripts = mem_new(struct scripts);
    scripts->strategist.ops = &ops;
    scripts->clock = clock;
    scripts->binary = (struct module_set){.embedded = modules, .embedded_count = count, .chunks = chunks_new()};
    scripts->limits = SCRIPT_LIMITS_DEFAULT;
    scripts->most = limits_default();
    return &scripts->strategist;
}

void script_strategist_free(struct strategist *strategist)
{
    struct scripts *scripts = (struct scripts *)strategist;
    if (scripts == NULL) {
        return;
    }
    assert(scripts->running == 0);
    chunks_free(scripts->binary.chunks);
    mem_free(scripts);
}

void script_strategist_measure(struct strategist *strategist)
{
    struct script_limits *limits = &((struct scripts *)strategist)->limits;
    limits->cpu = SCRIPT_CPU_MEASURED;
    limits->budget.measured = true;
}

void script_strategist_share(struct strategist *strategist)
{
    struct scripts *scripts = (struct scripts *)strategist;
    chunks_free(scripts->binary.chunks);
    scripts->binary.chunks = chunks_shared();
}

void script_strategist_keep_awake(struct strategist *strategist)
{
    ((struct scripts *)strategist)->awake = true;
}

void script_strategist_allow(struct strategist *strategist, const struct limits *most)
{
    struct scripts *scripts = (struct scripts *)strategist;
    struct script_limits *limits = &scripts->limits;
    scripts->most = *most;
    limits->memory_max = (size_t)most->of[LIMIT_MEMORY];
    limits->cpu.soft_ms = limits->budget.measured ? most->of[LIMIT_STEP_TIME] : limits->cpu.soft_ms;
    limits->budget.cpu_ms = most->of[LIMIT_TIME_PER_MINUTE];
    limits->budget.queries = most->of[LIMIT_QUERIES];
    limits->budget.messages = most->of[LIMIT_MESSAGES];
    limits->budget.log_lines = most->of[LIMIT_LOG_LINES];
}

void script_strategist_limit(struct strategist *strategist, const struct script_limits *limits)
{
    ((struct scripts *)strategist)->limits = *limits;
}
