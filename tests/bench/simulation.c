/* What an embedded cluster with the engine on it costs, and how that grows with the number of canaries.
 *
 *   bench_simulation [--counts 1,10,100,1000]
 *
 * For each count, in a process of its own, so that its memory is its own: that many Deployments with a Canary each and
 * ten requests per second to each, until all are Initialized; an hour at rest; then a new image for all at once, until
 * all are Succeeded. Nothing is asserted. Seconds are of CPU, virtual ones apart. Beside each figure stands how it grew
 * against the count before: per canary where it should be the same for each (1.00: linear). Build it as a release. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "io/virtual_clock.h"
#include "lab/stage.h"

#define BEGIN_MS INT64_C(1773216907000)
#define HOUR_MS INT64_C(3600000)
#define MINUTE_MS INT64_C(60000)
#define NAMESPACE "bench"

enum { SEED = 1, REQUESTS_PER_SECOND = 10, SLICE_MS = 5000, COUNTS_MAX = 16 };

/* What a count's process found out; seconds are of CPU. */
struct figures {
    double empty_kib; /* resident, the engine ready and no canary there */
    double init_virtual_s, init_s;
    double rest_virtual_s, rest_s;
    double rollout_virtual_s, rollout_s;
    double requests; /* of the engine while all roll out, beside those that renew its Lease and its watches */
    double peak_kib;
};

struct bench {
    struct virtual_clock *time;
    struct stage stage;
    size_t canaries;
    const char *wanted; /* the phase that is waited for */
    size_t reached;     /* so many canaries have come to it */
    size_t requests;
    double told_s; /* when progress was told last */
};

static const char manifest[] = "apiVersion: apps/v1\n"
                               "kind: Deployment\n"
                               "metadata: {name: %1$s, namespace: " NAMESPACE "}\n"
                               "spec:\n"
                               "  replicas: 1\n"
                               "  selector: {matchLabels: {app: %1$s}}\n"
                               "  template:\n"
                               "    metadata: {labels: {app: %1$s}}\n"
                               "    spec:\n"
                               "      containers:\n"
                               "      - {name: podinfod, image: 'podinfo:3.1.0', ports: [{containerPort: 9898}]}\n"
                               "---\n"
                               "apiVersion: flagger.app/v1beta1\n"
                               "kind: Canary\n"
                               "metadata: {name: %1$s, namespace: " NAMESPACE "}\n"
                               "spec:\n"
                               "  targetRef: {apiVersion: apps/v1, kind: Deployment, name: %1$s}\n"
                               "  service: {port: 9898, hosts: [%1$s.example.com]}\n"
                               "  analysis:\n"
                               "    interval: 1m\n"
                               "    threshold: 5\n"
                               "    maxWeight: 50\n"
                               "    stepWeight: 10\n"
                               "    metrics:\n"
                               "    - {name: request-success-rate, thresholdRange: {min: 99}, interval: 1m}\n"
                               "    - {name: request-duration, thresholdRange: {max: 500}, interval: 30s}\n";

/* --- measuring --- */

/* Of this process: nothing here waits, and what else runs on the machine does not count. */
static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss;
}

static double virtual_seconds(const struct bench *b)
{
    return (double)clock_mono_ms(virtual_clock_clock(b->time)) / 1000;
}

static struct network_fate count_request(void *ctx, const struct http_request *request)
{
    struct bench *b = ctx;
    if (strstr(request->url, "/leases/") == NULL && strstr(request->url, "watch=") == NULL) {
        b->requests++;
    }
    return (struct network_fate){0};
}

static bool is_wanted(const struct bench *b, const struct node *canary)
{
    return b->wanted != NULL && node_is(node_at(canary, "status", "phase"), b->wanted);
}

static void on_change(void *ctx, const struct objects_event *event)
{
    struct bench *b = ctx;
    if (strcmp(event->storage, "flagger.app/canaries") == 0 && is_wanted(b, event->object) &&
        !is_wanted(b, event->before)) {
        b->reached++;
        if (b->reached == b->canaries) {
            virtual_clock_stop(b->time);
        }
    }
}

/* --- what happens --- */

static void tell_progress(struct bench *b, const char *what, double begun_s)
{
    double now_s = cpu_seconds();
    if (now_s - b->told_s > 2) {
        b->told_s = now_s;
        fprintf(stderr, "%zu canaries: %s, %zu there after %.0f virtual seconds\n", b->canaries, what, b->reached,
                virtual_seconds(b) - begun_s);
    }
}

