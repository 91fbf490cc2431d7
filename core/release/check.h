/* Is this object a Release as an engine writes it? What is read from the cluster is checked before it is used, by the same rules as what a script says: whoever may write
 * Releases in one namespace must not be able to do anything to the engine, which works for all of them. */
#pragma once

#include "base/doc.h"

enum {
    RELEASE_COUNT_MAX = 1000 * 1000 * 1000, /* claims, writes, and the number in a name */
    RELEASE_SOURCES_MAX = 64,
    RELEASE_CHECKSUMS_MAX = 4096,
};

/* False: err names the field, what came and what was wanted. The words and operations on record are journal_load's to check, the effects in them
 * effect/record.h's. */
bool release_check(const struct node *object, struct err *err);
