/* A workload's history is a list of steps, each valid until the next. Steps that ended longer ago than is kept are
 * forgotten. Noise is drawn per slot of time, not per question, so that windows agree: two halves of a window count as
 * much as the whole. */
#include "sim/traffic/rates.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/ground/noise.h"

#define uthash_malloc(size) mem_alloc(size)
#define uthash_free(p, size) mem_free(p)
#include <uthash.h>

enum { SLOT_MS = 5000 };

/* Over a window of a minute, twelve slots, these make half a per cent to one. */
static const double NOISE_REQUESTS = .02, NOISE_ERRORS = .03, NOISE_LATENCY = .02;

struct step {
    int64_t from_ms;
    struct rate rate;
    bool has_successes, has_failures; /* counters that stand there */
};

struct source {
    const void *id;
    struct rate rate;
};

struct rates_workload {
    UT_hash_handle hh;
    char *key, *namespace, *name; /* key: "namespace/name" */
    uint64_t place;
    struct source *sources;
    size_t source_count;
    struct step *steps;
    size_t step_count, step_capacity;
    struct rates_workload *next_touched;
    bool is_touched;
};

struct rates {
    struct clock *clock;
    uint64_t seed;
    struct rates_workload *workloads, *touched;
};

/* --- life --- */

struct rates *rates_new(struct clock *clock, uint64_t seed)
{
    struct rates *rates = mem_new(struct rates);
    rates->clock = clock;
    rates->seed = seed;
    return rates;
}

void rates_free(struct rates *rates)
{
    struct rates_workload *workload, *next;
    if (rates == NULL) {
        return;
    }
    HASH_ITER(hh, rates->workloads, workload, next)
    {
        HASH_DEL(rates->workloads, workload);
        str_free(&workload->key);
        str_free(&workload->namespace);
        str_free(&workload->name);
        mem_free(workload->sources);
        mem_free(workload->steps);
        mem_free(workload);
    }
    mem_free(rates);
}

static struct rates_workload *find_workload(const struct rates *rates, const char *namespace, const char *name)
{
    struct rates_workload *workload;
    char *key = str_format("%s/%s", namespace, name);
    HASH_FIND_STR(rates->workloads, key, workload);
    mem_free(key);
    return workload;
}

struct rates_workload *rates_workload(struct rates *rates, const char *namespace, const char *name)
{
    struct rates_workload *workload = find_workload(rates, namespace, name);
    if (workload != NULL) {
        return workload;
    }
    workload = mem_new(struct rates_workload);
    workload->key = str_format("%s/%s", namespace, name);
    workload->namespace = str_dup(namespace);
    workload->name = str_dup(name);
    workload->place = noise_place(workload->key);
    HASH_ADD_KEYPTR(hh, rates->workloads, workload->key, strlen(workload->key), workload);
    return workload;
}

void rates_each(const struct rates *rates, traffic_each_fn *each, void *ctx)
{
    for (const struct rates_workload *workload = rates->workloads; workload != NULL; workload = workload->hh.next) {
        each(ctx, workload->namespace, workload->name);
    }
}

/* --- sources --- */

static void touch(struct rates *rates, struct rates_workload *workload)
{
    if (workload->is_touched) {
        return;
    }
    workload->is_touched = true;
    workload->next_touched = rates->touched;
    rates->touched = workload;
}

void rates_touch(struct rates *rates, const char *key)
{
    struct rates_workload *workload;
    HASH_FIND_STR(rates->workloads, key, workload);
    if (workload != NULL) {
        touch(rates, workload);
    }
}

void rates_add(struct rates *rates, struct rates_workload *workload, const void *source, struct rate rate)
{
    workload->sources = mem_resize(workload->sources, (workload->source_count + 1) * sizeof(struct source));
    workload->sources[workload->source_count++] = (struct source){source, rate};
    touch(rates, workload);
}

void rates_remove(struct rates *rates, struct rates_workload *workload, const void *source)
{
    size_t kept = 0;
    for (size_t i = 0; i < workload->source_count; i++) {
        if (workload->sources[i].id != source) {
            workload->sources[kept++] = workload->sources[i];
        }
    }
    workload->source_count = kept;
    touch(rates, workload);
}

/* Shares and latencies weigh as much as the requests they belong to. */
static struct rate sum_of(const struct rates_workload *workload)
{
    struct rate sum = {0};
    for (size_t i = 0; i < workload->source_count; i++) {
        const struct rate *each = &workload->sources[i].rate;
        double requests = sum.requests + each->requests, part = requests > 0 ? each->requests / requests : 0;
        sum.errors += part * (each->errors - sum.errors);
        sum.latency_ms += part * (each->latency_ms - sum.latency_ms);
        sum.latency_p99_ms += part * (each->latency_p99_ms - sum.latency_p99_ms);
        sum.requests = requests;
    }
    return sum;
}

/* --- steps --- */

static bool step_is(const struct step *step, const struct step *other)
{
    return step->rate.requests == other->rate.requests && step->rate.errors == other->rate.errors &&
           step->rate.latency_ms == other->rate.latency_ms && step->rate.latency_p99_ms == other->rate.latency_p99_ms &&
           step->has_successes == other->has_successes && step->has_failures == other->has_failures;
}

