/* Why an object of a Canary differs although it was repaired: which fields differ, and which writer changes them
 * back. The stores keep no managedFields, so the object is read once more before this is told. */
#pragma once

#include "context/context.h"
#include "kube/write.h"

/* The fields that a repair would change ("metadata.labels.team, spec.ports"), as a new string; "" for one that creates.
 * No values: they may be nobody's business. */
char *difference_fields(const struct kube_write *write);

struct difference;
/* `text`: "Service podinfo.test: spec.ports is changed back by another writer (manager helm)". */
typedef void difference_done_fn(void *ctx, const char *text);
/* `write` is the repair that does not last; what it owns is taken. `at_once`: nobody has written the object since
 * the last repair. */
struct difference *difference_start(struct context *context, struct kube_write *write, bool at_once,
                                    difference_done_fn *done, void *ctx);
void difference_cancel(struct difference *difference);
