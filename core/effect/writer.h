/* Sends a planned write and puts the answer into the store, so that the next plan sees its result. */
#pragma once

#include "context/context.h"
#include "kube/write.h"

struct writer;

/* On a conflict the live object is read into the store first, then done comes with CONFLICT: plan again. err->text
 * starts with the write's context. */
typedef void writer_done_fn(void *ctx, const struct err *err);
/* Takes what `write` owns. */
struct writer *writer_start(struct context *context, struct kube_write *write, writer_done_fn *done, void *ctx);
void writer_cancel(struct writer *writer);