/* For so long, or until every canary is in the phase `wanted` (NULL: none is waited for). */
static bool run_for(struct bench *b, const char *what, const char *wanted, int64_t ms)
{
    double begun_s = virtual_seconds(b);
    int64_t now_ms = clock_mono_ms(virtual_clock_clock(b->time)), end_ms = now_ms + ms;
    b->wanted = wanted;
    b->reached = 0;
    while (now_ms < end_ms && (wanted == NULL || b->reached < b->canaries)) {
        now_ms = now_ms + SLICE_MS < end_ms ? now_ms + SLICE_MS : end_ms;
        virtual_clock_run(b->time, now_ms);
        tell_progress(b, what, begun_s);
    }
    return wanted == NULL || b->reached == b->canaries;
}

static void stop(void *ctx)
{
    struct bench *b = ctx;
    virtual_clock_stop(b->time);
}

static bool add_canary(struct bench *b, const char *name, struct err *err)
{
    char *text = str_format(manifest, name), *host = str_format("%s.example.com", name);
    struct doc *objects = yaml_parse_all("manifest", text, strlen(text), err);
    bool ok = objects != NULL && cluster_create(b->stage.cluster, doc_root(objects), err);
    traffic_flow(cluster_traffic(b->stage.cluster), host, REQUESTS_PER_SECOND, NULL);
    doc_free(objects);
    str_free(&host);
    str_free(&text);
    return ok;
}

static bool set_image(struct bench *b, const char *name, struct err *err)
{
    struct api *api = cluster_api(b->stage.cluster);
    const struct kind *kind = kinds_find(api_kinds(api), "apps", "v1", "deployments");
    struct doc *target = objects_get(api_objects(api), kind->storage, NAMESPACE, name);
    struct node *containers = node_at(doc_root(target), "spec", "template", "spec", "containers");
    node_set_str(target, node_item(containers, 0), "image", "podinfo:3.1.1");
    struct doc *updated = api_update(api, kind, NULL, doc_root(target), err);
    bool ok = updated != NULL;
    doc_free(updated);
    doc_free(target);
    return ok;
}

static bool for_each_name(struct bench *b, bool (*act)(struct bench *b, const char *name, struct err *err),
                          struct err *err)
{
    bool ok = true;
    for (size_t i = 0; ok && i < b->canaries; i++) {
        char *name = str_format("app-%05zu", i);
        ok = act(b, name, err);
        str_free(&name);
    }
    return ok;
}

static bool initialise(struct bench *b, struct figures *f, struct err *err)
{
    double begun_s = cpu_seconds(), virtual = virtual_seconds(b);
    if (!for_each_name(b, add_canary, err)) {
        return false;
    }
    if (!run_for(b, "initialising", "Initialized", HOUR_MS)) {
        return err_set(err, ERR_TIMEOUT, "%zu of %zu Canaries were Initialized within an hour", b->reached,
                       b->canaries);
    }
    f->init_virtual_s = virtual_seconds(b) - virtual;
    f->init_s = cpu_seconds() - begun_s;
    return true;
}

static void rest(struct bench *b, struct figures *f)
{
    run_for(b, "coming to rest", NULL, MINUTE_MS);
    double begun_s = cpu_seconds(), virtual = virtual_seconds(b);
    run_for(b, "at rest", NULL, HOUR_MS);
    f->rest_virtual_s = virtual_seconds(b) - virtual;
    f->rest_s = cpu_seconds() - begun_s;
}

static bool roll_out(struct bench *b, struct figures *f, struct err *err)
{
    double begun_s = cpu_seconds(), virtual = virtual_seconds(b);
    b->requests = 0;
    if (!for_each_name(b, set_image, err)) {
        return false;
    }
    if (!run_for(b, "rolling out", "Succeeded", HOUR_MS)) {
        return err_set(err, ERR_TIMEOUT, "%zu of %zu Canaries were Succeeded within an hour", b->reached, b->canaries);
    }
    f->rollout_virtual_s = virtual_seconds(b) - virtual;
    f->rollout_s = cpu_seconds() - begun_s;
    f->requests = (double)b->requests;
    return true;
}

static bool measure(size_t canaries, struct figures *f, struct err *err)
{
    static const char namespace[] = "{apiVersion: v1, kind: Namespace, metadata: {name: " NAMESPACE "}}";
    struct bench b = {.time = virtual_clock_new(BEGIN_MS), .canaries = canaries, .told_s = cpu_seconds()};
    struct doc *objects = yaml_parse_all("namespace", namespace, sizeof namespace - 1, err);
    log_set_sink(log_drop, NULL);
    bool ok = stage_init(&b.stage, virtual_clock_clock(b.time), SEED, err) &&
              cluster_create(b.stage.cluster, doc_root(objects), err);
    if (ok) {
        network_fates(cluster_network(b.stage.cluster), count_request, &b);
        objects_listen(api_objects(cluster_api(b.stage.cluster)), on_change, &b);
        stage_start_engine(&b.stage, "sluice", stop, &b);
        run_for(&b, "starting", NULL, MINUTE_MS);
        f->empty_kib = peak_kib();
        ok = initialise(&b, f, err);
    }
    if (ok) {
        rest(&b, f);
        ok = roll_out(&b, f, err);
    }
    f->peak_kib = peak_kib();
    stage_close_engine(&b.stage);
    run_for(&b, "ending", NULL, MINUTE_MS);
    stage_fini(&b.stage);
    virtual_clock_free(b.time);
    doc_free(objects);
    return ok;
}

