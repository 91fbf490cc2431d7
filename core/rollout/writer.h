/* Sends a planned write and lets the store know the answer, so that the next plan sees what it did. */
#pragma once

#include "kube/write.h"
#include "rollout/engine.h"

struct writer;

/* On a conflict the live object is read into the store first, then done comes with CONFLICT: plan again. err->text starts with the write's context. */
typedef void writer_done_fn(void *ctx, const struct err *err);
/* Takes what `write` owns. */
struct writer *writer_start(struct house *house, struct kube_write *write, writer_done_fn *done, void *ctx);
void writer_cancel(struct writer *writer);
