#include "prom/metrics.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "base/str.h"
#include "prom/usage.h"

#define uthash_malloc(size) mem_alloc(size)
#define uthash_free(p, size) mem_free(p)
#include <uthash.h>

enum { LABEL_MAX = 8, BUCKET_COUNT = 11, KEY_MAX = 8 * 1024 * 1024 /* no object of a cluster is that long */ };

static const double bounds[BUCKET_COUNT] = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};

struct histogram {
    uint64_t count;
    uint64_t buckets[BUCKET_COUNT]; /* not cumulative */
};

/* A few stand for each Canary at rest, so they are small. */
struct series {
    UT_hash_handle hh;
    double value; /* of a histogram: the sum */
    struct histogram *histogram;
    size_t key_len;
    char key[]; /* the label values, each with its NUL */
};

struct metric_family {
    struct metric_family *next;
    enum metric_type type;
    const char *name, *help;
    const char *labels[LABEL_MAX];
    size_t label_count;
    struct series *series;
};

struct metrics {
    struct metric_family *first, **last;
};

/* --- families --- */

struct metrics *metrics_new(void)
{
    struct metrics *metrics = mem_new(struct metrics);
    metrics->last = &metrics->first;
    return metrics;
}

static void series_drop(struct metric_family *family, struct series *series)
{
    HASH_DEL(family->series, series);
    mem_free(series->histogram);
    mem_free(series);
}

void metrics_free(struct metrics *metrics)
{
    if (metrics == NULL) {
        return;
    }
    struct metric_family *next;
    for (struct metric_family *family = metrics->first; family != NULL; family = next) {
        next = family->next;
        metric_remove(family, NULL, NULL);
        mem_free(family);
    }
    mem_free(metrics);
}

struct metric_family *metrics_declare(struct metrics *metrics, enum metric_type type, const char *name,
                                      const char *help, const char *const *labels)
{
    struct metric_family *family = mem_new(struct metric_family);
    family->type = type;
    family->name = name;
    family->help = help;
    for (; labels != NULL && labels[family->label_count] != NULL; family->label_count++) {
        assert(family->label_count < LABEL_MAX);
        family->labels[family->label_count] = labels[family->label_count];
    }
    *metrics->last = family;
    metrics->last = &family->next;
    return family;
}

/* --- series --- */

/* The values end to end, each with its NUL, so that no two lists make the same key. */
static char *key_of(const struct metric_family *family, const char *const *values, size_t *len)
{
    struct buf key;
    buf_init(&key, KEY_MAX);
    for (size_t i = 0; i < family->label_count; i++) {
        assert(values[i] != NULL);
        buf_append(&key, values[i], strlen(values[i]) + 1);
    }
    assert(!key.overflow);
    *len = key.len;
    return buf_take(&key);
}

static struct series *series_find(const struct metric_family *family, const char *key, size_t len)
{
    struct series *series;
    HASH_FIND(hh, family->series, key, len, series);
    return series;
}

static struct series *series_ensure(struct metric_family *family, const char *const *values)
{
    size_t len;
    char *key = key_of(family, values, &len);
    struct series *series = series_find(family, key, len);
    if (series == NULL) {
        series = mem_alloc(sizeof *series + len);
        memcpy(series->key, key, len);
        series->key_len = len;
        series->histogram = family->type == METRIC_HISTOGRAM ? mem_new(struct histogram) : NULL;
        HASH_ADD_KEYPTR(hh, family->series, series->key, series->key_len, series);
    }
    mem_free(key);
    return series;
}

void metric_set(struct metric_family *family, const char *const *values, double value)
{
    assert(family->type == METRIC_GAUGE);
    series_ensure(family, values)->value = value;
}

void metric_add(struct metric_family *family, const char *const *values, double delta)
{
    assert(family->type == METRIC_GAUGE || (family->type == METRIC_COUNTER && delta >= 0));
    series_ensure(family, values)->value += delta;
}

void metric_observe(struct metric_family *family, const char *const *values, double value)
{
    assert(family->type == METRIC_HISTOGRAM);
    struct series *series = series_ensure(family, values);
    series->value += value;
    series->histogram->count++;
    for (size_t i = 0; i < BUCKET_COUNT; i++) {
        if (value <= bounds[i]) {
            series->histogram->buckets[i]++;
            return;
        }
    }
}

void metric_prepare(struct metric_family *family, const char *const *values)
{
    series_ensure(family, values);
}

static bool matches(const struct metric_family *family, const struct series *series, const char *const *values)
{
    const char *at = series->key;
    for (size_t i = 0; i < family->label_count; i++, at += strlen(at) + 1) {
        if (values[i] != NULL && strcmp(values[i], at) != 0) {
            return false;
        }
    }
    return true;
}

