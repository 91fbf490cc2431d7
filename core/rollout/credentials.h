/* The Secret that an adapter's question has its credentials from, read when it is asked. */
#pragma once

#include "context/context.h"

/* Reads the Secret; `name` is not empty, as a request without a name would list all of them. */
struct kube_call *credentials_read(const struct context *context, const char *namespace, const char *name,
                                   kube_done_fn *done, void *ctx);
/* Sets `secret` of an ask to what the Secret holds, decoded: bytes that are no text count for nothing. */
void credentials_set(struct doc *ask, const struct doc *secret);
