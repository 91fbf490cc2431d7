/* Errors: a code for the program, a text for the person.
 *
 * A function that can fail returns bool and takes `struct err *err` as its last parameter (never NULL). The text names
 * the object, the field, what came and what was wanted; context is added on the way up: `return err_wrap(err,
 * "kubeconfig %s", path);`. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ERR_CODES(X)                                                                                                   \
    X(NONE, "none")                 /* no error */                                                                     \
    X(INVALID, "invalid")           /* input that no retry cures: a bad field, flag, document */                       \
    X(PARSE, "parse")               /* bytes that are not what they claim to be */                                     \
    X(NOT_FOUND, "not-found")       /* HTTP 404, a missing file or key */                                              \
    X(EXISTS, "already-exists")     /* HTTP 409 with reason AlreadyExists */                                           \
    X(CONFLICT, "conflict")         /* HTTP 409: the resourceVersion was not the live one */                           \
    X(GONE, "gone")                 /* HTTP 410: the resourceVersion is too old to watch from */                       \
    X(UNAUTHORIZED, "unauthorized") /* HTTP 401 */                                                                     \
    X(FORBIDDEN, "forbidden")       /* HTTP 403 */                                                                     \
    X(REJECTED, "rejected")         /* any other 4xx: the server understood and refused */                             \
    X(SERVER, "server")             /* 429 and 5xx: worth a retry */                                                   \
    X(TIMEOUT, "timeout")           /* no answer in time */                                                            \
    X(UNREACHABLE, "unreachable")   /* no connection, DNS, connection cut */                                           \
    X(TLS, "tls")                   /* certificate or handshake */                                                     \
    X(TOO_LARGE, "too-large")       /* a ceiling was hit */                                                            \
    X(NO_DATA, "no-data")           /* a query that was answered with nothing */                                       \
    X(IO, "io")                     /* files, processes */                                                             \
    X(LIMIT, "limit")               /* a script broke its bounds */                                                    \
    X(SCRIPT, "script")             /* a script raised */                                                              \
    X(FENCED, "fenced")             /* another engine holds this release now */

enum err_code {
#define ERR_ENUM(name, text) ERR_##name,
    ERR_CODES(ERR_ENUM)
#undef ERR_ENUM
};

struct err {
    enum err_code code;
    int http_status;        /* 0 when no answer came */
    int64_t retry_after_ms; /* what the server asked for, 0: nothing */
    char text[1024];        /* longer texts are cut, never in the middle of a UTF-8 character */
};

/* Always returns false, so that `return err_set(...)` reads well. Clears http_status and retry_after_ms. */
bool err_set(struct err *err, enum err_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "format: " before the text. Always returns false. */
bool err_wrap(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

void err_clear(struct err *err);

/* "not-found" and so on; for logs and metrics. */
const char *err_code_name(enum err_code code);
/* False for an unknown name. */
bool err_code_find(const char *name, enum err_code *code);

/* True for SERVER, TIMEOUT, UNREACHABLE: the same request may work later. */
bool err_is_transient(const struct err *err);
/* True for FORBIDDEN, REJECTED: the server understood a request and will not do it; the same one fails again. */
bool err_is_refusal(const struct err *err);
