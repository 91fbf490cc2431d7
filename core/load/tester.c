#include "load/tester.h"

#include <string.h>
#include <utlist.h>

#include "base/log.h"
#include "base/mem.h"
#include "load/gate_door.h"

enum { ANSWER_MAX = 2 * 1024 * 1024, ENDING_MS = 1000, ENDING_PART = 10 };

/* A task with whoever waits for it. */
struct run {
    struct tester *tester;
    struct job *job;
    struct exchange *exchange; /* NULL: answered, or gone */
    bool returns_output;
    bool is_answered_first; /* of type cmd; the same command is not started twice */
    int64_t ending_ms;      /* from then on a load is about to end, by its plan; INT64_MAX: nobody knows */
    bool is_wanted_again;   /* when it has ended */
    struct run *prev, *next;
};

struct tester {
    struct job_ground ground;
    const struct pattern *namespaces;
    size_t tasks_max, run_count;
    struct run *runs;
    struct gates *gates;
    void (*drained)(void *ctx); /* NULL: it goes on */
    void *drained_ctx;
    struct timer drain;
    int64_t drain_end_ms;
};

/* --- answers --- */

static void answer_n(struct exchange *exchange, int status, const char *text, size_t len)
{
    exchange_answer(exchange, status, "text/plain; charset=utf-8", text, len);
}

static void answer(struct exchange *exchange, int status, const char *text)
{
    answer_n(exchange, status, text, strlen(text));
}

static int status_of(const struct err *err)
{
    switch (err->code) {
    case ERR_FORBIDDEN:
        return 403;
    case ERR_SERVER:
        return 429;
    case ERR_UNREACHABLE:
        return 503;
    default:
        return 400;
    }
}

static void refuse(struct exchange *exchange, const struct payload *payload, const struct err *err)
{
    log_error(payload->canary, "refused: %s", err->text);
    answer(exchange, status_of(err), err->text);
}

static void count(struct tester *tester, const struct payload *payload, const char *type, const char *outcome)
{
    figures_begin(tester->ground.figures, payload->namespace, payload->name);
    figures_task(tester->ground.figures, payload->namespace, payload->name, type, outcome);
}

static void refuse_task(struct tester *tester, struct exchange *exchange, const struct payload *payload,
                        const char *type, const struct err *err)
{
    count(tester, payload, type, "refused");
    refuse(exchange, payload, err);
}

/* --- the end of a task --- */

static void tell_running(const struct tester *tester)
{
    figures_running(tester->ground.figures, tester->run_count, budget_wanted(tester->ground.budget));
}

static void on_drain(struct timer *timer, void *ctx);

/* Perhaps the one who has just been answered, or has left, was the last. */
static void look_if_drained(struct tester *tester)
{
    if (timer_is_pending(&tester->drain)) {
        timer_start(tester->ground.clock, &tester->drain, 0, on_drain, tester);
    }
}

static void run_free(struct run *run)
{
    struct tester *tester = run->tester;
    DL_DELETE(tester->runs, run);
    look_if_drained(tester);
    tester->run_count--;
    job_free(run->job);
    tell_running(tester);
    mem_free(run);
}

static void on_gone(void *ctx)
{
    struct run *run = ctx;
    run->exchange = NULL;
    look_if_drained(run->tester);
}

/* In Flagger's words, which it puts into events. */
static void answer_failure(struct run *run, const char *output, const struct err *err)
{
    struct buf text;
    buf_init(&text, ANSWER_MAX);
    buf_printf(&text, "command %s failed: %s: %s", run->job->command, output, err->text);
    answer_n(run->exchange, 500, buf_str(&text), text.len);
    buf_fini(&text);
}

static void run_start(struct run *run);

static void on_done(struct job *job, const char *output, size_t len, const struct err *err)
{
    struct run *run = job->ctx;
    if (run->is_wanted_again && run->tester->drained == NULL) {
        run->is_wanted_again = false;
        run_start(run);
        return;
    }
    if (run->exchange == NULL) {
        run_free(run);
        return;
    }
    if (err->code != ERR_NONE) {
        answer_failure(run, output, err);
    } else {
        answer_n(run->exchange, 200, output, run->returns_output ? len : 0);
    }
    run_free(run);
}

static void run_start(struct run *run)
{
    const struct job *job = run->job;
    int64_t duration_ms = job->is_load ? job->plan.duration_ms : 0;
    int64_t last_ms = duration_ms / ENDING_PART < ENDING_MS ? duration_ms / ENDING_PART : ENDING_MS;
    run->ending_ms = duration_ms > 0 ? clock_mono_ms(run->tester->ground.clock) + duration_ms - last_ms : INT64_MAX;
    job_start(run->job, on_done, run);
}