void metric_drop(struct metric_family *family, const char *const *values)
{
    size_t len;
    char *key = key_of(family, values, &len);
    struct series *series = series_find(family, key, len);
    mem_free(key);
    if (series != NULL) {
        series_drop(family, series);
    }
}

void metric_remove_matching(struct metric_family *family, const char *const *values)
{
    struct series *series, *next;
    HASH_ITER(hh, family->series, series, next)
    {
        if (matches(family, series, values)) {
            series_drop(family, series);
        }
    }
}

size_t metric_count(const struct metric_family *family, const char *const *values)
{
    size_t count = 0;
    for (const struct series *series = family->series; series != NULL; series = series->hh.next) {
        count += matches(family, series, values);
    }
    return count;
}

void metric_remove(struct metric_family *family, const char *name, const char *value)
{
    const char *values[LABEL_MAX] = {0};
    bool known = value == NULL;
    for (size_t i = 0; value != NULL && i < family->label_count; i++) {
        if (strcmp(family->labels[i], name) == 0) {
            values[i] = value;
            known = true;
        }
    }
    assert(known);
    (void)known;
    metric_remove_matching(family, values);
}

bool metric_read(const struct metric_family *family, const char *const *values, double *out)
{
    size_t len;
    char *key = key_of(family, values, &len);
    const struct series *series = series_find(family, key, len);
    mem_free(key);
    if (series == NULL) {
        return false;
    }
    *out = series->value;
    return true;
}

/* --- text --- */

static void write_escaped(struct buf *out, const char *s, bool quotes)
{
    for (; *s != '\0'; s++) {
        if (*s == '\\') {
            buf_append_str(out, "\\\\");
        } else if (*s == '\n') {
            buf_append_str(out, "\\n");
        } else if (*s == '"' && quotes) {
            buf_append_str(out, "\\\"");
        } else {
            buf_append_char(out, *s);
        }
    }
}

static void write_head(struct buf *out, const struct metric_family *family)
{
    static const char *const types[] = {
        [METRIC_GAUGE] = "gauge", [METRIC_COUNTER] = "counter", [METRIC_HISTOGRAM] = "histogram"};
    buf_printf(out, "# HELP %s ", family->name);
    write_escaped(out, family->help, false);
    buf_printf(out, "\n# TYPE %s %s\n", family->name, types[family->type]);
}

/* `le`: the bound of a bucket, NULL: none. */
static void write_labels(struct buf *out, const struct metric_family *family, const struct series *series,
                         const char *le)
{
    if (family->label_count == 0 && le == NULL) {
        return;
    }
    char before = '{';
    const char *value = series->key;
    for (size_t i = 0; i < family->label_count; i++, value += strlen(value) + 1) {
        buf_append_char(out, before);
        buf_printf(out, "%s=\"", family->labels[i]);
        write_escaped(out, value, true);
        buf_append_char(out, '"');
        before = ',';
    }
    if (le != NULL) {
        buf_printf(out, "%cle=\"%s\"", before, le);
    }
    buf_append_char(out, '}');
}

static void write_sample(struct buf *out, const struct metric_family *family, const struct series *series,
                         const char *suffix, const char *le, double value)
{
    char number[32];
    number_write(value, number);
    buf_printf(out, "%s%s", family->name, suffix);
    write_labels(out, family, series, le);
    buf_printf(out, " %s\n", number);
}

static void write_histogram(struct buf *out, const struct metric_family *family, const struct series *series)
{
    uint64_t below = 0;
    for (size_t i = 0; i < BUCKET_COUNT; i++) {
        char le[32];
        number_write(bounds[i], le);
        below += series->histogram->buckets[i];
        write_sample(out, family, series, "_bucket", le, (double)below);
    }
    write_sample(out, family, series, "_bucket", "+Inf", (double)series->histogram->count);
    write_sample(out, family, series, "_sum", NULL, series->value);
    write_sample(out, family, series, "_count", NULL, (double)series->histogram->count);
}

static int by_labels(const struct series *a, const struct series *b)
{
    size_t len = a->key_len < b->key_len ? a->key_len : b->key_len;
    int order = memcmp(a->key, b->key, len);
    return order != 0 ? order : (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

/* A family without series is left out, as the client libraries do. */
static void write_family(struct buf *out, struct metric_family *family)
{
    if (family->series == NULL) {
        return;
    }
    HASH_SORT(family->series, by_labels);
    write_head(out, family);
    for (const struct series *series = family->series; series != NULL; series = series->hh.next) {
        if (family->type == METRIC_HISTOGRAM) {
            write_histogram(out, family, series);
        } else {
            write_sample(out, family, series, "", NULL, series->value);
        }
    }
}

void metrics_write(const struct metrics *metrics, struct buf *out)
{
    for (struct metric_family *family = metrics->first; family != NULL; family = family->next) {
        write_family(out, family);
    }
    usage_write(out);
}
