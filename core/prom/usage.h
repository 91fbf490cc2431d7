/* The process_* metrics that every Prometheus client exports, read from /proc/self. */
#pragma once

#include "base/buf.h"

/* Appends the metrics in text format, without those that the system does not tell. */
void usage_write(struct buf *out);
