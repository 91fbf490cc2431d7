/* Kubernetes' protobuf, read only: what newer kubectl sends to create a namespace or a ConfigMap. Answers are JSON,
 * which every client takes. */
#pragma once

#include "base/doc.h"

/* The object in a body of type application/vnd.kubernetes.protobuf, which says itself which kind it is of. NULL and
 * err: it is none, or of a kind that is not built in. */
struct doc *protobuf_read(const char *bytes, size_t len, struct err *err);