/* In a child, which writes the figures into a pipe. */
static bool measure_apart(size_t canaries, struct figures *f)
{
    int ends[2], status = 1;
    if (pipe(ends) != 0) {
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        struct err err = {0};
        mem_init();
        bool ok = measure(canaries, f, &err);
        if (!ok) {
            fprintf(stderr, "bench_simulation: %s\n", err.text);
        }
        _exit(ok && write(ends[1], f, sizeof *f) == (ssize_t)sizeof *f ? 0 : 1);
    }
    close(ends[1]);
    bool ok = read(ends[0], f, sizeof *f) == (ssize_t)sizeof *f;
    close(ends[0]);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0 && ok;
}

/* --- the table --- */

enum { ROWS = 11 };

struct row {
    const char *name;
    double value;
    double each; /* what should be the same whatever the count; 0: nothing should */
};

static void make_rows(struct row rows[static ROWS], size_t canaries, const struct figures *f)
{
    double n = (double)canaries, grown_kib = f->peak_kib - f->empty_kib;
    const struct row all[ROWS] = {
        {"all Initialized, virtual s", f->init_virtual_s, f->init_virtual_s},
        {"all Initialized, CPU s", f->init_s, f->init_s / n},
        {"at rest, virtual s per CPU s", f->rest_virtual_s / f->rest_s, 0},
        {"at rest, CPU us per virtual s", f->rest_s / f->rest_virtual_s * 1e6, f->rest_s / n},
        {"rolling out, virtual s", f->rollout_virtual_s, f->rollout_virtual_s},
        {"rolling out, virtual s per CPU s", f->rollout_virtual_s / f->rollout_s, 0},
        {"rolling out, CPU s", f->rollout_s, f->rollout_s / n},
        {"releases per CPU s", n / f->rollout_s, f->rollout_s / n},
        {"requests per release", f->requests / n, f->requests / n},
        {"peak memory, MiB", f->peak_kib / 1024, 0},
        {"memory per canary, KiB", grown_kib / n, grown_kib / n},
    };
    memcpy(rows, all, sizeof all);
}

static void print_table(const size_t *counts, const struct figures *figures, size_t count)
{
    struct row rows[COUNTS_MAX][ROWS];
    printf("%-32s", "canaries");
    for (size_t i = 0; i < count; i++) {
        make_rows(rows[i], counts[i], &figures[i]);
        printf("  %10zu %6s", counts[i], i > 0 ? "growth" : "");
    }
    for (size_t r = 0; r < ROWS; r++) {
        printf("\n%-32s", rows[0][r].name);
        for (size_t i = 0; i < count; i++) {
            printf("  %10.2f ", rows[i][r].value);
            if (i > 0 && rows[i][r].each > 0) {
                printf("%6.2f", rows[i][r].each / rows[i - 1][r].each);
            } else {
                printf("%6s", "");
            }
        }
    }
    printf("\n");
}

static size_t parse_counts(const char *text, size_t counts[static COUNTS_MAX])
{
    size_t count = 0;
    char *end = (char *)(uintptr_t)text;
    for (const char *at = text; count < COUNTS_MAX; at = end + 1) {
        counts[count] = strtoul(at, &end, 10);
        if (counts[count] == 0 || (*end != ',' && *end != '\0')) {
            return 0;
        }
        count++;
        if (*end == '\0') {
            return count;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    size_t counts[COUNTS_MAX];
    struct figures figures[COUNTS_MAX] = {0};
    size_t count = parse_counts(argc == 3 && strcmp(argv[1], "--counts") == 0 ? argv[2] : "1,10,100,1000", counts);
    if (count == 0 || (argc != 1 && argc != 3) || (argc == 3 && strcmp(argv[1], "--counts") != 0)) {
        fprintf(stderr, "usage: bench_simulation [--counts 1,10,100,1000]\n");
        return 2;
    }
    for (size_t i = 0; i < count; i++) {
        if (!measure_apart(counts[i], &figures[i])) {
            return 1;
        }
        print_table(counts, figures, i + 1);
    }
    return 0;
}
