/* Durations and times as Go and Kubernetes write them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Go's time.ParseDuration ("1m30s", "500ms", "1.5h"); nanoseconds. */
bool duration_parse(const char *s, int64_t *ns, struct err *err);
/* Go's Duration.String ("1.515s", "1m0s", "0s"). */
void duration_write(int64_t ns, char out[static 32]);

/* "2026-03-11T08:15:07Z" from milliseconds since the epoch; fractions are dropped, as metav1.Time does. */
void time_write(int64_t wall_ms, char out[static 32]);
/* With milliseconds: "2026-03-11T08:15:07.123Z". */
void time_write_milli(int64_t wall_ms, char out[static 32]);
/* With microseconds, as metav1.MicroTime (Leases): "2026-03-11T08:15:07.000000Z". */
void time_write_micro(int64_t wall_ms, char out[static 32]);
/* RFC 3339 with any fraction and offset. */
bool time_parse(const char *s, int64_t *wall_ms, struct err *err);
