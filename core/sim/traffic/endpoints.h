/* Services and the Pods behind them: which workloads answer for a Service, and how.
 *
 * Labels are indexed, so that a change of one Pod costs the same with a thousand other applications around it. */
#pragma once

#include "base/str.h"
#include "sim/ground/behaviour.h"
#include "sim/objects/objects.h"

struct endpoints;

struct endpoints *endpoints_new(const struct objects *objects);
void endpoints_free(struct endpoints *endpoints);

/* What is different after a change: Services ("name.namespace") that have other Pods now, and workloads
 * ("namespace/name") that came with their first Ready Pod or went with the last. */
struct endpoints_changes {
    struct str_list services, workloads;
};

/* The Service or Pod as it is now; `object` NULL: it is gone. */
void endpoints_put_service(struct endpoints *endpoints, const char *namespace, const char *name,
                           const struct node *object, struct endpoints_changes *changes);
void endpoints_put_pod(struct endpoints *endpoints, const char *namespace, const char *name, const struct node *object,
                       struct endpoints_changes *changes);

bool endpoints_has_service(const struct endpoints *endpoints, const char *service);
/* Whether any Pod of the workload is Ready. */
bool endpoints_has_workload(const struct endpoints *endpoints, const char *namespace, const char *workload);

/* Ready Pods of one workload, one image and one behaviour behind a Service. Texts are borrowed until the next
 * change. */
struct backend {
    const char *namespace, *workload, *image;
    const struct behaviour_change *change; /* by their annotations */
    double part;                           /* of the Service's ready Pods */
};
typedef void backend_fn(void *ctx, const struct backend *backend);
void endpoints_each(const struct endpoints *endpoints, const char *service, backend_fn *each, void *ctx);
