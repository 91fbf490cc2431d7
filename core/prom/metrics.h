/* Our own metrics, in Prometheus' text format (version 0.0.4). */
#pragma once

#include <stdint.h>

#include "base/buf.h"

struct metrics;

enum metric_type {
    METRIC_GAUGE,
    METRIC_COUNTER,
    METRIC_HISTOGRAM /* the client libraries' default buckets, .005 to 10 s */
};

struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

/* Declares a family; `labels` is a NULL-terminated list of label names in order. Name, help
 * and label names are static text (the list itself is copied). */
struct metric_family;
struct metric_family *metrics_declare(struct metrics *metrics, enum metric_type type, const char *name,
                                      const char *help, const char *const *labels);

/* `values`: one per label, in order. */
void metric_set(struct metric_family *family, const char *const *values, double value);
void metric_add(struct metric_family *family, const char *const *values, double delta);
void metric_observe(struct metric_family *family, const char *const *values, double value);
/* Makes a series of 0, unless it is there. */
void metric_prepare(struct metric_family *family, const char *const *values);
/* Drops the one series with these values, if it is there. */
void metric_drop(struct metric_family *family, const char *const *values);
/* Drops every series whose label `name` has this value (a deleted canary). NULL value: all. */
void metric_remove(struct metric_family *family, const char *name, const char *value);
/* Drops every series with these values, one per label; NULL: any. */
void metric_remove_matching(struct metric_family *family, const char *const *values);
/* How many series have these values; NULL: any. */
size_t metric_count(const struct metric_family *family, const char *const *values);
/* Reads one back (a histogram: its sum); false when there is no such series. */
bool metric_read(const struct metric_family *family, const char *const *values, double *out);

/* All families in the order of declaration, series sorted by labels; besides process_resident_memory_bytes,
 * process_cpu_seconds_total, process_start_time_seconds, process_open_fds. */
void metrics_write(const struct metrics *metrics, struct buf *out);
