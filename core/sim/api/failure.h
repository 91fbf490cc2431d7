/* How requests fail: a Status with its code, its reason and its causes. */
#pragma once

#include "base/doc.h"
#include "base/err.h"
#include "sim/kinds/kinds.h"

struct failure {
    int code; /* 0: nothing failed */
    const char *reason;
    char *message;
    struct doc *details; /* NULL: none */
    const char *next;    /* metadata.continue of an expired list */
};

/* All return false. */
bool fail_with(struct failure *f, int code, const char *reason, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool fail_bad_request(struct failure *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool fail_not_found(struct failure *f, const struct kind *kind, const char *name);
bool fail_conflict(struct failure *f, const struct kind *kind, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
bool fail_exists(struct failure *f, const struct kind *kind, const char *name);
/* What somebody may not do. */
struct forbidden {
    const char *user, *verb;
    const struct kind *kind;
    const char *subresource, *namespace, *name; /* NULL: none */
};
bool fail_forbidden(struct failure *f, const struct forbidden *what);
/* With an empty "details", as the router answers. */
bool fail_plainly(struct failure *f, int code, const char *reason, const char *message);
/* 422 with the causes, an array of {reason, message, field}. */
bool fail_invalid(struct failure *f, const char *group, const char *kind, const char *name, const struct node *causes);
void failure_fini(struct failure *f);
struct doc *failure_status(const struct failure *f);
void failure_to_err(const struct failure *f, struct err *err);

/* Causes of an invalid object: an array at the root of `causes`. */
struct doc *causes_new(void);
size_t causes_count(const struct doc *causes);
void cause_required(struct doc *causes, const char *field, const char *detail);
void cause_invalid(struct doc *causes, const char *field, const struct node *value, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void cause_invalid_str(struct doc *causes, const char *field, const char *value, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void cause_forbidden(struct doc *causes, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void cause_unsupported(struct doc *causes, const char *field, const char *value, const char *supported);
void cause_duplicate(struct doc *causes, const char *field, const char *value);

/* What a patch made is wrong: told as a wrong value of the patch, about no kind in particular. */
bool fail_patched(struct failure *f, const struct node *object, const char *why);
