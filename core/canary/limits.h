/* What the scripts of a release may use: memory, time, questions, messages. From one table come the engine's flags,
 * which say the most that there is, the fields of spec.limits, in which a Strategy or a Check may ask for less, and the
 * record of a Release, which keeps what it began with. */
#pragma once

#include "base/doc.h"
#include "base/err.h"
#include "base/str.h"

enum limit_unit { LIMIT_BYTES, LIMIT_MS, LIMIT_NUMBER };

/* X(id, field, flag, its value for a shell, default, unit, least, most, what it bounds) */
#define LIMITS(X)                                                                                                      \
    X(MEMORY, "memory", "script-memory", "SIZE", "8Mi", LIMIT_BYTES, 1024 * 1024, 256 * 1024 * 1024,                   \
      "memory of the scripts of one release")                                                                          \
    X(STEP_TIME, "stepTime", "script-step-time", "DURATION", "50ms", LIMIT_MS, 5, 1000,                                \
      "CPU time of a script between two waits")                                                                        \
    X(TIME_PER_MINUTE, "timePerMinute", "script-time-per-minute", "DURATION", "2s", LIMIT_MS, 100, 60 * 1000,          \
      "CPU time of the scripts of one release in a minute")                                                            \
    X(QUERIES, "queriesPerMinute", "script-queries-per-minute", "NUMBER", "600", LIMIT_NUMBER, 1, 100 * 1000,          \
      "questions to metrics servers, of a release with scripts of a team's own, in a minute")                          \
    X(MESSAGES, "messagesPerMinute", "script-messages-per-minute", "NUMBER", "60", LIMIT_NUMBER, 1, 10 * 1000,         \
      "events, alerts, hooks and fetches that a script orders in a minute")                                            \
    X(LOG_LINES, "logLinesPerMinute", "script-log-lines-per-minute", "NUMBER", "60", LIMIT_NUMBER, 1, 10 * 1000,       \
      "lines of log of the scripts of one release in a minute")

enum limit {
#define LIMIT_ENUM(id, ...) LIMIT_##id,
    LIMITS(LIMIT_ENUM)
#undef LIMIT_ENUM
        LIMIT_COUNT
};

/* Bytes, milliseconds, or a number; 0: nothing is said about it. */
struct limits {
    int64_t of[LIMIT_COUNT];
};

/* What the flags are when nobody sets them. */
struct limits limits_default(void);

/* The highest values that flags take. */
struct limits limits_most(void);

/* A flag's value. False: err says what is wanted. */
bool limits_parse(enum limit limit, const char *text, int64_t *value, struct err *err);

/* What spec.limits of a Strategy or a Check asks for; `given` may be absent. Reasons begin with the field: one that is
 * not known, a value that is none, and one above `most`, with the flag that says so. */
struct limits limits_read(const struct node *given, const struct limits *most, struct str_list *reasons);

/* Becomes the smaller one of both; 0: there is none. */
void limit_lower(int64_t *limit, int64_t other);
/* The same for each of them. */
void limits_lower(struct limits *limits, const struct limits *others);

/* For the record of a Release, a new object of `doc`; and back. What cannot be read counts as not said. */
struct node *limits_write(const struct limits *limits, struct doc *doc);
struct limits limits_of_record(const struct node *record);
