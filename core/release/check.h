/* Checks that an object is a Release as an engine writes it. Releases from the cluster are checked before they are
 * used, by the rules that also hold for scripts: somebody who may write Releases in one namespace must not be able
 * to harm the engine, which works for all namespaces. */
#pragma once

#include "base/doc.h"

enum {
    RELEASE_COUNT_MAX = 1000 * 1000 * 1000, /* claims, writes, and the number in a name */
    /* of claims and writes in a record that is read: more of them must follow */
    RELEASE_WRITES_MAX = RELEASE_COUNT_MAX / 2,
    RELEASE_SOURCES_MAX = 64,
    RELEASE_CHECKSUMS_MAX = 4096,
};

/* False: err names the field, what came and what was wanted. journal_load checks the recorded words and operations,
 * effect/record.h the effects in them. */
bool release_check(const struct node *object, struct err *err);
