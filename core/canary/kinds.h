/* What a Canary may name: kinds of workloads and meshes. A row here makes the file of its name count: the kind's in
 * workload (workload/workload.h), the mesh's in mesh (mesh/router.h). What has no row is refused. */
#pragma once

#include <stdbool.h>

/* X(row, kind): spec.targetRef.kind of `row`_workload. */
#define CANARY_WORKLOADS(X) X(deployment, "Deployment")
/* X(row, provider): spec.provider, and -mesh-provider, of `row`_router. */
#define CANARY_PROVIDERS(X) X(istio, "istio")
/* Where nothing says another one. */
#define CANARY_PROVIDER "istio"

bool kinds_has_workload(const char *kind);
bool kinds_has_provider(const char *provider);
/* All of them, for people: "Deployment or DaemonSet". */
extern const char *const kinds_workloads, *const kinds_providers;
