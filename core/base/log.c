#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/duration.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

enum { LINE_SIZE_MAX = 64 * 1024, MESSAGE_SIZE_MAX = 8 * 1024 };

static const char *const level_names[] = {"debug", "info", "warn", "error", "fatal"};
static enum log_level level_min = LOG_INFO;
static bool console;
static log_sink_fn *sink;
static void *sink_ctx;

enum log_level log_level_parse(const char *s)
{
    for (int i = LOG_DEBUG; i <= LOG_FATAL; i++) {
        if (str_equal(s, level_names[i])) {
            return (enum log_level)i;
        }
    }
    return str_equal(s, "panic") ? LOG_FATAL : LOG_INFO;
}

bool log_level_is(const char *s)
{
    return log_level_parse(s) != LOG_INFO || str_equal(s, level_names[LOG_INFO]) || str_equal(s, "warning");
}

void log_set_level(enum log_level level)
{
    level_min = level;
}

bool log_enabled(enum log_level level)
{
    return level >= level_min;
}

void log_set_console(bool on)
{
    console = on;
}

void log_set_sink(log_sink_fn *fn, void *ctx)
{
    sink = fn;
    sink_ctx = ctx;
}

void log_drop(void *ctx, const char *line)
{
}

static void write_now(char out[static 32])
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    time_write_milli((int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, out);
}

/* The control character at the start of `s`, as JSON writes it. */
static void append_escaped(struct buf *b, const char *s, size_t len)
{
    static const char named[] = "\n\r\t", letters[] = "nrt";
    const char *found = strchr(named, *s);
    if (found != NULL) {
        buf_printf(b, "\\%c", letters[found - named]);
    } else {
        buf_printf(b, "\\u%04x", utf8_code(s, len));
    }
}

/* `s` in one line that no terminal obeys: whatever a message quotes, the next line of the log is ours. What is no UTF-8
 * becomes U+FFFD. `quotes`: what JSON does not have in a string is escaped, too. */
static void append_text(struct buf *b, const char *s, bool quotes)
{
    size_t len = strlen(s);
    for (size_t at = 0; at < len;) {
        size_t n = utf8_char(s + at, len - at);
        if (n > 0 && utf8_is_control(s + at, n)) {
            append_escaped(b, s + at, n);
        } else {
            bool is_quoted = quotes && (s[at] == '"' || s[at] == '\\');
            buf_append_str(b, is_quoted ? "\\" : "");
            utf8_append_clean(b, s + at, n > 0 ? n : 1);
        }
        at += n > 0 ? n : 1;
    }
}

/* Every line is valid JSON, whatever `s` is. */
static void append_json(struct buf *b, const char *s)
{
    buf_append_char(b, '"');
    append_text(b, s, true);
    buf_append_char(b, '"');
}

static void append_field(struct buf *b, const char *name, const char *value)
{
    buf_printf(b, "%s\"%s\":", b->len ? "," : "{", name);
    append_json(b, value);
}

static void build_json(struct buf *b, enum log_level level, const char *ts, const char *caller, const char *canary,
                       const char *message)
{
    append_field(b, "level", level_names[level]);
    append_field(b, "ts", ts);
    append_field(b, "caller", caller);
    append_field(b, "msg", message);
    if (canary != NULL) {
        append_field(b, "canary", canary);
    }
    buf_append_char(b, '}');
}

static void build_console(struct buf *b, enum log_level level, const char *ts, const char *caller, const char *canary,
                          const char *message)
{
    buf_printf(b, "%s\t%s\t%s\t", ts, level_names[level], caller);
    append_text(b, message, false);
    if (canary != NULL) {
        buf_append_str(b, "\t{\"canary\": ");
        append_json(b, canary);
        buf_append_char(b, '}');
    }
}

static void emit(const struct buf *line)
{
    if (sink != NULL) {
        sink(sink_ctx, buf_str(line));
        return;
    }
    fwrite(buf_str(line), 1, line->len, stderr);
    fputc('\n', stderr);
}

void log_write(enum log_level level, const char *file, int line, const char *canary, const char *format, ...)
{
    if (!log_enabled(level)) {
        return;
    }
    va_list args;
    va_start(args, format);
    char *message = str_format_v(format, args);
    va_end(args);
    /* Cut before it is escaped: six bytes for one at the worst, which always fits the line's ceiling. */
    if (strlen(message) > MESSAGE_SIZE_MAX) {
        message[utf8_floor(message, MESSAGE_SIZE_MAX)] = '\0';
    }

    char ts[32];
    write_now(ts);
    char caller[256];
    snprintf(caller, sizeof caller, "%s:%d", file, line);
    struct buf b;
    buf_init(&b, LINE_SIZE_MAX);
    if (console) {
        build_console(&b, level, ts, caller, canary, message);
    } else {
        build_json(&b, level, ts, caller, canary, message);
    }
    emit(&b);
    buf_fini(&b);
    mem_free(message);
}
