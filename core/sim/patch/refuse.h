/* Words of Go's JSON library that servers pass on. */
#pragma once

#include "base/doc.h"

/* "object", "array", "string", "number", "bool", "null". */
const char *patch_refuse_type(const struct node *n);
/* err_set with a status. */
bool patch_refuse(struct err *err, enum err_code code, int http_status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* 422 without a reason: what a server says when a patch does not fit the object. */
bool patch_refuse_unfit(struct err *err);
/* For strategic merges: a code by the status, 500 for what nobody foresaw. */
bool patch_refuse_strategic(struct err *err, int http_status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* %v of Go, for such texts (mem_free). */
char *patch_refuse_shown(const struct node *n);
