/* Structured logs: one JSON object per line on stderr, with the keys Flagger's logs have: level, ts (ISO 8601), caller,
 * msg and, on lines about one canary, canary ("name.namespace"). */
#pragma once

#include <stdarg.h>
#include <stdbool.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_FATAL };

/* debug, info, warn, error, fatal, panic; anything else means info (as in Flagger). */
enum log_level log_level_parse(const char *s);
bool log_level_is(const char *s); /* one of those words, or "warning", which means info, too */
void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);
/* "json" (default) or console (tab-separated for people). */
void log_set_console(bool console);

/* Where lines go instead of stderr (tests); NULL restores stderr. The line has no newline. */
typedef void log_sink_fn(void *ctx, const char *line);
void log_set_sink(log_sink_fn *sink, void *ctx);
/* A sink that drops all lines. */
log_sink_fn log_drop;

void log_write(enum log_level level, const char *file, int line, const char *canary, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* `canary` is "name.namespace" or NULL. */
#define log_debug(canary, ...) log_write(LOG_DEBUG, __FILE__, __LINE__, (canary), __VA_ARGS__)
#define log_info(canary, ...) log_write(LOG_INFO, __FILE__, __LINE__, (canary), __VA_ARGS__)
#define log_warn(canary, ...) log_write(LOG_WARN, __FILE__, __LINE__, (canary), __VA_ARGS__)
#define log_error(canary, ...) log_write(LOG_ERROR, __FILE__, __LINE__, (canary), __VA_ARGS__)
