/* What the files of gauges share: gauges.c counts what happens, gauges_canary.c shows what a Canary says. */
#pragma once

#include "notify/gauges.h"

#define VALUES(...) ((const char *const[]){__VA_ARGS__})

enum { GAUGES_LABELS = 8 };

/* Replaces the labels behind name and namespace, up to the `count`th, by "other" where a Canary has too many series
 * for another one: scripts and specs choose such labels. */
void gauges_bound(const struct metric_family *family, const char **values, size_t count);
