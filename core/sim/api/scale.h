/* The scale subresource: a view of a workload with its replicas only. */
#pragma once

struct request;

void scale_get(const struct request *request);
void scale_put(struct request *request);
void scale_patch(struct request *request);