/* --- tasks --- */

static const struct kind {
    const char *type;
    const char *program; /* that gets the command as its words; NULL: the command names it */
    bool is_answered_first;
    const char *refusal; /* NULL: it is served */
} kinds[] = {
    {"cmd", NULL, true, NULL},
    {"bash", NULL, false, NULL},
    {"helm", "helm", false, NULL},
    {"helmv3", "helm", false, NULL},
    {"kubectl", "kubectl", false, NULL},
    {"concord", NULL, false, "processes of Concord are not started here"},
    {"ngrinder", NULL, false, "tests of nGrinder are not started here"},
};

static const struct kind *kind_of(const char *type, struct err *err)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(type, kinds[i].type) != 0) {
            continue;
        }
        if (kinds[i].refusal != NULL) {
            err_set(err, ERR_INVALID, "type %s is refused: %s", type, kinds[i].refusal);
            return NULL;
        }
        return &kinds[i];
    }
    err_set(err, ERR_INVALID, "unknown task type %s", type);
    return NULL;
}

static struct run *running(const struct tester *tester, const struct job_order *order)
{
    struct run *run;
    DL_FOREACH(tester->runs, run)
    {
        if (run->is_answered_first && strcmp(run->job->canary, order->canary) == 0 &&
            strcmp(run->job->command, order->command) == 0) {
            return run;
        }
    }
    return NULL;
}

/* A round's hook comes when a load as long as a round ends, once a little earlier and once a little later. Were it
 * dropped as a repetition, every second round would be without requests. */
static bool is_ending(const struct run *run)
{
    return clock_mono_ms(run->tester->ground.clock) >= run->ending_ms;
}

static struct run *start(struct tester *tester, const struct kind *kind, const struct job_order *order, struct err *err)
{
    if (tester->drained != NULL) {
        err_set(err, ERR_UNREACHABLE, "the load tester ends");
        return NULL;
    }
    if (tester->run_count >= tester->tasks_max) {
        err_set(err, ERR_SERVER, "%zu tasks are running, -max-tasks allows no more", tester->run_count);
        return NULL;
    }
    struct job *job = job_new(&tester->ground, order, err);
    if (job == NULL) {
        return NULL;
    }
    struct run *run = mem_new(struct run);
    run->tester = tester;
    run->job = job;
    run->is_answered_first = kind->is_answered_first;
    DL_APPEND(tester->runs, run);
    tester->run_count++;
    run_start(run);
    tell_running(tester);
    return run;
}

/* The same command once more. */
static void serve_repetition(struct exchange *exchange, const struct payload *payload, const struct job_order *order,
                             struct run *run)
{
    if (is_ending(run)) {
        log_info(payload->canary, "command %s is played again at its end", order->command);
        run->is_wanted_again = true;
    } else {
        log_info(payload->canary, "command skipped %s is already running", order->command);
        count(run->tester, payload, job_type_of(order), "skipped");
    }
    answer(exchange, 202, "");
}

static void serve_order(struct tester *tester, struct exchange *exchange, const struct payload *payload,
                        const struct kind *kind)
{
    struct err err = {0};
    struct job_order order = {.namespace = payload->namespace,
                              .name = payload->name,
                              .canary = payload->canary,
                              .program = kind->program,
                              .command = payload_metadata(payload, "cmd"),
                              .logs_output = !kind->is_answered_first || payload_flag(payload, "logCmdOutput")};
    if (order.command == NULL) {
        err_set(&err, ERR_INVALID, "cmd not found in metadata");
        refuse_task(tester, exchange, payload, "unknown", &err);
        return;
    }
    struct run *same = kind->is_answered_first ? running(tester, &order) : NULL;
    if (same != NULL) {
        serve_repetition(exchange, payload, &order, same);
        return;
    }
    struct run *run = start(tester, kind, &order, &err);
    if (run == NULL) {
        refuse_task(tester, exchange, payload, job_type_of(&order), &err);
    } else if (kind->is_answered_first) {
        answer(exchange, 202, "");
    } else {
        run->exchange = exchange;
        run->returns_output = payload_flag(payload, "returnCmdOutput");
        exchange->gone = on_gone;
        exchange->ctx = run;
    }
}

static void serve_task(struct tester *tester, struct exchange *exchange, const struct payload *payload)
{
    struct err err = {0};
    const char *type = payload_metadata(payload, "type");
    if (node_count(payload->metadata) == 0) {
        err_set(&err, ERR_INVALID, "metadata not found in payload");
        refuse_task(tester, exchange, payload, "unknown", &err);
        return;
    }
    const struct kind *kind = kind_of(type != NULL ? type : "cmd", &err);
    if (kind == NULL) {
        refuse_task(tester, exchange, payload, "unknown", &err);
        return;
    }
    serve_order(tester, exchange, payload, kind);
}

