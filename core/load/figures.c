#include "load/figures.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

struct canary {
    char *namespace, *name;
};

struct figures {
    struct metrics *metrics;
    struct metric_family *requests, *durations, *tasks, *slowed, *running, *wanted;
    struct canary canaries[FIGURES_CANARIES_MAX]; /* the one whose last task is the oldest comes first */
    size_t canary_count;
};

struct figures *figures_new(void)
{
    struct figures *figures = mem_new(struct figures);
    struct metrics *metrics = figures->metrics = metrics_new();
    static const char *const by_code[] = {"namespace", "name", "code", NULL};
    static const char *const by_canary[] = {"namespace", "name", NULL};
    static const char *const by_outcome[] = {"namespace", "name", "type", "outcome", NULL};
    figures->requests = metrics_declare(metrics, METRIC_COUNTER, "sluice_load_requests_total",
                                        "Requests of loads by the status of their answer; error: no answer", by_code);
    figures->durations = metrics_declare(metrics, METRIC_HISTOGRAM, "sluice_load_request_duration_seconds",
                                         "How long answered requests of loads took", by_canary);
    figures->tasks = metrics_declare(metrics, METRIC_COUNTER, "sluice_load_tasks_total",
                                     "Tasks that hooks asked for, by what became of them", by_outcome);
    figures->running =
        metrics_declare(metrics, METRIC_GAUGE, "sluice_load_tasks_running", "Loads and programs that run now", NULL);
    figures->slowed =
        metrics_declare(metrics, METRIC_COUNTER, "sluice_load_slowed_total",
                        "Loads that got less than their rate, because -max-rate is for all together", by_canary);
    figures->wanted = metrics_declare(metrics, METRIC_GAUGE, "sluice_load_rate_wanted",
                                      "Requests per second that the loads that run want together", NULL);
    figures_running(figures, 0, 0);
    return figures;
}

static void canary_fini(struct canary *canary)
{
    str_free(&canary->namespace);
    str_free(&canary->name);
}

void figures_free(struct figures *figures)
{
    for (size_t i = 0; i < figures->canary_count; i++) {
        canary_fini(&figures->canaries[i]);
    }
    metrics_free(figures->metrics);
    mem_free(figures);
}

static struct canary take_out(struct figures *figures, size_t i)
{
    struct canary canary = figures->canaries[i];
    figures->canary_count--;
    memmove(&figures->canaries[i], &figures->canaries[i + 1],
            (figures->canary_count - i) * sizeof figures->canaries[0]);
    return canary;
}

static void forget_oldest(struct figures *figures)
{
    struct canary canary = take_out(figures, 0);
    metric_remove_matching(figures->requests, (const char *const[]){canary.namespace, canary.name, NULL});
    metric_remove_matching(figures->durations, (const char *const[]){canary.namespace, canary.name});
    metric_remove_matching(figures->slowed, (const char *const[]){canary.namespace, canary.name});
    metric_remove_matching(figures->tasks, (const char *const[]){canary.namespace, canary.name, NULL, NULL});
    canary_fini(&canary);
}

void figures_begin(struct figures *figures, const char *namespace, const char *name)
{
    size_t i = 0;
    while (i < figures->canary_count &&
           !(str_equal(figures->canaries[i].namespace, namespace) && str_equal(figures->canaries[i].name, name))) {
        i++;
    }
    struct canary canary;
    if (i < figures->canary_count) {
        canary = take_out(figures, i);
    } else {
        canary = (struct canary){.namespace = str_dup(namespace), .name = str_dup(name)};
    }
    if (figures->canary_count == FIGURES_CANARIES_MAX) {
        forget_oldest(figures);
    }
    figures->canaries[figures->canary_count++] = canary;
}

/* A server may answer with any number, so the rare ones are counted by their class. */
static void write_code(int status, char *code, size_t size)
{
    static const int usual[] = {200, 201, 202, 204, 206, 301, 302, 304, 307, 308, 400, 401, 403, 404, 405,
                                408, 409, 410, 412, 413, 415, 422, 425, 429, 499, 500, 501, 502, 503, 504};
    bool is_usual = false;
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++) {
        is_usual = is_usual || usual[i] == status;
    }
    if (is_usual) {
        snprintf(code, size, "%d", status);
    } else if (status >= 100 && status < 600) {
        snprintf(code, size, "%dxx", status / 100);
    } else {
        snprintf(code, size, "%s", status > 0 ? "other" : "error");
    }
}

void figures_result(struct figures *figures, const char *namespace, const char *name, int status, int64_t took_us)
{
    char code[16];
    write_code(status, code, sizeof code);
    metric_add(figures->requests, (const char *const[]){namespace, name, code}, 1);
    if (status > 0) {
        metric_observe(figures->durations, (const char *const[]){namespace, name}, (double)took_us / 1e6);
    }
}

void figures_task(struct figures *figures, const char *namespace, const char *name, const char *type,
                  const char *outcome)
{
    metric_add(figures->tasks, (const char *const[]){namespace, name, type, outcome}, 1);
}

void figures_slowed(struct figures *figures, const char *namespace, const char *name)
{
    metric_add(figures->slowed, (const char *const[]){namespace, name}, 1);
}

void figures_running(struct figures *figures, size_t tasks, double rate)
{
    metric_set(figures->running, NULL, (double)tasks);
    metric_set(figures->wanted, NULL, rate);
}

void figures_write(const struct figures *figures, struct buf *out)
{
    metrics_write(figures->metrics, out);
}
