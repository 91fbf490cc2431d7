/* What holds a Canary still: the annotation for it (canary/request.h), or spec.suspend. */
#pragma once

#include "base/doc.h"

#define PAUSE_SUSPEND "spec.suspend"

struct pause {
    const char *through; /* PAUSE_ANNOTATION or PAUSE_SUSPEND; NULL: nothing does */
    char *reason;        /* one line; NULL: none is said */
};
/* To be finished in any case. Of both the annotation counts, because it says why. */
void pause_read(struct pause *pause, const struct node *canary);
void pause_fini(struct pause *pause);