/* --- the endpoints --- */

static void serve_metrics(struct tester *tester, struct exchange *exchange)
{
    struct buf text;
    buf_init(&text, FIGURES_TEXT_MAX);
    figures_write(tester->ground.figures, &text);
    exchange_answer(exchange, 200, "text/plain; version=0.0.4; charset=utf-8", buf_str(&text), text.len);
    buf_fini(&text);
}

/* Those that look at no body. */
static bool serve_plain(struct tester *tester, struct exchange *exchange, const char *path)
{
    if (strcmp(path, "/healthz") == 0) {
        answer(exchange, 200, "OK");
    } else if (strcmp(path, "/metrics") == 0) {
        serve_metrics(tester, exchange);
    } else {
        return gate_door_serve_plain(exchange, path);
    }
    return true;
}

static void serve_payload(struct tester *tester, struct exchange *exchange, const char *path,
                          const struct payload *payload)
{
    const struct gate_path *gate = gate_door_find(path);
    struct err err = {0};
    if (gate == NULL) {
        serve_task(tester, exchange, payload); /* any other path, as in Flagger's */
    } else if (!gate_door_serve(tester->gates, exchange, gate, payload, &err)) {
        refuse(exchange, payload, &err);
    }
}

void tester_serve(void *ctx, struct exchange *exchange)
{
    struct tester *tester = ctx;
    struct err err = {0};
    struct payload payload = {0};
    char *path = exchange_decode(exchange->path, strlen(exchange->path), false);
    if (!serve_plain(tester, exchange, path)) {
        if (!payload_read(exchange->body, exchange->body_len, &payload, &err)) {
            log_error(NULL, "decoding the request body failed: %s", err.text);
            answer(exchange, 400, err.text);
        } else if (tester->namespaces != NULL && !pattern_matches(tester->namespaces, payload.namespace)) {
            err_set(&err, ERR_FORBIDDEN, "namespace \"%s\": not one that -namespace-regexp serves", payload.namespace);
            refuse(exchange, &payload, &err);
        } else {
            serve_payload(tester, exchange, path, &payload);
        }
        payload_fini(&payload);
    }
    str_free(&path);
}

struct tester *tester_new(const struct tester_options *options)
{
    struct tester *tester = mem_new(struct tester);
    tester->ground = options->ground;
    tester->ground.figures = figures_new();
    tester->ground.budget = budget_new(options->rate);
    tester->namespaces = options->namespaces;
    tester->tasks_max = options->tasks_max;
    tester->gates = gates_new(options->gates_max);
    return tester;
}

static bool somebody_waits(const struct tester *tester)
{
    const struct run *run;
    DL_FOREACH(tester->runs, run)
    {
        if (run->exchange != NULL) {
            return true;
        }
    }
    return false;
}

static void send_away(struct tester *tester)
{
    struct run *run, *next;
    DL_FOREACH_SAFE(tester->runs, run, next)
    {
        if (run->exchange != NULL) {
            log_warn(run->job->canary, "command stopped %s: the load tester ends", run->job->command);
            answer(run->exchange, 503, "command stopped: the load tester ends");
            run_free(run);
        }
    }
}

static void on_drain(struct timer *timer, void *ctx)
{
    struct tester *tester = ctx;
    if (clock_mono_ms(tester->ground.clock) >= tester->drain_end_ms) {
        send_away(tester);
    }
    if (somebody_waits(tester)) {
        timer_start(tester->ground.clock, &tester->drain, tester->drain_end_ms - clock_mono_ms(tester->ground.clock),
                    on_drain, tester);
    } else {
        tester->drained(tester->drained_ctx);
    }
}

void tester_drain(struct tester *tester, void (*drained)(void *ctx), void *ctx)
{
    tester->drained = drained;
    tester->drained_ctx = ctx;
    tester->drain_end_ms = clock_mono_ms(tester->ground.clock) + TESTER_PATIENCE_MS;
    timer_start(tester->ground.clock, &tester->drain, 0, on_drain, tester);
}

void tester_free(struct tester *tester)
{
    struct run *run, *next;
    timer_cancel(&tester->drain);
    DL_FOREACH_SAFE(tester->runs, run, next)
    {
        log_warn(run->job->canary, "command stopped %s: the load tester ends", run->job->command);
        run_free(run);
    }
    figures_free(tester->ground.figures);
    budget_free(tester->ground.budget);
    gates_free(tester->gates);
    mem_free(tester);
}