static void forget_old(struct rates_workload *workload, int64_t now_ms)
{
    size_t old = 0;
    while (old + 1 < workload->step_count && workload->steps[old + 1].from_ms <= now_ms - RATES_KEPT_MS) {
        old++;
    }
    if (old == 0) {
        return;
    }
    workload->step_count -= old;
    memmove(workload->steps, workload->steps + old, workload->step_count * sizeof(struct step));
}

static struct step *push_step(struct rates_workload *workload)
{
    if (workload->step_count == workload->step_capacity) {
        workload->step_capacity = workload->step_capacity * 2 + 4;
        workload->steps = mem_resize(workload->steps, workload->step_capacity * sizeof(struct step));
    }
    return &workload->steps[workload->step_count++];
}

/* A step that lasted no time was seen by nobody: it is replaced and hands nothing on. */
static void settle(struct rates_workload *workload, int64_t now_ms, bool has_pods)
{
    while (workload->step_count > 0 && workload->steps[workload->step_count - 1].from_ms == now_ms) {
        workload->step_count--;
    }
    const struct step *last = workload->step_count > 0 ? &workload->steps[workload->step_count - 1] : NULL;
    struct step step = {.from_ms = now_ms, .rate = sum_of(workload)};
    bool answers = step.rate.requests > 0;
    step.has_successes = has_pods && ((last != NULL && last->has_successes) || (answers && step.rate.errors < 1));
    step.has_failures = has_pods && ((last != NULL && last->has_failures) || (answers && step.rate.errors > 0));
    if (last != NULL && step_is(last, &step)) {
        return;
    }
    forget_old(workload, now_ms);
    *push_step(workload) = step;
}

void rates_settle(struct rates *rates, rates_has_pods_fn *has_pods, void *ctx)
{
    int64_t now_ms = clock_mono_ms(rates->clock);
    while (rates->touched != NULL) {
        struct rates_workload *workload = rates->touched;
        rates->touched = workload->next_touched;
        workload->is_touched = false;
        settle(workload, now_ms, has_pods(ctx, workload->namespace, workload->name));
    }
}

/* --- windows --- */

enum noise_kind { NOISE_OF_REQUESTS, NOISE_OF_ERRORS, NOISE_OF_LATENCY };

static double noise_of(const struct rates *rates, const struct rates_workload *workload, enum noise_kind kind,
                       int64_t slot)
{
    return noise_at(rates->seed + kind, workload->place, slot);
}

/* Within one step and one slot. The noise of errors fades towards shares of 0 and 1, which stay what they are. */
static void count_slot(const struct rates *rates, const struct rates_workload *workload, const struct rate *rate,
                       int64_t slot, int64_t ms, struct traffic_count *count)
{
    double noise = 1 + NOISE_REQUESTS * noise_of(rates, workload, NOISE_OF_REQUESTS, slot);
    double requests = rate->requests * (double)ms / 1000 * noise;
    double more = NOISE_ERRORS * noise_of(rates, workload, NOISE_OF_ERRORS, slot) * (1 - rate->errors);
    double slower = 1 + NOISE_LATENCY * noise_of(rates, workload, NOISE_OF_LATENCY, slot);
    count->requests += requests;
    count->errors += requests * rate->errors * (1 + more);
    count->latency_ms += requests * rate->latency_ms * slower;
    count->latency_p99_ms += requests * rate->latency_p99_ms * slower;
}

static void count_step(const struct rates *rates, const struct rates_workload *workload, const struct step *step,
                       int64_t from_ms, int64_t to_ms, struct traffic_count *count)
{
    if (from_ms >= to_ms) {
        return;
    }
    count->has_successes |= step->has_successes;
    count->has_failures |= step->has_failures;
    while (from_ms < to_ms && step->rate.requests > 0) {
        int64_t slot = from_ms / SLOT_MS, end_ms = (slot + 1) * SLOT_MS;
        if (end_ms > to_ms) {
            end_ms = to_ms;
        }
        count_slot(rates, workload, &step->rate, slot, end_ms - from_ms, count);
        from_ms = end_ms;
    }
}

struct traffic_count rates_count(const struct rates *rates, const char *namespace, const char *name, int64_t ago_ms,
                                 int64_t window_ms)
{
    const struct rates_workload *workload = find_workload(rates, namespace, name);
    int64_t now_ms = clock_mono_ms(rates->clock), to_ms = now_ms - ago_ms;
    int64_t from_ms = to_ms - (window_ms < RATES_WINDOW_MAX_MS ? window_ms : RATES_WINDOW_MAX_MS);
    struct traffic_count count = {0};
    for (size_t i = 0; workload != NULL && i < workload->step_count; i++) {
        const struct step *step = &workload->steps[i];
        int64_t end_ms = i + 1 < workload->step_count ? step[1].from_ms : now_ms;
        count_step(rates, workload, step, step->from_ms > from_ms ? step->from_ms : from_ms,
                   end_ms < to_ms ? end_ms : to_ms, &count);
    }
    count.latency_ms = count.requests > 0 ? count.latency_ms / count.requests : NAN;
    count.latency_p99_ms = count.requests > 0 ? count.latency_p99_ms / count.requests : NAN;
    return count;
}
