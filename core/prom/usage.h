/* The process_* metrics that every Prometheus client exports, read from /proc/self. */
#pragma once

#include "base/buf.h"

/* Appends them in text format; what the system does not tell is left out. */
void usage_write(struct buf *out);
